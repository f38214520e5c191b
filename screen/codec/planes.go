package codec

import (
	"encoding/binary"
)

// Pictures are coded as three planes of bytes, each modulo 256: green, red minus
// green plus 128, blue minus green plus 128. A byte is predicted from its left,
// upper and upper left neighbours by MED, the predictor of LOCO-I (Weinberger,
// Seroussi, Sapiro 2000): the median of left, up, and left + up - upper left.
// Above the slice's box all bytes are 0; left of it stands what is above the
// row's first pixel, so that one is predicted from above. The residual, byte minus
// prediction modulo 256, is taken as -128 … 127 and numbered 0 -1 1 -2 2 …

// lead is the room for the left neighbour, a whole lane so that rows are aligned.
const lead = 8

// planes holds two rows of a slice; a pixel's byte is at lead + x.
type planes struct {
	w       int
	cur, up [3][]byte
	res     [3][]byte // residuals of the current row, padded with zeros to a multiple of groupLen and beyond

	// EXACT only.
	old    [3][]byte // residuals of the row above
	around []uint16
	rice   [3]rice
	in     []byte
}

// start begins a slice of rows of w pixels.
func (p *planes) start(w int) {
	n := lead + (w+groupLen-1)&^(groupLen-1) + lead
	for i := range p.cur {
		if len(p.cur[i]) < n {
			p.cur[i], p.up[i], p.res[i] = make([]byte, n), make([]byte, n), make([]byte, n)
		}
		clear(p.up[i][:n])
		clear(p.cur[i][:n])
		clear(p.res[i][:n])
	}
	p.w = w
}

// predict takes the next row of pixels and leaves its residuals in p.res.
func (p *planes) predict(px []uint32) {
	g, r, b := p.cur[0][lead:][:len(px)], p.cur[1][lead:][:len(px)], p.cur[2][lead:][:len(px)]
	for i, c := range px {
		green := byte(c >> 8)
		g[i] = green
		r[i] = byte(c>>16) - green + 128
		b[i] = byte(c) - green + 128
	}
	for i := range p.cur {
		predictRow(p.res[i], p.cur[i], p.up[i], p.w)
	}
	p.cur, p.up = p.up, p.cur
}

// predictRow sets res to the residuals of cur, whose upper row is up. The first
// pixel's left neighbour is the one above it, so MED yields that one.
func predictRow(res, cur, up []byte, w int) {
	cur[lead-1] = up[lead]
	n := (w + 7) &^ 7
	res, cur, up = res[:n], cur[:n+lead], up[:n+lead]
	for x := 0; x < n; x += 8 {
		a := binary.LittleEndian.Uint64(cur[x+lead-1:])
		b := binary.LittleEndian.Uint64(up[x+lead:])
		c := binary.LittleEndian.Uint64(up[x+lead-1:])
		v := binary.LittleEndian.Uint64(cur[x+lead:])
		binary.LittleEndian.PutUint64(res[x:], zigzag(laneSub(v, laneMED(a, b, c))))
	}
	clear(res[w:n])
}

// laneMED uses that the median of a, b and a+b-c is a+b minus c clamped to what
// lies between a and b.
func laneMED(a, b, c uint64) uint64 {
	t := (a ^ b) & laneLess(a, b)
	lo, hi := b^t, a^t
	c ^= (c ^ lo) & laneLess(c, lo)
	c ^= (c ^ hi) & laneLess(hi, c)
	return laneSub(laneAdd(lo, hi), c)
}

// weigh guesses how many bytes eight rows of the residuals in p.res take by EXACT.
func (p *planes) weigh() (n int) {
	for ch := range p.res {
		for x := 0; x < p.w; x += 8 {
			n += 7 * laneWidth(binary.LittleEndian.Uint64(p.res[ch][x:])) // 8 rows of 8 at seven eighths of the width
		}
	}
	return n
}

// restore turns the residuals in res into a row of pixels. The
// hot loop of decoding pictures: each pixel waits for the one before it, so the
// three planes go side by side to give the processor something to do meanwhile.
func (p *planes) restore(px []uint32, res *[3][]byte) {
	n := len(px)
	e0, e1, e2 := res[0][:n], res[1][:n], res[2][:n]
	u0, u1, u2 := p.up[0][lead:][:n], p.up[1][lead:][:n], p.up[2][lead:][:n]
	v0, v1, v2 := p.cur[0][lead:][:n], p.cur[1][lead:][:n], p.cur[2][lead:][:n]
	a0, a1, a2 := int(u0[0]), int(u1[0]), int(u2[0])
	c0, c1, c2 := a0, a1, a2
	for i := range px {
		b0, b1, b2 := int(u0[i]), int(u1[i]), int(u2[i])
		a0 = (a0 + b0 - max(min(a0, b0), min(max(a0, b0), c0)) + signed(e0[i])) & 255
		a1 = (a1 + b1 - max(min(a1, b1), min(max(a1, b1), c1)) + signed(e1[i])) & 255
		a2 = (a2 + b2 - max(min(a2, b2), min(max(a2, b2), c2)) + signed(e2[i])) & 255
		c0, c1, c2 = b0, b1, b2
		v0[i], v1[i], v2[i] = byte(a0), byte(a1), byte(a2)
		px[i] = uint32(a0)<<8 | uint32(byte(a1+a0-128))<<16 | uint32(byte(a2+a0-128))
	}
	p.cur, p.up = p.up, p.cur
}

// signed undoes zigzag.
func signed(z byte) int { return int(z>>1) ^ -int(z&1) }
