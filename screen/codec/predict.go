package codec

import "image"

// A WAVE may say how its pixels differ from those that are there already, at another
// place: a film's next picture is the last one, moved.
//
// A block's hint: is it predicted? (predicted[0], or [1] if the block before was; at
// first 0x4000 and 0xe000.) If it is, for each of its parts of 64 x 64 pixels, from left
// to right and top to bottom: is its vector that of the part before, at first (0, 0)?
// (same, at first 0xe000.) If not, how much further right it points and then how much
// further down, each as a large number (coefs.go), 1 + |v| with far[0] or far[1], all at
// first 0x8000, and, if v is not 0, a raw bit: 1 if it is negative. After each, the
// vector is limited to ±32768.
//
// A vector counts halves of a pixel, from the new pixel to the old one. Of a half, the
// mean of two pixels is taken, each channel rounded down, first in rows; outside of the
// picture its edge goes on.

// hint tells of a block whether it is predicted, and from where: a vector for each
// part of 64 x 64 pixels, in halves of a pixel, from the new pixels to the old ones.
// some: which bands of its planes have a number that is not zero.
type hint struct {
	predicted bool
	from      [4]image.Point
	some      [3]bandSet
}

const (
	partSide = blockMax / 2
)

// partsOf calls f for the parts of the block r, from left to right and top to bottom.
func partsOf(r image.Rectangle, f func(i int, part image.Rectangle)) {
	n := 0
	for y := r.Min.Y; y < r.Max.Y; y += partSide {
		for x := r.Min.X; x < r.Max.X; x += partSide {
			f(n, image.Rect(x, y, min(x+partSide, r.Max.X), min(y+partSide, r.Max.Y)))
			n++
		}
	}
}

// hints is how likely hints are, and the last one.
type hints struct {
	predicted [2]bin
	same      bin
	far       [2][octaves]bin
	last      hint
}

func (h *hints) reset() {
	h.last = hint{}
	h.predicted[0].set(0x4000)
	h.predicted[1].set(0xe000)
	h.same.set(0xe000)
	for i := range h.far {
		for j := range h.far[i] {
			h.far[i][j].set(0x8000)
		}
	}
}

// write appends the hint for the block r.
func (h *hints) write(out *binWriter, v *hint, r image.Rectangle) {
	out.grow(64)
	out.put(&h.predicted[bit(h.last.predicted)], v.predicted)
	if h.last.predicted = v.predicted; !v.predicted {
		return
	}
	last := &h.last.from[0]
	partsOf(r, func(i int, _ image.Rectangle) {
		same := v.from[i] == *last
		if out.put(&h.same, same); !same {
			h.writeFar(out, 0, v.from[i].X-last.X)
			h.writeFar(out, 1, v.from[i].Y-last.Y)
			*last = v.from[i]
		}
	})
}

// read reads what write has written.
func (h *hints) read(in *binReader, r image.Rectangle) (v hint) {
	v.predicted = in.get(&h.predicted[bit(h.last.predicted)])
	if h.last.predicted = v.predicted; !v.predicted {
		return v
	}
	last := &h.last.from[0]
	partsOf(r, func(i int, _ image.Rectangle) {
		if !in.get(&h.same) {
			last.X = near16(last.X + h.readFar(in, 0))
			last.Y = near16(last.Y + h.readFar(in, 1))
		}
		v.from[i] = *last
	})
	return v
}

// near16 keeps sums of hostile numbers from growing.
func near16(v int) int { return max(min(v, 1<<15), -1<<15) }

func (h *hints) writeFar(out *binWriter, axis, v int) {
	a := v
	if v < 0 {
		a = -v
	}
	writeLarge(out, h.far[axis][:], uint(a)+1)
	if v != 0 {
		out.raw(uint64(bit(v < 0)), 1)
	}
}

func (h *hints) readFar(in *binReader, axis int) int {
	v := int(readLarge(in, h.far[axis][:])) - 1
	if v != 0 && in.raw(1) > 0 {
		return -v
	}
	return v
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// shift sets p's pixels inside r to those of old that are v halves of a pixel further:
// of a half the mean of two, rounded down, first in rows. What is outside of old repeats
// its edge.
func (p *Picture) shift(old *Picture, r image.Rectangle, v image.Point, room *[2][partSide + 1]uint32) {
	x, n := r.Min.X+v.X>>1, r.Dx()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		dst := p.Row(y)[r.Min.X:r.Max.X]
		row := old.span(y+v.Y>>1, x, n+1, &room[0])
		if v.X&1 == 0 {
			copy(dst, row)
		} else {
			for i := range dst {
				dst[i] = mean(row[i], row[i+1])
			}
		}
		if v.Y&1 == 0 {
			continue
		}
		row = old.span(y+v.Y>>1+1, x, n+1, &room[1])
		for i := range dst {
			c := row[i]
			if v.X&1 != 0 {
				c = mean(c, row[i+1])
			}
			dst[i] = mean(dst[i], c)
		}
	}
}

// mean is of two pixels, each channel rounded down.
func mean(a, b uint32) uint32 { return a&b + (a^b)>>1&0x7f7f7f }

// span returns n pixels of row y from x on.
func (p *Picture) span(y, x, n int, room *[partSide + 1]uint32) []uint32 {
	row := p.Row(max(0, min(y, p.H-1)))
	if x >= 0 && x+n <= len(row) {
		return row[x : x+n]
	}
	for i := range n {
		room[i] = row[max(0, min(x+i, len(row)-1))]
	}
	return room[:n]
}
