package codec

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// An adaptive binary arithmetic coder: G. N. N. Martin's range coder (1979) with 64
// bits, which takes four bytes at a time, so that it does so once in 32 bits.
//
// code is at first the first eight bytes, the first one highest, and span 1<<64 - 1; after
// the last byte come zeros. Each question has a chance: two numbers, soon and late,
// both at first what is said where the question is. part = (span >> 17) * (soon + late).
// If code < part, the answer is yes: span becomes part, soon grows by (65535 - soon) >> 5
// and late by (65535 - late) >> 7. If not, part is taken off code and span, and soon and
// late shrink by soon >> 5 and late >> 7. n raw bits are v = code / s, where s = span >> n,
// at most all ones: code loses v * s, and span becomes s. After each, if span < 1<<32,
// span and code are shifted left by 32 and code gets the next four bytes. At the end, all
// bytes have been taken, and at most eight zeros.

// bin is how often a bit was one, of 1 << 16, as the last dozen of bits tell and as the
// last hundred do; what is in the middle is taken.
type bin struct{ soon, late uint16 }

func (b *bin) set(p uint16) { b.soon, b.late = p, p }

func (b *bin) one() {
	b.soon += (0xffff - b.soon) >> soonShift
	b.late += (0xffff - b.late) >> lateShift
}

func (b *bin) zero() {
	b.soon -= b.soon >> soonShift
	b.late -= b.late >> lateShift
}

const (
	soonShift = 5
	lateShift = 7
)

// binWriter appends bits to b, which has room, see grow.
type binWriter struct {
	b         []byte
	n         int // bytes of b that are done
	low, span uint64
}

func (w *binWriter) start(b []byte) { w.b, w.n, w.low, w.span = b, len(b), 0, 1<<64-1 }

// grow makes room for some 8 n bits.
func (w *binWriter) grow(n int) {
	w.b = slices.Grow(w.b[:w.n], n+16)
	w.b = w.b[:cap(w.b)]
}

func (w *binWriter) put(p *bin, one bool) {
	part := w.span >> 17 * (uint64(p.soon) + uint64(p.late))
	if one {
		w.span = part
		p.one()
	} else {
		w.add(part)
		w.span -= part
		p.zero()
	}
	if w.span < 1<<32 {
		w.shift()
	}
}

// raw appends n bits, at most 16, of which nothing is known.
func (w *binWriter) raw(v uint64, n uint) {
	w.span >>= n & 31
	w.add(w.span * v)
	if w.span < 1<<32 {
		w.shift()
	}
}

func (w *binWriter) add(v uint64) {
	low, carry := bits.Add64(w.low, v, 0)
	if w.low = low; carry > 0 {
		for i := w.n - 1; ; i-- { // it ends within what is written: the sum of all spans is below one
			if w.b[i]++; w.b[i] != 0 {
				break
			}
		}
	}
}

func (w *binWriter) shift() {
	binary.BigEndian.PutUint32(w.b[w.n:], uint32(w.low>>32))
	w.n += 4
	w.low <<= 32
	w.span <<= 32
}

// finish returns the bytes: the shortest number that lies within what is left.
func (w *binWriter) finish() []byte {
	w.grow(8)
	for n := uint(0); n <= 64; n += 8 {
		mask := uint64(1)<<(64-n) - 1
		up, carry := bits.Add64(w.low, mask, 0)
		if up &^= mask; n == 64 || carry == 0 && up-w.low < w.span {
			if n == 64 {
				up = w.low
			}
			w.low = up
			binary.BigEndian.PutUint64(w.b[w.n:], up)
			w.n += int(n / 8)
			break
		}
	}
	return w.b[:w.n]
}

// binReader reads what binWriter has written. After b's end come zeros.
type binReader struct {
	b          []byte
	n          int // bytes of b that were read, and of zeros after it
	code, span uint64
}

func (r *binReader) start(b []byte) {
	*r = binReader{b: b, span: 1<<64 - 1}
	r.code = uint64(r.next())<<32 | uint64(r.next())
}

func (r *binReader) next() (v uint32) {
	if r.n+4 <= len(r.b) {
		v = binary.BigEndian.Uint32(r.b[r.n:])
	} else {
		for i := range 4 {
			if v <<= 8; r.n+i < len(r.b) {
				v |= uint32(r.b[r.n+i])
			}
		}
	}
	r.n += 4
	return v
}

func (r *binReader) get(p *bin) bool {
	part := r.span >> 17 * (uint64(p.soon) + uint64(p.late))
	one := r.code < part
	if one {
		r.span = part
		p.one()
	} else {
		r.code -= part
		r.span -= part
		p.zero()
	}
	if r.span < 1<<32 {
		r.shift()
	}
	return one
}

func (r *binReader) raw(n uint) uint64 {
	r.span >>= n & 31
	v := min(r.code/r.span, 1<<(n&31)-1) // hostile bytes may say more
	r.code -= v * r.span
	if r.span < 1<<32 {
		r.shift()
	}
	return v
}

func (r *binReader) shift() {
	r.code = r.code<<32 | uint64(r.next())
	r.span <<= 32
}

// tooFar says that more was read than there is.
func (r *binReader) tooFar() bool { return r.n > len(r.b)+8 }

// whole says that all bytes were read, and no more.
func (r *binReader) whole() bool { return r.n >= len(r.b) && !r.tooFar() }
