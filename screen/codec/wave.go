package codec

import (
	"image"
	"slices"
)

// WAVE: a picture coarsely, by the 5/3 wavelet of JPEG 2000, quantised by shifts.
//
// The box is cut into blocks of 128 x 128 pixels from its upper left corner, from
// left to right and top to bottom; the last ones may be smaller. A block of h rows is
// split L times: 5 times if h > 64, 4 if h > 32, else 3. Its height is made 4 << L and
// its width a multiple of 1 << L by pixels that are of no account. It has three
// planes: brightness Y and the colours Co and Cg, these of half the width and height
// and split L - 1 times.
//
// Split number l of a plane, at first 0, works on the coefficients at multiples of
// 1 << l in both directions, rows first, then columns. For a line a0 a1 a2 … of them,
// all divisions rounding down and the line mirrored at its ends (a[-1] is a1, a[n] is
// a[n-2], n being even):
//
//	odd:  a1 -= (a0 + a2) / 2         then even:  a2 += (a1 + a3 + 2) / 4
//
// The slice names a quality (uint8, 0 … 27; see qualities), then come bits as in
// EXACT. Of each block, Y, Co, Cg; of each plane the band that is left, then from the
// last split to the first those that were odd in rows, in columns, in both; of each
// band its rows. A coefficient v is sent as z: 0, or 2 q - 1 if it is negative, else 2 q,
// where q = |v| >> shift; it is read as (q << shift) + (3 << shift) / 8 with v's sign. The
// shift is the logarithm of step / norm, rounded, at least 0: norms has the
// second; the first is that of the quality, half of it for the band that is left; for
// colours 4 times that and the norm of the split after, as their planes are half as large.
//
// z is coded as a residual of EXACT, with s = 2 left + 2 up + upper right in its band;
// outside of the band is 0. Contexts from 11 on are one; the escape is 12 zeros and
// 12 bits, which are at most 4094; what moves the mean is at most 255. Brightness and
// colours have contexts and R of their own for each split, all new in each slice.
//
// A pixel is t = Y + 128 - Cg / 2, green = t + Cg, blue = t - Co / 2, red = blue + Co, each
// limited to 0 … 255. The colours of four pixels are a mean in their middle: first
// between rows, then columns, (3 a + b + 2) / 4 of the nearer a and the other b; at the
// edges of the padded block b is a.

// wave has the room to code one WAVE slice.
type wave struct {
	block  block
	band   bandRoom
	around []byte
	rice   [2][5]rice
	in     []byte
}

func (w *wave) start() {
	for i := range w.rice {
		for j := range w.rice[i] {
			w.rice[i][j].reset()
		}
	}
	if w.around == nil {
		w.around = make([]byte, 2*blockMax)
	}
}

// transform fills coefs, of paddedWords(box), with the coefficients of p's pixels.
func (w *wave) transform(coefs []uint64, p *Picture, box image.Rectangle) {
	blocksOf(box, func(r image.Rectangle) {
		coefs = w.block.shape(r.Dx(), r.Dy(), coefs)
		w.block.load(p, r)
		for _, s := range w.block.planes() {
			s.forward()
		}
	})
}

func (b *block) planes() [3]*strips { return [3]*strips{&b.y, &b.co, &b.cg} }

// append appends a slice.
func (w *wave) append(dst []byte, coefs []uint64, box image.Rectangle, q int) []byte {
	w.start()
	out := bitWriter{b: append(dst, byte(q)), n: len(dst) + 1}
	blocksOf(box, func(r image.Rectangle) {
		coefs = w.block.shape(r.Dx(), r.Dy(), coefs)
		for i, s := range w.block.planes() {
			for j := range 1 + 3*s.levels {
				b := bandAt(s.levels, j)
				w.band.quantise(s, b, b.shift(q, i > 0))
				w.band.write(&out, &w.rice[min(i, 1)][b.level], w.around)
			}
		}
	})
	return out.finish()
}

// read sets p's pixels inside box from the slice b.
func (w *wave) read(b []byte, p *Picture, box image.Rectangle) error {
	if len(b) == 0 || int(b[0]) >= len(qualities) {
		return badFrame("wave slice without a quality")
	}
	q, b := int(b[0]), b[1:]
	w.start()
	pad := coefRowBytes(blockMax) + 8
	w.in = append(slices.Grow(w.in[:0], len(b)+pad), b...)
	w.in = w.in[:len(b)+pad]
	clear(w.in[len(b):])
	in := bitReader{b: w.in, end: len(b)}
	ok := true
	blocksOf(box, func(r image.Rectangle) {
		if ok = ok && w.readBlock(&in, q, r.Dx(), r.Dy()); ok {
			w.block.store(p, r)
		}
	})
	if left := 8*len(b) - in.at(); !ok || left < 0 || left > 7 {
		return badFrame("wave slice of %d bytes does not end with its last block", len(b))
	}
	return nil
}

// readBlock reads the planes of a block of w x h pixels.
func (w *wave) readBlock(in *bitReader, q, width, height int) bool {
	w.block.shape(width, height, w.block.room[:])
	for i, s := range w.block.planes() {
		for j := range 1 + 3*s.levels {
			b := bandAt(s.levels, j)
			rows, cols := b.size(s)
			w.band.shape(4*rows, cols)
			if !w.band.read(in, &w.rice[min(i, 1)][b.level], w.around) {
				return false
			}
			w.band.restore(s, b, b.shift(q, i > 0))
		}
		s.inverse()
	}
	return true
}
