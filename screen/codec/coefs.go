package codec

import "math/bits"

// The bits of WAVE's bands. What a number is likely to be is told by four of those around
// it and by the one in its place in the same band of the split before (its older band; the
// first four bands of a plane have none).
//
// A band is cut into cells of 8 x 8 numbers. Before the first of each 8 rows comes for
// each of their cells from left to right whether one of its numbers is not 0: chance
// cell[c][n], where c is 2 without an older band, else what was said of the cell at half
// the place there (rounded down), and n how many of the cells to the left and above
// were said to have one. Then the numbers of the rows that lie in such cells:
//
//	is it not 0?       some[o][k]   o: min(|q|, 2) of the number at half the place in the
//	                                older band, 3 if there is none
//	                                k: nearKind[2 |left| + 2 |up| + |up left| + |up right|]
//	a raw bit          1: it is negative
//	is |q| above 1?    two[k]
//	is |q| above 2?    three[k]
//	|q| - 2            a large number, with large[0] or, without an older band, large[1]
//
// What is outside of the band is 0, and nearKind's last one is for all larger sums. A
// large number v ≥ 1 has n bits after its first one: n times a one and then, if n < 13, a
// zero, the i'th by chance large[i]; then those n bits raw.
//
// The band that is left is told by differences: from left + up - upper left, limited to
// what lies between left and up (MED); in the first row from left. Left of a block stands
// the last column of the one before in the slice, or 0 where that one was predicted and
// this one is not, or the other way round.

const (
	cellSide  = 8
	nearKinds = 13 // of what stands around a number
	octaves   = 14 // of a large one
	negative  = 0x8000
	noOlder   = 3 // the kind of a number that has none in the split before
)

// model is how likely things are.
type model struct {
	cell  [3][3]bin // by the older cell (2: there is none) and the ones to the left and above
	some  [noOlder + 1][nearKinds]bin
	two   [nearKinds]bin // if it is not zero
	three [nearKinds]bin
	large [2][octaves]bin // of bands that have an older one, and of those that have none
}

func (m *model) reset() {
	for i := range m.cell {
		setBins(m.cell[i][:], fresh.cell[i][:])
	}
	for i := range m.some {
		setBins(m.some[i][:], fresh.some[i][:])
	}
	setBins(m.two[:], fresh.two[:])
	setBins(m.three[:], fresh.three[:])
	for i := range m.large {
		setBins(m.large[i][:], fresh.large[i][:])
	}
}

func setBins(bins []bin, chances []uint8) {
	for i, c := range chances {
		bins[i].set(uint16(c) << 8)
	}
}

// nearKind numbers 2 left + 2 up + upper left + upper right.
var nearKind = [...]uint8{0, 1, 2, 3, 4, 5, 6, 7, 7, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 10, 10, 10, 10,
	11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 12}

// write appends a band. older is the one of the split before in the same directions.
func (m *model) write(out *binWriter, r, older *bandRoom) {
	kind := uint16(0)
	if older.none() {
		kind = noOlder
	}
	for y := range r.rows {
		if y%cellSide == 0 {
			out.grow(r.cols * cellSide * worstNumber)
			m.writeCells(out, r, older, y/cellSide, kind)
		}
		at, up, old := r.line(y), r.line(y-1), older.line(y/2)
		cells := r.cellLine(y / cellSide)[1:]
		left := 0
		for c := range r.cellCols {
			if cells[c] == 0 {
				left = 0
				continue
			}
			x := c*cellSide + 1
			corner, over := int(up[x-1]&^negative), int(up[x]&^negative)
			for end := min(x+cellSide, r.cols+1); x < end; x++ {
				next := int(up[x+1] &^ negative)
				near := nearKind[min(2*(left+over)+corner+next, len(nearKind)-1)]
				corner, over = over, next
				v := at[x]
				left = int(v &^ negative)
				out.put(&m.some[min(old[(x+1)/2]&^negative, 2)|kind][near], v != 0)
				if v != 0 {
					m.writeSome(out, v, near, kind)
				}
			}
		}
	}
}

// worstNumber is more bytes than a number takes.
const worstNumber = 24

func (m *model) writeCells(out *binWriter, r, older *bandRoom, y int, kind uint16) {
	row, up, old := r.cellLine(y), r.cellLine(y-1), older.cellLine(y/2)
	for x := 1; x <= r.cellCols; x++ {
		out.put(&m.cell[old[(x+1)/2]|uint8(kind)&2][row[x-1]+up[x]], row[x] != 0)
	}
}

// writeSome appends a number that is not zero.
func (m *model) writeSome(out *binWriter, v uint16, near uint8, kind uint16) {
	out.raw(uint64(v>>15), 1)
	a := v &^ negative
	if out.put(&m.two[near], a > 1); a == 1 {
		return
	}
	if out.put(&m.three[near], a > 2); a == 2 {
		return
	}
	writeLarge(out, m.large[kind&1][:], uint(a)-2)
}

// writeLarge appends a number of at least 1: how many bits it has, then those.
func writeLarge(out *binWriter, octave []bin, v uint) {
	n := bits.Len(v) - 1
	for i := range n {
		out.put(&octave[i], true)
	}
	if n < len(octave)-1 {
		out.put(&octave[n], false)
	}
	out.raw(uint64(v)&(1<<n-1), uint(n))
}

// read reads a band of the shape that r has, in which all is zero.
func (m *model) read(in *binReader, r, older *bandRoom) bool {
	kind := uint16(0)
	if older.none() {
		kind = noOlder
	}
	for y := range r.rows {
		if y%cellSide == 0 {
			if in.tooFar() {
				return false
			}
			m.readCells(in, r, older, y/cellSide, kind)
		}
		at, up, old := r.line(y), r.line(y-1), older.line(y/2)
		cells := r.cellLine(y / cellSide)[1:]
		left := 0
		for c := range r.cellCols {
			if cells[c] == 0 {
				left = 0
				continue
			}
			x := c*cellSide + 1
			corner, over := int(up[x-1]&^negative), int(up[x]&^negative)
			for end := min(x+cellSide, r.cols+1); x < end; x++ {
				next := int(up[x+1] &^ negative)
				near := nearKind[min(2*(left+over)+corner+next, len(nearKind)-1)]
				corner, over = over, next
				left = 0
				if in.get(&m.some[min(old[(x+1)/2]&^negative, 2)|kind][near]) {
					v := m.readSome(in, near, kind)
					left = int(v &^ negative)
					at[x] = v
				}
			}
		}
	}
	return true
}

func (m *model) readCells(in *binReader, r, older *bandRoom, y int, kind uint16) {
	row, up, old := r.cellLine(y), r.cellLine(y-1), older.cellLine(y/2)
	for x := 1; x <= r.cellCols; x++ {
		if in.get(&m.cell[old[(x+1)/2]|uint8(kind)&2][row[x-1]+up[x]]) {
			row[x] = 1
		}
	}
}

func (m *model) readSome(in *binReader, near uint8, kind uint16) uint16 {
	sign := uint16(in.raw(1)) << 15
	if !in.get(&m.two[near]) {
		return sign | 1
	}
	if !in.get(&m.three[near]) {
		return sign | 2
	}
	return sign | uint16(readLarge(in, m.large[kind&1][:])+2)
}

func readLarge(in *binReader, octave []bin) uint {
	n := uint(0)
	for n < uint(len(octave))-1 && in.get(&octave[n]) {
		n++
	}
	return 1<<n + uint(in.raw(n))
}

// fresh is what slices begin with, in 1/256: the means of photographs at many qualities.
var fresh = struct {
	cell  [3][3]uint8
	some  [noOlder + 1][nearKinds]uint8
	two   [nearKinds]uint8
	three [nearKinds]uint8
	large [2][octaves]uint8
}{
	cell: [3][3]uint8{{1, 38, 162}, {57, 167, 224}, {191, 250, 250}},
	some: [noOlder + 1][nearKinds]uint8{
		{6, 25, 48, 52, 75, 84, 95, 101, 117, 128, 149, 174, 208},
		{19, 39, 67, 67, 93, 97, 110, 118, 131, 142, 155, 174, 202},
		{48, 65, 103, 95, 130, 124, 146, 151, 162, 174, 190, 204, 225},
		{84, 86, 115, 140, 159, 155, 177, 184, 193, 206, 218, 230, 244},
	},
	two:   [nearKinds]uint8{69, 63, 83, 90, 128, 117, 146, 153, 166, 184, 196, 212, 232},
	three: [nearKinds]uint8{135, 96, 120, 113, 121, 123, 153, 157, 169, 186, 200, 217, 234},
	large: [2][octaves]uint8{{176, 145, 112, 79, 45, 30, 20, 14, 14, 14, 14, 14, 14, 14}, {212, 192, 167, 140, 108, 72, 43, 20, 14, 14, 14, 14, 14, 14}},
}

// flatten replaces the numbers of the band that is left by differences, from the last one
// back. edge is the column left of it, and becomes its last one.
func (r *bandRoom) flatten(edge []int16) {
	var old [blockMax]int16
	for y := range r.rows {
		old[y] = signedOf(r.row(y)[r.cols-1])
	}
	for y := r.rows - 1; y >= 0; y-- {
		for x := r.cols - 1; x >= 0; x-- {
			d := signedOf(r.row(y)[x]) - r.likely(x, y, edge)
			r.row(y)[x] = numberOf(d)
		}
	}
	copy(edge, old[:r.rows])
	for i := range r.cells {
		r.cells[i] = 0
	}
	for y := range r.rows {
		for x, v := range r.row(y) {
			if v != 0 {
				r.cells[(y/cellSide+1)*r.cellStride+x/cellSide+1] = 1
			}
		}
	}
}

// raise undoes flatten.
func (r *bandRoom) raise(edge []int16) {
	for y := range r.rows {
		for x := range r.cols {
			r.row(y)[x] = numberOf(signedOf(r.row(y)[x]) + r.likely(x, y, edge))
		}
	}
	for y := range r.rows {
		edge[y] = signedOf(r.row(y)[r.cols-1])
	}
}

func (r *bandRoom) likely(x, y int, edge []int16) int16 {
	at := func(x, y int) int16 {
		if x < 0 {
			return edge[y]
		}
		return signedOf(r.row(y)[x])
	}
	left := at(x-1, y)
	if y == 0 {
		return left
	}
	up, corner := at(x, y-1), at(x-1, y-1)
	return left + up - max(min(left, up), min(max(left, up), corner))
}

func signedOf(v uint16) int16 {
	if v&negative != 0 {
		return -int16(v &^ negative)
	}
	return int16(v)
}

func numberOf(v int16) uint16 {
	if v < 0 {
		return uint16(-v) | negative
	}
	return uint16(v)
}
