package codec

import (
	"encoding/binary"
	"image"
)

// kind is the low half of an op's first byte.
type kind uint8

const (
	kindNone  kind = 0
	kindCopy  kind = 1
	kindFill  kind = 2
	kindPack  kind = 4
	kindWords kind = 5
	kindExact kind = 6
	kindBits  kind = 8
)

const (
	frameReset = 0x01 // flag of a frame
	opPart     = 0x10 // flag of a tile op

	maxRaw   = 1 << 20 // of a chunk's block, unpacked
	ringSize = 1 << 16 // ids of words and colours; id 0 means a new one
)

// maxArea and maxRawSum bound the work of one frame for a picture of n pixels.
func maxArea(n int) int   { return 4 * n }
func maxRawSum(n int) int { return 16*n + maxRaw }

// op is one parsed operation.
type op struct {
	kind   kind
	box    image.Rectangle // the pixels that it sets
	dx, dy int             // COPY: box gets what is at box + (dx, dy)
	n      int             // PACK: how many colours
	cols   [4]uint32       // FILL, PACK
	size   int             // EXACT, BITS: length of the slice
}

// source returns what a COPY reads.
func (o *op) source() image.Rectangle { return o.box.Add(image.Pt(o.dx, o.dy)) }

// planar says whether the op's pixels are in a slice.
func (k kind) planar() bool { return k == kindExact || k == kindBits }

// appendPlace appends an op's first byte and where it is: skip tiles after the
// end of the op before, n tiles long, of whose pixels it sets box.
func (g grid) appendPlace(dst []byte, k kind, skip, first, n int, box image.Rectangle) []byte {
	full := g.run(first, n)
	b := byte(k)
	if box != full {
		b |= opPart
	}
	dst = binary.AppendUvarint(append(dst, b), uint64(skip))
	dst = binary.AppendUvarint(dst, uint64(n-1))
	if box != full {
		dst = append(dst, byte(box.Min.X-full.Min.X), byte(box.Min.Y-full.Min.Y), byte(full.Max.X-box.Max.X), byte(full.Max.Y-box.Max.Y))
	}
	return dst
}

func appendColour(dst []byte, c uint32) []byte {
	return append(dst, byte(c), byte(c>>8), byte(c>>16))
}

func getColour(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
}

func appendCopy(dst []byte, o op) []byte {
	dst = append(dst, byte(kindCopy))
	for _, v := range [...]int{o.box.Min.X, o.box.Min.Y, o.box.Dx(), o.box.Dy(), o.dx, o.dy} {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(v))
	}
	return dst
}

// reader cuts numbers out of bytes. After the first thing that is not there, it
// is bad and returns zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) u8() int {
	if b := r.bytes(1); b != nil {
		return int(b[0])
	}
	return 0
}

func (r *reader) u16() int {
	if b := r.bytes(2); b != nil {
		return int(binary.LittleEndian.Uint16(b))
	}
	return 0
}

func (r *reader) colour() uint32 {
	if b := r.bytes(3); b != nil {
		return getColour(b)
	}
	return 0
}

// uvarint returns a number of at most limit.
func (r *reader) uvarint(limit int) int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > uint64(limit) {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

// ops parses the operations of a chunk into dst. first says whether COPY may
// still come. It returns what they need of the block's other streams: bytes of
// PACK indices, ids of WORDS, bytes of slices; and the sum of their areas.
func (g grid) ops(dst []op, b []byte) (ops []op, need needs, err error) {
	r := reader{b: b}
	at := 0 // the first tile after the last op
	for len(r.b) > 0 {
		o := op{}
		head := r.u8()
		o.kind = kind(head & 0x0f)
		if o.kind == kindCopy {
			if head != int(kindCopy) || at > 0 {
				return dst, need, badFrame("misplaced copy 0x%02x", head)
			}
			g.readCopy(&r, &o)
		} else if at, err = g.readTiles(&r, &o, head, at); err != nil {
			return dst, need, err
		}
		if r.bad {
			return dst, need, badFrame("op 0x%02x is cut off or outside the picture", head)
		}
		need.add(o)
		dst = append(dst, o)
	}
	return dst, need, nil
}

// needs are the lengths of what follows from a chunk's ops.
type needs struct{ pack, ids, slices, area int }

func (n *needs) add(o op) {
	n.area += area(o.box)
	n.slices += o.size
	switch bands := (o.box.Dy() + bandRows - 1) / bandRows; o.kind {
	case kindPack:
		n.pack += o.box.Dx() * bands * packBytes(o.n)
	case kindWords:
		n.ids += o.box.Dx() * bands
	}
}

// packBytes is what a column of 8 pixels takes with n colours.
func packBytes(n int) int {
	if n <= 2 {
		return 1
	}
	return 2
}

func (g grid) readCopy(r *reader, o *op) {
	x, y, w, h := r.u16(), r.u16(), r.u16(), r.u16()
	o.dx, o.dy = int(int16(r.u16())), int(int16(r.u16()))
	o.box = image.Rect(x, y, x+w, y+h)
	whole := image.Rect(0, 0, g.w, g.h)
	if o.box.Empty() || !o.box.In(whole) || !o.box.Add(image.Pt(o.dx, o.dy)).In(whole) {
		r.bad = true
	}
}

// readTiles parses what follows the first byte of a tile op, the one before
// which has ended at tile at, and returns the tile after it.
func (g grid) readTiles(r *reader, o *op, head, at int) (int, error) {
	if head&^(opPart|0x0f) != 0 {
		return 0, badFrame("unknown op 0x%02x", head)
	}
	tiles := g.cols * g.rows
	first := at + r.uvarint(tiles)
	n := r.uvarint(g.cols) + 1
	if r.bad || first >= tiles || first%g.cols+n > g.cols {
		r.bad = true
		return 0, nil
	}
	o.box = g.run(first, n)
	if head&opPart != 0 {
		x0, y0, x1, y1 := r.u8(), r.u8(), r.u8(), r.u8()
		o.box = image.Rectangle{o.box.Min.Add(image.Pt(x0, y0)), o.box.Max.Sub(image.Pt(x1, y1))} // Rect would swap the sides of a negative one
		if o.box.Empty() || x0 >= tileSide || x1 >= tileSide {
			r.bad = true
		}
	}
	return first + n, g.readRest(r, o)
}

func (g grid) readRest(r *reader, o *op) error {
	switch o.kind {
	case kindFill:
		o.cols[0] = r.colour()
	case kindPack:
		o.n = r.u8()
		if o.n < 2 || o.n > 4 {
			return badFrame("pack of %d colours", o.n)
		}
		for i := range o.n {
			o.cols[i] = r.colour()
		}
	case kindExact, kindBits:
		o.size = r.uvarint(maxSlice(o.box))
	case kindWords:
	default:
		return badFrame("unknown op %d", o.kind)
	}
	if (o.kind == kindPack || o.kind == kindWords) && o.box != g.align(o.box) {
		r.bad = true
	}
	return nil
}

// maxSlice is more than a slice of any content takes.
func maxSlice(box image.Rectangle) int { return 8*(box.Dx()+groupLen)*box.Dy() + 64 }
