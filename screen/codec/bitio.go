package codec

import (
	"encoding/binary"
	"slices"
)

// bitWriter appends bits, the first one lowest. b has room, see grow.
type bitWriter struct {
	b   []byte
	n   int    // bytes of b that are done
	acc uint64 // bits that are not, fewer than 8 between calls of put
	len uint
}

func (w *bitWriter) grow(n int) {
	w.b = slices.Grow(w.b[:w.n], n)
	w.b = w.b[:cap(w.b)]
}

// put appends n ≤ 56 bits.
func (w *bitWriter) put(v uint64, n uint) {
	w.acc |= v << (w.len & 63)
	w.len += n
	binary.LittleEndian.PutUint64(w.b[w.n:], w.acc)
	w.n += int(w.len >> 3)
	w.acc >>= w.len & 56
	w.len &= 7
}

// finish returns the bytes, the last one filled up with zeros.
func (w *bitWriter) finish() []byte {
	if w.len > 0 {
		w.grow(1)
		w.b[w.n] = byte(w.acc)
		w.n++
	}
	return w.b[:w.n]
}

// bitReader reads what bitWriter has written. b is followed by so many zeros
// that a row can be read without looking where the bits end.
type bitReader struct {
	b   []byte
	n   int // bytes taken into acc, apart from the last few bits
	acc uint64
	len uint
}

// fill makes sure that acc has at least 56 bits.
func (r *bitReader) fill() {
	r.acc |= binary.LittleEndian.Uint64(r.b[r.n:]) << (r.len & 63)
	r.n += int((63 - r.len) >> 3)
	r.len |= 56
}

func (r *bitReader) skip(n uint) {
	r.acc >>= n & 63
	r.len -= n
}

// at returns how many bits have been used.
func (r *bitReader) at() int { return 8*r.n - int(r.len) }
