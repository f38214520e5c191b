package codec

import (
	"math"
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

// bandSet has some of a plane's bands, the i'th as 1 << i.
type bandSet uint16

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

// bandRoom holds one band's quantised coefficients by rows of the picture: how large
// they are, and negative. Zeros stand around them. cells says which cells of 8 x 8 have
// one that is not zero.
type bandRoom struct {
	at         []uint16
	rows, cols int
	stride     int

	cells                          []uint8
	cellRows, cellCols, cellStride int
}

func (r *bandRoom) shape(rows, cols int) {
	r.rows, r.cols, r.stride = rows, cols, cols+2
	n := (rows + 1) * r.stride
	if len(r.at) < n {
		r.at = make([]uint16, n)
	}
	clear(r.at[:n])
	r.cellRows, r.cellCols = (rows+cellSide-1)/cellSide, (cols+cellSide-1)/cellSide
	r.cellStride = r.cellCols + 1
	n = (r.cellRows + 1) * r.cellStride
	if len(r.cells) < n {
		r.cells = make([]uint8, n)
	}
	clear(r.cells[:n])
}

// none says that r has no numbers, but the zeros that stand for them.
func (r *bandRoom) none() bool { return r.rows == 0 }

// line returns row y, which begins at 1; a row of zeros is at -1.
func (r *bandRoom) line(y int) []uint16 { return r.at[(y+1)*r.stride:][:r.stride] }

// cellLine returns a row of cells, which begins at 1.
func (r *bandRoom) cellLine(y int) []uint8 {
	return r.cells[(y+1)*r.cellStride:][:r.cellStride]
}

// cellsOf returns the cells in which row y lies.
func (r *bandRoom) cellsOf(y int) []uint8 { return r.cellLine(y / cellSide)[1:] }

func (r *bandRoom) row(y int) []uint16 { return r.at[(y+1)*r.stride+1:][:r.cols] }

// quantise fills r with a band of s, less its shift low bits, and makes of s what restore
// will. wide: what is below one and a half steps becomes zero. some: not all is zero.
func (r *bandRoom) quantise(s *strips, b band, shift uint, wide bool) (some bool) {
	rows, cols := b.size(s)
	r.shape(4*rows, cols)
	least := uint64(1) << shift
	if wide {
		least = max(2, uint64(3)<<shift>>1)
	}
	above, below := (0x6000-least)*laneOnes, (0xa000-least)*laneOnes
	keep, rest := uint64(0x3fff>>shift)*laneOnes, uint64(3<<shift>>3)*laneOnes
	step := 2 << b.level
	for i := range rows {
		at := s.row(i<<(b.level+1) + b.oy<<b.level)[b.ox<<b.level:]
		r0, r1, r2, r3 := r.row(i), r.row(rows+i), r.row(2*rows+i), r.row(3*rows+i)
		c0, c1, c2, c3 := r.cellsOf(i), r.cellsOf(rows+i), r.cellsOf(2*rows+i), r.cellsOf(3*rows+i)
		for x := dropSmall(at, 0, step, above, below); x < len(at); x = dropSmall(at, x+step, step, above, below) {
			v := at[x]
			neg := below - v
			large := (v + above | neg) >> 15 & laneOnes
			neg = neg >> 15 & laneOnes
			q := (v&^laneBias ^ (neg<<13 - neg) + neg) >> (shift & 63) & keep & (large * 0xffff)
			v = q<<(shift&63) + rest&(large*0xffff)
			at[x] = laneBias + v - v&(neg*0xffff)<<1
			q |= neg << 15
			some = true
			c := x >> (b.level + 1)
			r0[c], r1[c], r2[c], r3[c] = uint16(q), uint16(q>>16), uint16(q>>32), uint16(q>>48)
			c /= cellSide
			c0[c] |= uint8(large)
			c1[c] |= uint8(large >> 16)
			c2[c] |= uint8(large >> 32)
			c3[c] |= uint8(large >> 48)
		}
	}
	return some
}

// dropSmall makes zero what is small of the words at x, x + step … and returns where the
// first is that has a large one. This is the hot loop of quantising: most are small.
func dropSmall(at []uint64, x, step int, above, below uint64) int {
	for ; x < len(at); x += step {
		v := at[x]
		if (v+above|(below-v))&(0x8000*laneOnes) != 0 {
			break
		}
		at[x] = laneBias
	}
	return x
}

func (r *bandRoom) empty() bool {
	for _, some := range r.cells[:(r.cellRows+1)*r.cellStride] {
		if some != 0 {
			return false
		}
	}
	return true
}

// restore sets a band of s from r: three eighths above the lower end of what a
// number stands for. some: not all is zero.
func (r *bandRoom) restore(s *strips, b band, shift uint) (some bool) {
	rows, cols := b.size(s)
	rest := uint64(3 << shift >> 3)
	empty := b.ox+b.oy > 0 && r.empty() // of the band that is left, cells tell of differences
	for i := range rows {
		dst := s.row(i<<(b.level+1) + b.oy<<b.level)[b.ox<<b.level:]
		if empty {
			for c := 0; c < len(dst); c += 2 << b.level {
				dst[c] = laneBias
			}
			continue
		}
		r0, r1, r2, r3 := r.row(i), r.row(rows+i), r.row(2*rows+i), r.row(3*rows+i)
		for c := range cols {
			z := uint64(r0[c]) | uint64(r1[c])<<16 | uint64(r2[c])<<32 | uint64(r3[c])<<48
			v := uint64(laneBias)
			if z != 0 {
				some = true
				neg := z >> 15 & laneOnes
				q := z & (0x1fff * laneOnes)
				any := (q + 0x7fff*laneOnes) >> 15 & laneOnes
				q = q<<(shift&63) + any*rest
				m := q & (neg * 0xffff)
				v += q - m - m
			}
			dst[c<<(b.level+1)] = v
		}
	}
	return some
}
