package codec

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// band is one band of a plane: the coefficients at every 2 << level'th place in
// both directions, from row oy << level and column ox << level on.
type band struct {
	level  int
	ox, oy int
}

// bandAt returns the i'th band, of 1 + 3 · levels, in the order in which they are
// sent: the lowest, then level by level those split horizontally, vertically, both.
func bandAt(levels, i int) band {
	if i == 0 {
		return band{level: levels - 1}
	}
	split := (i-1)%3 + 1
	return band{level: levels - 1 - (i-1)/3, ox: split & 1, oy: split >> 1}
}

// size returns how many rows of each strip, and columns, a band has.
func (b band) size(s *strips) (rows, cols int) {
	return s.rows >> (b.level + 1), s.w >> (b.level + 1)
}

// norms says how much an error of one in a coefficient is worth in the picture, by
// level and by in how many directions it was split.
var norms = [5][3]float64{{1.5, 1.04, .72}, {2.75, 1.59, .92}, {5.4, 2.92, 1.59}, {10.7, 5.70, 3.04}, {21.3, 11.3, 6.02}}

// qualities are the steps of quantisation, in the picture, that a slice may name. As
// bands lose whole bits, only some steps differ: these four in each octave each change
// the shift of some bands.
var qualities = [...]float64{
	2.14, 2.4, 2.78, 3.36,
	4.28, 4.8, 5.56, 6.72,
	8.56, 9.6, 11.1, 13.4,
	17.1, 19.2, 22.2, 26.9,
	34.2, 38.4, 44.5, 53.8,
	68.5, 76.8, 89, 108,
	137, 154, 178, 215,
}

// chromaStep is how much coarser than brightness colours may be.
const chromaStep = 4

// shift returns how many low bits a band's coefficients lose at quality index q.
// The planes of colours begin with what is the second level for brightness.
func (b band) shift(q int, chroma bool) uint {
	step, level := qualities[q], b.level
	if chroma {
		step, level = chromaStep*step, level+1
	}
	if b.ox+b.oy == 0 { // the lowest band: few coefficients, and all of the picture rests on them
		step /= 2
	}
	return uint(max(0, math.Round(math.Log2(step/norms[level][b.ox+b.oy]))))
}

const maxCoef = 1<<12 - 1 // of a numbered coefficient

// bandRoom holds one band's quantised coefficients by rows of the picture, numbered
// 0, -1, 1, -2 …, 2 bytes each. A row of zeros stands above the first one, and
// zeros follow each row.
type bandRoom struct {
	at         []byte
	rows, cols int
	stride     int // bytes
}

func (r *bandRoom) shape(rows, cols int) {
	r.rows, r.cols, r.stride = rows, cols, 2*((cols+3)&^3+4)
	n := (rows + 1) * r.stride
	if len(r.at) < n {
		r.at = make([]byte, n)
	}
	clear(r.at[:n])
}

func (r *bandRoom) row(y int) []byte { return r.at[(y+1)*r.stride:][:r.stride] }

// quantise fills r with a band of s, less its shift low bits.
func (r *bandRoom) quantise(s *strips, b band, shift uint) {
	rows, cols := b.size(s)
	r.shape(4*rows, cols)
	keep := uint64(0x3fff>>shift) * laneOnes
	for i := range rows {
		src := s.row(i<<(b.level+1) + b.oy<<b.level)[b.ox<<b.level:]
		r0, r1, r2, r3 := r.row(i), r.row(rows+i), r.row(2*rows+i), r.row(3*rows+i)
		for c := range cols {
			v := src[c<<(b.level+1)]
			neg := laneOnes &^ (v >> 13)
			q := (v&^laneBias ^ (neg<<13 - neg) + neg) >> (shift & 63) & keep
			if q == 0 {
				continue
			}
			q = 2*q - neg&((q+0x7fff*laneOnes)>>15)
			put16(r0[2*c:], q)
			put16(r1[2*c:], q>>16)
			put16(r2[2*c:], q>>32)
			put16(r3[2*c:], q>>48)
		}
	}
}

func put16(b []byte, v uint64) { binary.LittleEndian.PutUint16(b, uint16(v)) }

// restore sets a band of s from r: three eighths above the lower end of what a
// number stands for.
func (r *bandRoom) restore(s *strips, b band, shift uint) {
	rows, cols := b.size(s)
	rest := uint64(3 << shift >> 3)
	for i := range rows {
		dst := s.row(i<<(b.level+1) + b.oy<<b.level)[b.ox<<b.level:]
		r0, r1, r2, r3 := r.row(i), r.row(rows+i), r.row(2*rows+i), r.row(3*rows+i)
		for c := range cols {
			z := get16(r0[2*c:]) | get16(r1[2*c:])<<16 | get16(r2[2*c:])<<32 | get16(r3[2*c:])<<48
			v := uint64(laneBias)
			if z != 0 {
				neg := z & laneOnes
				q := (z + neg) >> 1 & (0x0fff * laneOnes)
				some := (q + 0x7fff*laneOnes) >> 15 & laneOnes
				q = q<<(shift&63) + some*rest
				m := q & (neg * 0xffff)
				v += q - m - m
			}
			dst[c<<(b.level+1)] = v
		}
	}
}

func get16(b []byte) uint64 { return uint64(binary.LittleEndian.Uint16(b)) }

// surround returns what the context of each coefficient of row y gets from the row
// above: twice the one there and the one to its right.
func (r *bandRoom) surround(y int, around []byte) {
	up := r.row(y - 1)
	for x := 0; x+8 <= r.stride-8; x += 8 {
		binary.LittleEndian.PutUint64(around[x:], 2*binary.LittleEndian.Uint64(up[x:])+binary.LittleEndian.Uint64(up[x+2:]))
	}
}

// write appends a band.
func (r *bandRoom) write(out *bitWriter, c *rice, around []byte) {
	for y := range r.rows {
		out.grow(coefRowBytes(r.cols))
		r.surround(y, around)
		c.writeCoefs(out, r.row(y), around, r.cols)
	}
}

// coefRowBytes is more than a row takes.
func coefRowBytes(w int) int { return (w*(1+maxRunLog+escape+12)+7)/8 + 16 }

func (r *rice) writeCoefs(out *bitWriter, row, around []byte, w int) {
	left := uint64(0)
	for x := 0; x < w; x++ {
		s := 2*left + get16(around[2*x:])
		one := uint64(0)
		if s == 0 {
			run := x
			for x < w {
				v := binary.LittleEndian.Uint64(row[2*x:])
				if v != 0 {
					x += bits.TrailingZeros64(v) / 16
					break
				}
				x += 4
			}
			x = min(x, w)
			r.writeRun(out, x-run, x == w)
			if x == w {
				break
			}
			one = 1
		}
		left = get16(row[2*x:])
		z := left - one
		c := &r.ctx[min(bits.Len64(s), contexts-1)]
		k := uint(c.k & 31)
		q := uint(z >> k)
		if q >= escape {
			if z > maxCoef-1 { // made to overflow: any other number is as good
				z = maxCoef - 1
				left = z + one
				put16(row[2*x:], left)
			}
			out.put(z<<escape, escape+12)
		} else {
			out.put((z&(1<<k-1)<<1|1)<<(q&63), q+1+k)
		}
		c.learn(uint32(min(z, 255)))
	}
}

// read reads a band of the shape that r has. Its rows must be zero.
func (r *bandRoom) read(in *bitReader, c *rice, around []byte) bool {
	for y := range r.rows {
		r.surround(y, around)
		if in.at() > 8*in.end || !c.readCoefs(in, r.row(y), around, r.cols) {
			return false
		}
	}
	return true
}

func (r *rice) readCoefs(in *bitReader, row, around []byte, w int) bool {
	left := uint64(0)
	for x := 0; x < w; x++ {
		s := 2*left + get16(around[2*x:])
		one := uint64(0)
		if s == 0 {
			n := r.readRun(in, w-x)
			if n < 0 {
				return false
			}
			if x += n; x == w {
				break
			}
			one = 1
		}
		in.fill()
		c := &r.ctx[min(bits.Len64(s), contexts-1)]
		k := uint(c.k & 31)
		q := uint(bits.TrailingZeros64(in.acc | 1<<escape))
		z, n := uint64(q)<<k|in.acc>>((q+1)&63)&(1<<k-1), q+1+k
		if q == escape {
			z, n = in.acc>>escape&maxCoef, escape+12
		}
		in.skip(n)
		c.learn(uint32(min(z, 255)))
		left = min(z+one, maxCoef)
		put16(row[2*x:], left)
	}
	return true
}
