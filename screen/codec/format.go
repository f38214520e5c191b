package codec

// The bytes of a frame. This comment is the definition; testdata has a frame of
// each kind. All numbers are little-endian; uvarint is that of encoding/binary
// (7 bits a byte, low ones first, the top bit says that more follow). A pixel is
// 24 bits, red << 16 | green << 8 | blue; a colour is its three bytes, blue first.
//
//	frame  = flags uint8, chunk …                    up to the frame's end
//	chunk  = rawLen uvarint, packedLen uvarint, block, slices
//	block  = packedLen bytes that LZ4 (block format) unpacks to exactly rawLen bytes,
//	         or, if packedLen is 0, rawLen bytes as they are; rawLen ≤ 1 MiB.
//	         LZ4's matches may reach back into the unpacked blocks before, of this
//	         frame and others, up to its 65535 bytes
//	unpacked: opsLen uvarint, ops, indices, ids, fresh, colours
//	          these five streams have no lengths of their own: ops says how many
//	          bytes of indices and ids there are, the ids how many fresh words, those
//	          how many colours. Nothing may be left over.
//
// Flag 0x01 resets: the picture becomes black; rings, cache and shades become empty,
// and no block is before. Flag 0x02 does the same, but the picture stays. The other
// flags are 0.
//
// The picture is divided into tiles of 64 x 64 pixels, numbered from left to right
// and top to bottom; those at the right and lower edge are cut. The ops of a chunk
// are carried out one after another; COPY comes before all others.
//
//	copy   = 0x01, x y w h uint16, dx dy int16
//	         the pixels of the rectangle become what is dx to the right and dy
//	         further down (both rectangles within the picture; they may overlap)
//	op     = kind | 0x10 if there is a part, skip uvarint, run-1 uvarint,
//	         [part: left, top, right, bottom uint8], what the kind calls for
//
// A WAVE whose first byte also has 0x20 is tall: its run begins in an even row of
// tiles and has the tiles below, too. A chunk with a WAVE has no other ops, and all
// of them are tall or none is.
//
// skip counts the tiles between the last one of the op before (at first: tile -1)
// and the first one of this op; run is how many tiles it has, all in one row. So
// the tiles of a chunk do not overlap, and slices may be decoded at the same time.
// The op sets the pixels of its tiles, or of the box that is left when the part's
// four numbers have been taken off the four sides (left and right below 64).
//
//	FILL  2  colour                 all pixels of the box
//	CACHE 3  slot uint16            run tiles from consecutive slots of the cache
//	PACK  4  n uint8, n colours     n 2 … 4; see below
//	WORDS 5  -                      see below
//	EXACT 6  size uvarint           a slice of size bytes; see exact.go
//	WAVE  7  size uvarint           a slice of size bytes; see wave.go
//	BITS  8  size uvarint           a slice of size bytes; see bits.go
//	KEEP  9  -                      run tiles of the picture go into the cache
//	RECOLOUR 10  2 n + anew uvarint, n uint8, colours, size uvarint, size bytes
//	                                see below
//	FIT   11 size uvarint           a slice of size bytes; see fit.go
//
// The box of PACK and WORDS begins at a row that is a multiple of 8 and ends at
// one, or at the picture's lower edge. It is read in bands of 8 rows from top to
// bottom, and a band from left to right in columns of 8 pixels.
//
// PACK: a column is 8 indices of the n colours, the top one in the lowest bits: 1
// byte for 2 colours (1 bit each), 2 bytes for more (2 bits each; an index of n or
// more is black). Below the picture's edge they are of no account.
//
// WORDS: a column is one id, uint16. The words have a ring of 65535 slots, 1 to
// 65535; id 0 is a new word: it stands in fresh, goes into the slot after the last
// new one (at first 1, after 65535 comes 1) and is the column. Any other id is the
// word in that slot, which must have been filled. In fresh, a word is 8 colour
// ids, uint16, from top to bottom, of a ring of colours that works the same way;
// the new colours stand in colours. Below the picture's edge words are black.
//
// RECOLOUR: at most 4096 colours, none at first, have 1 to 4 shades each; anew, 0 or
// 1, says to forget those so far. The box's pixels are looked at as the picture has
// them, tile after tile from left to right, each in its rows from the top. A colour
// that has no shades yet takes the next ones: their number is the next of the n, and
// they are as many of the colours. A pixel becomes the only shade of its colour, or
// that which the size bytes choose, at most 4 bytes for each pixel of the box. Nothing
// may be left over.
//
// They are an arithmetic code. low is 0 and high 1<<32 - 1 at first, and code the first
// four bytes, the first one highest; after the last byte come zeros. A colour has three
// chances, each 2048 when it gets its shades. Of n shades, the first is asked for, then
// the next, until one is it or only the last one is left. To ask for the i'th: m = low +
// (high-low)>>12 * chance i. If code ≤ m it is: high becomes m, the chance grows by
// (4096-chance)>>4; if not, low becomes m + 1, the chance falls by chance>>4. Then,
// while low and high have the same highest byte, all three are shifted left by 8, high
// gets 255 and code the next byte. size is one more than the bytes that are shifted out
// in all, and 0 if nothing is chosen.
//
// KEEP and CACHE: the cache has 4096 slots, 0 to 4095, each for the 64 x 64 pixels
// of a tile. KEEP puts its tiles, as the viewer's picture has them at that moment, into
// the slots after the last one filled (at first 0, after 4095 comes 0); what a cut tile
// lacks is black. CACHE sets its tiles to what is in its slot and those after it, which
// must have been filled; it ends at slot 4095. If it has a part, or a tile is cut, the
// rest of the slots' pixels is left out. KEEP has no part.
//
// Slices follow the block in the order of their ops. The bytes of a picture's
// planes and what is predicted are in planes.go.
//
// Limits, for a picture of n pixels: the areas of a frame's ops (of a WAVE, those of
// its padded blocks) add up to at most 6 n, those of EXACT, BITS and FIT to at most n,
// its rawLens to at most 16 n + 1 MiB; it has at most 16 ops for each tile of the
// picture. A slice has at most 8 (w + 16) h + 64 bytes, of a WAVE 8 for each padded
// pixel. Whatever is outside of these rules ends the stream.

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
	kindCache kind = 3
	kindPack  kind = 4
	kindWords kind = 5
	kindExact kind = 6
	kindWave  kind = 7
	kindBits  kind = 8
	kindKeep  kind = 9

	kindRecolour kind = 10
	kindFit      kind = 11
)

const (
	frameReset  = 0x01 // flags of a frame
	frameForget = 0x02
	opPart      = 0x10 // flag of a tile op
	opTall      = 0x20 // flag of a WAVE

	maxRaw   = 1 << 20 // of a chunk's block, unpacked
	ringSize = 1 << 16 // ids of words and colours; id 0 means a new one
	cacheLen = 4096    // tiles: 64 MiB, eight screens of 1920 x 1080 or two of 3840 x 2160
)

// budget is what a frame may still ask for: pixels to be set, those of them that are
// in slices of EXACT, BITS and FIT, bytes of unpacked blocks, and ops.
type budget struct{ area, sliced, raw, ops int }

// budget bounds the work of one frame. An encoder keeps as many tiles as there are,
// copies and pads pixels twice over, and says each tile once; no COPY of its sets less
// than four blocks of 16 x 16 right.
func (g grid) budget() budget {
	n := g.w * g.h
	return budget{area: 6 * n, sliced: n, raw: 16*n + maxRaw, ops: 16 * g.cols * g.rows}
}

// op is one parsed operation.
type op struct {
	kind   kind
	box    image.Rectangle // the pixels that it sets
	dx, dy int             // COPY: box gets what is at box + (dx, dy)
	n      int             // PACK: how many colours; CACHE, KEEP: how many tiles; COPY: changed blocks, to the encoder
	slot   int             // CACHE: of the first tile
	cols   [4]uint32       // FILL, PACK
	size   int             // EXACT, FIT, BITS, WAVE: length of the slice
	tall   bool            // WAVE

	recolour recolourOp
}

// source returns what a COPY reads.
func (o *op) source() image.Rectangle { return o.box.Add(image.Pt(o.dx, o.dy)) }

// planar says whether the op's pixels are in a slice.
func (k kind) planar() bool {
	return k == kindExact || k == kindFit || k == kindBits || k == kindWave
}

// appendPlace appends an op's first byte and where it is: skip tiles after the
// end of the op before, n tiles long, of whose pixels it sets box.
func (g grid) appendPlace(dst []byte, k kind, skip, first, n int, box image.Rectangle) []byte {
	return appendRun(dst, byte(k), skip, n, g.run(first, n), box)
}

// appendRun is appendPlace for an op whose tiles are full.
func appendRun(dst []byte, b byte, skip, n int, full, box image.Rectangle) []byte {
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

// ops parses the operations of a chunk, at most that many, into dst. It returns them
// and what they need.
func (g grid) ops(dst []op, b []byte, most int) (ops []op, need needs, err error) {
	r := reader{b: b}
	at := 0 // the first tile after the last op
	for len(r.b) > 0 {
		if len(dst) == most {
			return dst, need, badFrame("more ops than sixteen a tile")
		}
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
		if len(dst) > 0 && (o.kind == kindWave || dst[0].kind == kindWave) && (o.kind != dst[0].kind || o.tall != dst[0].tall) {
			return dst, need, badFrame("op 0x%02x beside others", head)
		}
		need.add(o)
		dst = append(dst, o)
	}
	return dst, need, nil
}

// needs is what follows from a chunk's ops: bytes of indices, ids, bytes of
// slices, the sum of the areas, and of those of EXACT, BITS and FIT.
type needs struct{ pack, ids, slices, area, sliced int }

func (n *needs) add(o op) {
	n.slices += o.size
	if o.kind == kindWave {
		n.area += paddedArea(o.box)
		return
	}
	n.area += area(o.box)
	if o.kind.planar() {
		n.sliced += area(o.box)
	}
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
	if o.tall = head&opTall != 0; head&^(opPart|opTall|0x0f) != 0 || o.tall && o.kind != kindWave {
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
	if o.tall {
		if row := first / g.cols; row%2 != 0 || row+1 >= g.rows {
			r.bad = true
			return 0, nil
		}
		o.box = g.tall(first, n)
	}
	if head&opPart != 0 {
		x0, y0, x1, y1 := r.u8(), r.u8(), r.u8(), r.u8()
		o.box = image.Rectangle{o.box.Min.Add(image.Pt(x0, y0)), o.box.Max.Sub(image.Pt(x1, y1))} // Rect would swap the sides of a negative one
		if o.box.Empty() || x0 >= tileSide || x1 >= tileSide || o.kind == kindKeep {
			r.bad = true
		}
	}
	if o.kind == kindCache || o.kind == kindKeep {
		o.n = n
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
	case kindCache:
		o.slot = r.u16()
		r.bad = r.bad || o.slot+o.n > cacheLen
	case kindExact, kindFit, kindBits:
		o.size = r.uvarint(maxSlice(o.box))
	case kindWave:
		o.size = r.uvarint(8 * paddedArea(o.box))
	case kindRecolour:
		o.recolour.parse(r, area(o.box))
	case kindWords, kindKeep:
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
