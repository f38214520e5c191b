package codec

import (
	"image"
	"math/bits"
)

// FIT: exact pictures for thin lines, in a sixth to a quarter less than EXACT, for some
// five times its processor time. The three bytes of a pixel are predicted from those
// around it and from its bytes before, by weights that were fitted to the slice; what is
// missing is told by an arithmetic code that knows how far the pixels around missed.
//
// The pixels are coded row by row, of each row first all bytes of green, then of red, then
// of blue. Of a pixel's byte, N is the one above, W left, NW, NE, NN (two above), WW (two
// to the left) of the same plane. Left of the box stands, twice, what is above its first
// pixel; right of it, in a finished row, the last one again. In the first row N, NW, NE, NN
// are all W, in all three planes, and left of its first pixel stands 128; the second row's NN
// is N. The prediction is, in 1/128,
//
//	128 N + sum of weight × difference    limited to 0 … 255 × 128
//
// with the differences W - N, NW - N, NE - N, WW - N, NN - N, and after those for each plane
// before, in its own bytes, C - N, W - N, NW - N, NE - N, where C is this pixel's. The slice
// begins with the weights of green (5), red (9) and blue (13), each an int16.
//
// Then come bits as in bins.go. r is the prediction, rounded (128ths + 64 >> 7), f by how much
// it is above r; v - r is sent, or r - v if f is negative: d. Of each pixel that is known, its miss
// is |128 v - prediction| >> 4. s is 8 + 2 W + 2 N + NW + NE + WW + NN of the misses in this plane
// (0 outside of the box) + 2 C of the plane before. With n bits in s, k is 4 (n - 4) + the two bits
// after the first one, at most 31. g is |f| >> 4, at most 3.
//
//	is d 0?                      zero[k][g]
//	is it negative?              sign[k][g]
//	(|d| - 1) >> b               b is (k - 20) / 4, at least 0; n times a one, the i'th by
//	                             more[k][min(i, 11)], then a zero; after 15 ones none, but the
//	                             rest in 8 bits raw
//	the lowest b bits of |d| - 1 raw
//
// Each plane has its own chances; all begin with those of fitFresh.

const (
	fitBits   = 7 // of a weight's fraction
	fitOne    = 1 << fitBits
	fitKinds  = 32 // of how far pixels around missed
	fitFracs  = 4
	fitSteps  = 12
	fitEscape = 15
	fitCoarse = 20 // the kind from which on low bits are raw
	fitLead   = 2
	fitMost   = 13 // weights of a plane
	fitSide   = 2 * (5 + 9 + 13)
)

// fitWeights are a slice's weights, by plane.
type fitWeights [3][fitMost]int32

func fitCount(plane int) int { return 5 + 4*plane }

type fitModel struct {
	zero, sign [fitKinds][fitFracs]bin
	more       [fitKinds][fitSteps]bin
}

// fitRows is the room to code a FIT: of each plane this row and the two above, of bytes
// and of misses, from fitLead on.
type fitRows struct {
	px, miss [3][3][]int32
	model    [3]fitModel
	sums     fitSums
	spare    []byte // a slice, to be compared with another
}

func (f *fitRows) start(w int) {
	n := fitLead + w + 1
	for plane := range f.px {
		for i := range f.px[plane] {
			if len(f.px[plane][i]) < n {
				f.px[plane][i], f.miss[plane][i] = make([]int32, n), make([]int32, n)
			}
			clear(f.px[plane][i][:n])
			clear(f.miss[plane][i][:n])
		}
	}
	for i := range f.model {
		f.model[i].reset()
	}
}

// begin prepares the sides of row y.
func (f *fitRows) begin(y int) {
	for plane := range f.px {
		edge := int32(128)
		if y > 0 {
			edge = f.px[plane][1][fitLead]
		}
		f.px[plane][0][0], f.px[plane][0][1] = edge, edge
	}
}

// end makes row y the one above.
func (f *fitRows) end(y, w int) {
	for plane := range f.px {
		p, m := &f.px[plane], &f.miss[plane]
		p[0][fitLead+w] = p[0][fitLead+w-1]
		if y == 0 {
			copy(p[1], p[0])
		}
		p[0], p[1], p[2] = p[2], p[0], p[1]
		m[0], m[1], m[2] = m[2], m[0], m[1]
	}
}

// level makes all that is above pixel x of the first row what is left of it.
func (f *fitRows) level(plane, x int) {
	for i := range plane + 1 {
		p := &f.px[i]
		w := p[0][x-1]
		p[1][x-1], p[1][x], p[1][x+1], p[2][x] = w, w, w, w
	}
}

// predict returns the prediction of pixel x.
func (f *fitRows) predict(w *[fitMost]int32, plane, x int) int32 {
	p := &f.px[plane]
	c, up := p[0][x-2:x+1], p[1][x-1:x+2]
	n := up[1]
	sum := n<<fitBits + w[0]*(c[1]-n) + w[1]*(up[0]-n) + w[2]*(up[2]-n) + w[3]*(c[0]-n) + w[4]*(p[2][x]-n)
	if plane > 0 {
		c, up := f.px[0][0][x-1:x+1], f.px[0][1][x-1:x+2]
		n := up[1]
		sum += w[5]*(c[1]-n) + w[6]*(c[0]-n) + w[7]*(up[0]-n) + w[8]*(up[2]-n)
	}
	if plane > 1 {
		c, up := f.px[1][0][x-1:x+1], f.px[1][1][x-1:x+2]
		n := up[1]
		sum += w[9]*(c[1]-n) + w[10]*(c[0]-n) + w[11]*(up[0]-n) + w[12]*(up[2]-n)
	}
	return max(0, min(sum, 255<<fitBits))
}

// around returns the kind of what is expected at pixel x.
func (f *fitRows) around(plane, x int) int {
	m := &f.miss[plane]
	c, up := m[0][x-2:x+1], m[1][x-1:x+2]
	s := 8 + 2*c[1] + 2*up[1] + up[0] + up[2] + c[0] + m[2][x]
	if plane > 0 {
		s += 2 * f.miss[plane-1][0][x]
	}
	n := bits.Len32(uint32(s))
	return min(4*(n-4)+int(s>>(n-3)&3), fitKinds-1)
}

// set notes pixel x's value.
func (f *fitRows) set(plane, x int, v, prediction int32) {
	f.px[plane][0][x] = v
	miss := v<<fitBits - prediction
	f.miss[plane][0][x] = max(miss, -miss) >> 4
}

// fitNearest returns the prediction rounded, 1 or -1 for the side that it is more on, and how far.
func fitNearest(prediction int32) (r, side int32, g int) {
	r = (prediction + fitOne/2) >> fitBits
	frac := prediction - r<<fitBits
	side = 1
	if frac < 0 {
		side, frac = -1, -frac
	}
	return r, side, min(int(frac>>4), fitFracs-1)
}

// append appends a slice.
func (f *fitRows) append(dst []byte, pic *Picture, box image.Rectangle) []byte {
	weights := f.sums.fit(pic, box)
	for plane := range weights {
		for _, w := range weights[plane][:fitCount(plane)] {
			dst = append(dst, byte(w), byte(w>>8))
		}
	}
	w := box.Dx()
	f.start(w)
	var out binWriter
	out.start(dst)
	for y := range box.Dy() {
		f.begin(y)
		row := pic.Row(box.Min.Y + y)[box.Min.X:box.Max.X]
		for plane := range f.px {
			out.grow(w * fitWorst)
			f.writeRow(&out, row, plane, y == 0, &weights[plane])
		}
		f.end(y, w)
	}
	return out.finish()
}

const fitWorst = 40 // more bytes than a pixel's plane takes

func (f *fitRows) writeRow(out *binWriter, row []uint32, plane int, first bool, w *[fitMost]int32) {
	shift := fitShift[plane]
	for i, c := range row {
		x := i + fitLead
		if first {
			f.level(plane, x)
		}
		prediction := f.predict(w, plane, x)
		r, side, g := fitNearest(prediction)
		v := int32(c >> shift & 255)
		f.model[plane].write(out, f.around(plane, x), g, (v-r)*side)
		f.set(plane, x, v, prediction)
	}
}

var fitShift = [3]uint{8, 16, 0} // of green, red and blue in a pixel

func (m *fitModel) write(out *binWriter, k, g int, d int32) {
	if out.put(&m.zero[k][g], d == 0); d == 0 {
		return
	}
	out.put(&m.sign[k][g], d < 0)
	a := uint32(max(d, -d)) - 1
	b := uint(max(k-fitCoarse, 0) / 4)
	more, n := &m.more[k], int(a>>b)
	for i := range min(n, fitEscape) {
		out.put(&more[min(i, fitSteps-1)], true)
	}
	if n < fitEscape {
		out.put(&more[min(n, fitSteps-1)], false)
	} else {
		out.raw(uint64(n-fitEscape), 8)
	}
	if b > 0 {
		out.raw(uint64(a&(1<<b-1)), b)
	}
}

// read sets pic's pixels inside box from the slice b.
func (f *fitRows) read(b []byte, pic *Picture, box image.Rectangle) error {
	if len(b) < fitSide {
		return badFrame("fit slice of %d bytes", len(b))
	}
	var weights fitWeights
	for plane := range weights {
		for i := range fitCount(plane) {
			weights[plane][i] = int32(int16(uint16(b[0]) | uint16(b[1])<<8))
			b = b[2:]
		}
	}
	w := box.Dx()
	f.start(w)
	var in binReader
	in.start(b)
	for y := range box.Dy() {
		f.begin(y)
		for plane := range f.px {
			f.readRow(&in, w, plane, y == 0, &weights[plane])
		}
		if in.tooFar() {
			break
		}
		row := pic.Row(box.Min.Y + y)[box.Min.X:box.Max.X]
		green, red, blue := f.px[0][0][fitLead:], f.px[1][0][fitLead:], f.px[2][0][fitLead:]
		for x := range row {
			row[x] = uint32(green[x]<<8 | red[x]<<16 | blue[x])
		}
		f.end(y, w)
	}
	if !in.whole() {
		return badFrame("fit slice of %d bytes does not end with its last pixel", len(b))
	}
	return nil
}

func (f *fitRows) readRow(in *binReader, n, plane int, first bool, w *[fitMost]int32) {
	for x := fitLead; x < n+fitLead; x++ {
		if first {
			f.level(plane, x)
		}
		prediction := f.predict(w, plane, x)
		r, side, g := fitNearest(prediction)
		d := f.model[plane].read(in, f.around(plane, x), g)
		f.set(plane, x, (r+d*side)&255, prediction)
	}
}

func (m *fitModel) read(in *binReader, k, g int) int32 {
	if in.get(&m.zero[k][g]) {
		return 0
	}
	negative := in.get(&m.sign[k][g])
	b := uint(max(k-fitCoarse, 0) / 4)
	more, n := &m.more[k], 0
	for n < fitEscape && in.get(&more[min(n, fitSteps-1)]) {
		n++
	}
	if n == fitEscape {
		n += int(in.raw(8))
	}
	a := int32(n)<<b + 1
	if b > 0 {
		a += int32(in.raw(b))
	}
	if negative {
		return -a
	}
	return a
}

func (m *fitModel) reset() {
	for k := range m.zero {
		o := &fitFresh[k/4]
		setBins(m.zero[k][:], o.zero[:])
		setBins(m.sign[k][:], o.sign[:])
		setBins(m.more[k][:], o.more[:])
	}
}

type fitChances struct {
	zero, sign [fitFracs]uint8
	more       [fitSteps]uint8
}

// fitFresh is what slices begin with, in 1/256, of four kinds each: the means of photographs
// and of a film with grain.
var fitFresh = [fitKinds / 4]fitChances{
	{[4]uint8{250, 237, 212, 141}, [4]uint8{107, 40, 25, 16}, [12]uint8{19, 65, 99, 123, 175, 200, 223, 239, 247, 250, 247, 251}},
	{[4]uint8{222, 204, 182, 146}, [4]uint8{98, 50, 29, 18}, [12]uint8{16, 53, 73, 81, 113, 122, 148, 184, 212, 186, 216, 229}},
	{[4]uint8{165, 148, 136, 118}, [4]uint8{105, 69, 50, 35}, [12]uint8{40, 70, 69, 71, 88, 113, 146, 163, 191, 196, 207, 236}},
	{[4]uint8{75, 75, 71, 68}, [4]uint8{121, 109, 98, 87}, [12]uint8{118, 101, 81, 76, 83, 109, 139, 160, 176, 189, 199, 224}},
	{[4]uint8{49, 48, 48, 47}, [4]uint8{124, 117, 110, 102}, [12]uint8{152, 132, 118, 117, 128, 144, 155, 160, 167, 175, 178, 193}},
	{[4]uint8{32, 29, 28, 27}, [4]uint8{126, 121, 117, 115}, [12]uint8{200, 198, 197, 197, 196, 194, 194, 194, 196, 197, 201, 204}},
	{[4]uint8{40, 36, 30, 28}, [4]uint8{124, 121, 121, 115}, [12]uint8{180, 201, 211, 213, 213, 218, 219, 222, 222, 224, 223, 222}},
	{[4]uint8{51, 46, 39, 40}, [4]uint8{125, 119, 111, 107}, [12]uint8{143, 212, 222, 231, 234, 224, 224, 229, 223, 208, 215, 224}},
}
