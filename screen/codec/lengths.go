package codec

import (
	"image"
	"math"
	"math/bits"
)

// lengths counts coefficients by how many bits they have, for each band of the
// same norm and of brightness and colours apart. As a quality takes off some low
// bits of each band, it tells the size of a slice for all qualities at once.
type lengths struct {
	n     [2][2][5][3][16]uint32 // by whether the block is predicted
	words int
}

// measure adds the coefficients of box. Of the finest bands a part stands for all.
func (w *wave) measure(l *lengths, coefs []uint64, box image.Rectangle, hints []hint) {
	l.words += len(coefs)
	blocksOf(box, func(r image.Rectangle) {
		coefs = w.block.shape(r.Dx(), r.Dy(), coefs)
		n := &l.n[bit(hints[0].predicted)]
		hints = hints[1:]
		for i, s := range w.block.planes() {
			for j := range 1 + 3*s.levels {
				b := bandAt(s.levels, j)
				countBand(&n[min(i, 1)][b.level][b.ox+b.oy], s, b)
			}
		}
	})
}

// countBand adds one band: of the finest level every fourth row, of the next every
// other. Each lane has counters of its own: as numbers have few lengths, a count would
// else wait for the one before.
func countBand(n *[16]uint32, s *strips, b band) {
	rows, _ := b.size(s)
	every, step := max(1, 4>>b.level), 2<<b.level
	var lanes [4][17]uint32
	for i := 0; i < rows; i += every {
		src := s.row(i<<(b.level+1) + b.oy<<b.level)[b.ox<<b.level:]
		for x := 0; x < len(src); x += step {
			v := src[x]
			neg := laneOnes &^ (v >> 13)
			v = v&^laneBias ^ (neg<<13 - neg) + neg
			lanes[0][bits.Len16(uint16(v))]++
			lanes[1][bits.Len16(uint16(v>>16))]++
			lanes[2][bits.Len16(uint16(v>>32))]++
			lanes[3][bits.Len16(uint16(v>>48))]++
		}
	}
	for i := range n {
		n[i] += uint32(every) * (lanes[0][i] + lanes[1][i] + lanes[2][i] + lanes[3][i])
	}
}

// add adds m.
func (l *lengths) add(m *lengths) {
	for p := range l.n {
		for i := range l.n[p] {
			for j := range l.n[p][i] {
				for k := range l.n[p][i][j] {
					for b := range l.n[p][i][j][k] {
						l.n[p][i][j][k][b] += m.n[p][i][j][k][b]
					}
				}
			}
		}
	}
	l.words += m.words
}

// bytes predicts the size of slices at quality index q: what it takes to say which
// coefficients are not zero, of which those that lie together need less, and the
// numbers themselves. The factors were fitted to real slices: it errs by 2 % at
// the median and by 12 % at the ninth decile of single slices.
func (l *lengths) bytes(q int) (alone, predicted float64) {
	bits := [2]float64{0.002 * float64(l.words)}
	for p := range l.n {
		for i := range l.n[p] {
			for level := range l.n[p][i][:5-i] {
				for split := range l.n[p][i][level] {
					shift := band{level: level, ox: min(split, 1), oy: split / 2}.shift(q, i > 0)
					bits[p] += bandBits(&l.n[p][i][level][split], int(shift), p > 0)
				}
			}
		}
	}
	return bits[0] / 8, bits[1] / 8
}

// bandBits predicts what the bands of a histogram take without their shift low bits.
func bandBits(lengths *[16]uint32, shift int, predicted bool) float64 {
	some, low, all := 0.0, 0.0, 0.0
	for length, m := range lengths {
		n := float64(m)
		all += n
		if length <= shift {
			continue
		}
		if predicted && length == shift+1 { // see quantise
			n *= wideShare
			if shift == 0 {
				n = 0
			}
		}
		some += n
		low += n * float64(length-shift-1)
	}
	if some == 0 || some == all {
		return 1.7*some + 0.27*low
	}
	places := -some*math.Log2(some/all) - (all-some)*math.Log2(1-some/all)
	return 1.01*places + 1.7*some + 0.27*low
}

// wideShare is how many of the coefficients between step and two steps are above one and
// a half.
const wideShare = 0.3
