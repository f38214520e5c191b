package codec

import (
	"encoding/binary"
	"image"
	"math/bits"
	"slices"
)

// EXACT: residuals by adaptive Rice codes. A residual's context is how large
// those around it are, in octaves; each context knows its mean and thereby how
// many low bits are worth sending as they are. Where all around is zero, runs of
// zeros are counted, by the run mode of JPEG-LS (ITU-T T.87, A.7) simplified.
//
// A slice is a string of bits, the first one being the lowest of the first byte,
// with zeros up to the last byte's end. It has, row by row, the residuals (as
// numbered in planes.go) of green, red, blue. For each plane:
//
//	s = 2 left + 2 up + upper right                         residuals of this plane
//	    + 2 green (red plane), + green + red (blue plane)   residuals of this pixel
//
// where what is outside of the box counts as 0. The context is the number of bits
// of s. Each context has a mean, at first 24 << context, and k, the number of bits
// of (mean · 9363) >> 22. A number z is coded as z >> k zeros, a one, the low k bits of
// z; or, if that would be 12 zeros or more, as 12 zeros and z in 8 bits. After it,
// mean += (256 z - mean) >> 5, rounded down, and k follows.
//
// If s > 0, z is the residual. If s = 0, a run of zero residuals begins here, with
// this one (it may be empty), and ends at the row's end or before a residual that
// is not zero, r: then z = r - 1 follows, in context 0. Each plane has a number R, at first 4,
// 0 … 48. As long as 1 << (R/4) zeros are left of the run: a one, and R grows by 1.
// Then, if the row has ended: a one if zeros are left, else nothing. If it has not:
// a zero, what is left in R/4 bits, and R shrinks by 1.

const (
	contexts  = 12 // octaves of the sum of neighbours, at most 7 · 255
	escape    = 12 // zeros before a residual that is sent as 8 bits
	firstMean = 24 // of the first context, in 1/256; twice as much for each one after it
	maxRunLog = 12 // of the longest run that one bit says
)

// rice is the state of one plane's coder.
type rice struct {
	ctx [contexts]riceContext
	run int // four times the logarithm of the expected run
}

type riceContext struct {
	mean uint32 // of the residuals, in 1/256
	k    uint32 // low bits
}

func (r *rice) reset() {
	for i := range r.ctx {
		r.ctx[i].set(firstMean << min(i, 11))
	}
	r.run = 4
}

// learn moves the mean by 1/32 of its distance to z.
func (c *riceContext) learn(z uint32) {
	c.set(c.mean + uint32(int32(z<<8-c.mean)>>5))
}

func (c *riceContext) set(mean uint32) {
	c.mean = mean
	c.k = uint32(bits.Len32(mean * 9363 >> 22)) // of mean / 448, that is 1.75: found by trial on photographs
}

func (r *rice) longer()  { r.run = min(r.run+1, 4*maxRunLog) }
func (r *rice) shorter() { r.run = max(r.run-1, 0) }

// surround fills p.around for the row of plane ch: what the context of a residual
// gets from the row above and from the planes before it. The left neighbour's
// part is added when it is known.
func (p *planes) surround(ch, w int) {
	t, up, next := p.around[:w], p.old[ch][:w], p.old[ch][1:w+1]
	switch g, r := p.res[0][:w], p.res[1][:w]; ch {
	case 0:
		for x := range t {
			t[x] = 2*uint16(up[x]) + uint16(next[x])
		}
	case 1:
		for x := range t {
			t[x] = 2*uint16(up[x]) + uint16(next[x]) + 2*uint16(g[x])
		}
	case 2:
		for x := range t {
			t[x] = 2*uint16(up[x]) + uint16(next[x]) + uint16(g[x]) + uint16(r[x])
		}
	}
}

// startRice begins an EXACT slice.
func (p *planes) startRice(w int) {
	p.start(w)
	for ch := range p.rice {
		p.rice[ch].reset()
		if len(p.old[ch]) < len(p.res[ch]) {
			p.old[ch] = make([]byte, len(p.res[ch]))
		}
		clear(p.old[ch])
	}
	if len(p.around) < w {
		p.around = make([]uint16, w)
	}
}

// appendExact appends a slice: for each row its three planes, one after another.
func (p *planes) appendExact(dst []byte, pic *Picture, box image.Rectangle) []byte {
	w := box.Dx()
	p.startRice(w)
	out := bitWriter{b: dst, n: len(dst)}
	for y := box.Min.Y; y < box.Max.Y; y++ {
		p.predict(pic.Pix[y*pic.Stride+box.Min.X:][:w])
		out.grow(3 * rowBytes(w))
		for ch := range p.res {
			p.surround(ch, w)
			p.rice[ch].write(&out, p.res[ch][:w], p.around)
		}
		p.res, p.old = p.old, p.res
	}
	return out.finish()
}

// rowBytes is more than a row of a plane takes: no residual, a broken run before
// it included, takes more than 1 + maxRunLog + escape + 8 bits.
func rowBytes(w int) int { return (w*(1+maxRunLog+escape+8)+7)/8 + 16 }

// write appends a row of residuals.
func (r *rice) write(out *bitWriter, res []byte, around []uint16) {
	b, pos, acc, have := out.b, out.n, out.acc, out.len
	left := uint32(0)
	around = around[:len(res)]
	for x := 0; x < len(res); x++ {
		s := 2*left + uint32(around[x])
		z := uint32(res[x])
		left = z
		if s == 0 {
			run := x
			for x < len(res) && res[x] == 0 {
				x++
			}
			out.n, out.acc, out.len = pos, acc, have
			r.writeRun(out, x-run, x == len(res))
			pos, acc, have = out.n, out.acc, out.len
			if x == len(res) {
				break
			}
			left = uint32(res[x])
			z = left - 1
		}
		c := &r.ctx[bits.Len32(s)%contexts]
		k := c.k & 31
		q := z >> k
		code, n := (uint64(z)&(1<<k-1)<<1|1)<<(q&63), q+1+k
		if q >= escape {
			code, n = uint64(z)<<escape, escape+8
		}
		acc |= code << (have & 63) // as put
		have += uint(n)
		binary.LittleEndian.PutUint64(b[pos:], acc)
		pos += int(have >> 3)
		acc >>= have & 56
		have &= 7
		c.learn(z)
	}
	out.n, out.acc, out.len = pos, acc, have
}

// writeRun appends the length of a run of zeros: a one for each expected run
// that it fills, or that the row's end cuts short, else a zero and the rest.
func (r *rice) writeRun(out *bitWriter, n int, end bool) {
	for n >= 1<<(r.run/4) {
		n -= 1 << (r.run / 4)
		out.put(1, 1)
		r.longer()
	}
	if end {
		if n > 0 {
			out.put(1, 1)
		}
		return
	}
	out.put(uint64(n)<<1, uint(1+r.run/4))
	r.shorter()
}

// readExact sets pic's pixels inside box from the slice b, all of which must be
// used.
func (p *planes) readExact(b []byte, pic *Picture, box image.Rectangle) error {
	w := box.Dx()
	p.startRice(w)
	pad := 3*rowBytes(w) + 8
	p.in = append(slices.Grow(p.in[:0], len(b)+pad), b...)
	p.in = p.in[:len(b)+pad]
	clear(p.in[len(b):])
	in := bitReader{b: p.in}
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for ch := range p.res {
			p.surround(ch, w)
			if !p.rice[ch].read(&in, p.res[ch][:w], p.around) {
				return badFrame("exact slice with a run beyond its row")
			}
		}
		if in.at() > 8*len(b) {
			return badFrame("exact slice of %d bytes is cut off", len(b))
		}
		p.res, p.old = p.old, p.res
		p.restore(pic.Pix[y*pic.Stride+box.Min.X:][:w], &p.old)
	}
	if left := 8*len(b) - in.at(); left > 7 {
		return badFrame("exact slice has %d bits too many", left)
	}
	return nil
}

// read reads a row of residuals. It returns false if a run does not fit. The hot
// loop of slow lines: in's fields are locals, since the next residual waits for
// the bits of this one.
func (r *rice) read(in *bitReader, res []byte, around []uint16) bool {
	b, pos, acc, have := in.b, in.n, in.acc, in.len
	left := uint32(0)
	around = around[:len(res)]
	for x := 0; x < len(res); x++ {
		s := 2*left + uint32(around[x])
		one := uint32(0)
		if s == 0 {
			in.n, in.acc, in.len = pos, acc, have
			n := r.readRun(in, len(res)-x)
			pos, acc, have = in.n, in.acc, in.len
			if n < 0 {
				return false
			}
			clear(res[x : x+n])
			if x += n; x == len(res) {
				break
			}
			one = 1
		}
		acc |= binary.LittleEndian.Uint64(b[pos:]) << (have & 63) // as fill
		pos += int((63 - have) >> 3)
		have |= 56
		c := &r.ctx[bits.Len32(s)%contexts]
		k := c.k & 31
		q := uint32(bits.TrailingZeros64(acc | 1<<escape))
		z, n := q<<k|uint32(acc>>((q+1)&63))&(1<<k-1), q+1+k
		if q == escape {
			z, n = uint32(acc>>escape)&255, escape+8
		}
		acc >>= n & 63
		have -= uint(n)
		c.learn(z)
		left = (z + one) & 255
		res[x] = byte(left)
	}
	in.n, in.acc, in.len = pos, acc, have
	return true
}

// readRun reads the length of a run of zeros that ends within room pixels; -1 if
// it does not.
func (r *rice) readRun(in *bitReader, room int) int {
	n := 0
	for {
		in.fill()
		if in.acc&1 == 0 {
			k := r.run / 4
			n += int(in.acc>>1) & (1<<k - 1)
			in.skip(uint(1 + k))
			r.shorter()
			if n >= room {
				return -1 // a pixel that is not zero follows
			}
			return n
		}
		in.skip(1)
		n += 1 << (r.run / 4)
		if n > room { // the row's end cuts the run
			return room
		}
		r.longer()
		if n == room {
			return room
		}
	}
}
