package codec

import (
	"image"
	"slices"
)

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
