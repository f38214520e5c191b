package codec

import (
	"image"
	"runtime"

	"github.com/pierrec/lz4/v4"
)

// Decoder turns frames into the viewer's picture. It is used by one goroutine at
// a time.
type Decoder struct {
	grid    grid
	pic     *Picture
	next    *Picture // of the frame so far: what WAVEs say, inside late
	late    []image.Rectangle
	words   wordDecoder
	cache   cache
	ops     []op
	past    past
	other   recolouring
	dirty   []image.Rectangle
	workers []coder
	jobs    []sliceJob
	crew    *crew[Decoder]
}

type sliceJob struct {
	op  *op
	b   []byte
	err error
}

// NewDecoder returns a Decoder that must be Reset before it is used.
func NewDecoder() *Decoder {
	workers := min(runtime.GOMAXPROCS(0), maxWorkers)
	d := &Decoder{workers: make([]coder, workers)}
	d.crew = newCrew(d, workers)
	return d
}

// Reset starts anew with a black picture of w x h pixels: at most 16384 a side
// and 16 Mi in all.
func (d *Decoder) Reset(w, h int) error {
	if err := checkSize(w, h); err != nil {
		return err
	}
	d.grid, d.pic, d.next = newGrid(w, h), NewPicture(w, h), nil
	d.forget()
	return nil
}

// Picture returns what the frames so far have drawn. Decode changes it.
func (d *Decoder) Picture() *Picture { return d.pic }

// Decode applies one frame and returns what it has drawn over, valid until the
// next call. After an error the Decoder must be Reset; the picture may be half
// drawn.
func (d *Decoder) Decode(frame []byte) (dirty []image.Rectangle, err error) {
	d.dirty, d.late = d.dirty[:0], d.late[:0]
	if d.pic == nil {
		return nil, badFrame("no picture to draw on")
	}
	r := reader{b: frame}
	switch flags := r.u8(); {
	case r.bad || flags&^(frameReset|frameForget) != 0:
		return nil, badFrame("flags 0x%02x", flags)
	case flags&frameReset != 0:
		clear(d.pic.Pix)
		d.dirty = append(d.dirty, d.pic.Bounds())
		d.forget()
	case flags&frameForget != 0:
		d.forget()
	}
	left := d.grid.budget()
	for len(r.b) > 0 {
		if err := d.chunk(&r, &left); err != nil {
			return nil, err
		}
	}
	for i := range d.late { // WAVEs of a chunk read what the frame began with
		d.showLate(0, i)
	}
	return d.dirty, nil
}

// touch adds r to what has been drawn over. Pieces that lie together become one,
// with an eighth of unchanged pixels at most: showing many small ones costs more.
func (d *Decoder) touch(r image.Rectangle) {
	for i := len(d.dirty) - 1; i >= max(0, len(d.dirty)-8); i-- {
		if both := d.dirty[i].Union(r); 8*area(both) <= 9*(area(d.dirty[i])+area(r)) {
			d.dirty[i] = both
			return
		}
	}
	d.dirty = append(d.dirty, r)
}

// forget forgets everything but the picture.
func (d *Decoder) forget() {
	d.words.reset()
	d.cache.reset()
	d.other.cut(0)
	d.past.reset()
}

// chunk reads and applies one chunk. Everything is checked before the first pixel
// is drawn, except ids and what is inside of slices.
func (d *Decoder) chunk(r *reader, left *budget) error {
	raw, err := d.unpackBlock(r, left)
	if err != nil {
		return err
	}
	in := reader{b: raw}
	ops := in.bytes(in.uvarint(len(raw)))
	if in.bad || len(ops) == 0 {
		return badFrame("no ops in a block of %d bytes", len(raw))
	}
	var need needs
	if d.ops, need, err = d.grid.ops(d.ops[:0], ops, left.ops); err != nil {
		return err
	}
	left.ops -= len(d.ops)
	left.area -= need.area
	left.sliced -= need.sliced
	if left.area < 0 || left.sliced < 0 {
		return badFrame("more area than six pictures, or in slices than one")
	}
	slices, pack := r.bytes(need.slices), in.bytes(need.pack)
	if r.bad || in.bad {
		return badFrame("slices of %d and indices of %d bytes are cut off", need.slices, need.pack)
	}
	if err := d.words.split(in.b, need.ids); err != nil {
		return err
	}
	return d.apply(pack, slices)
}

// unpackBlock returns a chunk's block, valid until the next call.
func (d *Decoder) unpackBlock(r *reader, left *budget) ([]byte, error) {
	n := r.uvarint(maxRaw)
	packed := r.uvarint(maxRaw)
	if left.raw -= n; left.raw < 0 {
		return nil, badFrame("more bytes than a picture of this size needs")
	}
	b := r.bytes(packed)
	if packed == 0 {
		b = r.bytes(n)
	}
	// LZ4 makes at most 255 bytes out of one: a lie about n costs its sender bytes.
	// An empty block is never packed; pierrec/lz4 v4.1.33 fails on an empty dst.
	if r.bad || packed > 0 && (n == 0 || n > 255*packed) {
		return nil, badFrame("block of %d bytes is cut off or too short for %d", len(b), n)
	}
	at := d.past.grow(n)
	raw := d.past.b[at:]
	if packed == 0 {
		copy(raw, b)
		return raw, nil
	}
	if m, err := lz4.UncompressBlockWithDict(b, raw, d.past.before(at)); err != nil || m != n {
		return nil, badFrame("block of %d bytes does not unpack to %d", packed, n)
	}
	return raw, nil
}

// apply draws d.ops. The tiles of a chunk do not overlap, since ops go from left
// to right and top to bottom, so slices may be drawn at once.
func (d *Decoder) apply(pack, slices []byte) error {
	d.jobs = d.jobs[:0]
	for i := range d.ops {
		o := &d.ops[i]
		if o.kind != kindKeep {
			d.touch(o.box)
		}
		switch o.kind {
		case kindWave:
			d.wave(o.box)
		case kindCopy:
			d.pic.move(o.box, o.dx, o.dy)
		case kindFill:
			d.pic.fill(o.box, o.cols[0])
		case kindCache, kindKeep:
			if err := d.useCache(o); err != nil {
				return err
			}
		case kindRecolour:
			if err := d.other.draw(d.pic, o.box, o.recolour); err != nil {
				return err
			}
		case kindPack:
			pack = unpack(pack, d.pic, o.box, o.n, &o.cols)
		case kindWords:
			if err := d.words.decode(d.pic, o.box); err != nil {
				return err
			}
		}
		if o.kind.planar() {
			d.jobs = append(d.jobs, sliceJob{op: o, b: slices[:o.size]})
			slices = slices[o.size:]
		}
	}
	return d.drawSlices()
}

// useCache carries out a CACHE or KEEP.
func (d *Decoder) useCache(o *op) error {
	if o.kind == kindCache && o.slot+o.n > len(d.cache.slots) {
		return badFrame("slots %d to %d of %d", o.slot, o.slot+o.n-1, len(d.cache.slots))
	}
	x := o.box.Min.X &^ (tileSide - 1)
	for i := range o.n {
		r := image.Rect(x+i*tileSide, o.box.Min.Y, x+(i+1)*tileSide, o.box.Max.Y).Intersect(o.box)
		if o.kind == kindKeep {
			d.cache.keep(d.pic, r)
		} else {
			d.cache.draw(d.pic, r, o.slot+i)
		}
	}
	return nil
}

func (d *Decoder) drawSlices() error {
	d.crew.each(len(d.workers), len(d.jobs), (*Decoder).drawSlice)
	for i := range d.jobs {
		if err := d.jobs[i].err; err != nil {
			return err
		}
	}
	return nil
}

func (d *Decoder) drawSlice(worker, i int) {
	j := &d.jobs[i]
	j.err = d.workers[worker].read(j.b, j.op.kind, d.pic, d.next, j.op.box)
}

// wave notes that a WAVE sets the pixels inside box. They appear at the frame's end.
func (d *Decoder) wave(box image.Rectangle) {
	if d.next == nil {
		d.next = NewPicture(d.grid.w, d.grid.h)
	}
	d.late = append(d.late, box)
}

func (d *Decoder) showLate(_, i int) { copyPixels(d.pic, d.next, d.late[i]) }

// fill sets the pixels inside r to c.
func (p *Picture) fill(r image.Rectangle, c uint32) {
	first := p.Row(r.Min.Y)[r.Min.X:r.Max.X]
	for i := range first {
		first[i] = c
	}
	for y := r.Min.Y + 1; y < r.Max.Y; y++ {
		copy(p.Row(y)[r.Min.X:r.Max.X], first)
	}
}

// move sets the pixels inside r to those inside r + (dx, dy). The two may
// overlap.
func (p *Picture) move(r image.Rectangle, dx, dy int) {
	for i := range r.Dy() {
		y := r.Min.Y + i
		if dy < 0 {
			y = r.Max.Y - 1 - i // from below, so that no row is overwritten before it is read
		}
		copy(p.Row(y)[r.Min.X:r.Max.X], p.Row(y + dy)[r.Min.X+dx:])
	}
}
