package codec

import (
	"encoding/binary"
	"image"
	"slices"
)

// BITS: residuals in groups of 8, each with as many bits as its largest needs. For
// fast lines: a fifth more bytes than EXACT in a tenth of the time, since all is
// done to eight pixels at once (lanes.go) in both directions.
//
// A pixel's three bytes are those of planes.go. Each is predicted from the row
// above alone, in one of two ways, which the slice's first byte names: 0, by the
// byte above; 1, by ((l + r) / 2 + a) / 2, rounded down each time, of the byte
// above and its neighbours left and right. Above the slice's box all bytes are 0;
// beyond its sides they are those at the edge. Noise in what is predicted from adds
// to the residual's, so on a fast line one neighbour does better than MED's three.
//
// A group is 8 residuals, numbered 0, -1, 1, -2 …, of one plane and row; past the
// row's end the last pixel is repeated. Groups follow row by row, from left to right,
// of each 8 pixels green, red, blue. After the first byte a slice has the widths of
// all groups, 0 … 8, 4 bits each, the first one in the low bits; then the groups,
// width bytes each: the residuals in width bits, the first one lowest.

const groupLen = 8 // residuals of one width

const (
	fromAbove = iota // how a row is predicted
	fromThree
)

// bitRows holds two rows of a slice's planes by eight pixels: word lead + i has the
// bytes of pixels 8 i … of green, red and blue.
type bitRows struct {
	cur, up [3][]byte
	px      []uint32 // a row whose length is no multiple of 8, made longer
}

// begin makes room for rows of n groups; what is above the first one is zero.
func (b *bitRows) begin(n int) {
	size := lead + n*groupLen + lead
	for i := range b.cur {
		if len(b.cur[i]) < size {
			b.cur[i], b.up[i] = make([]byte, size), make([]byte, size)
		}
		clear(b.up[i][:size])
	}
	if len(b.px) < n*groupLen {
		b.px = make([]uint32, n*groupLen)
	}
}

// row returns px, made longer to n groups.
func (b *bitRows) row(px []uint32, n int) []uint32 {
	if len(px) == n*groupLen {
		return px
	}
	row := b.px[:n*groupLen]
	for i := copy(row, px); i < len(row); i++ {
		row[i] = px[len(px)-1]
	}
	return row
}

// next makes the current row the one above the next, whose n groups need neighbours
// beyond their ends.
func (b *bitRows) next(n int) {
	b.cur, b.up = b.up, b.cur
	for _, up := range b.up {
		up[lead-1], up[lead+n*groupLen] = up[lead], up[lead+n*groupLen-1]
	}
}

// guessFrom returns the prediction of the eight bytes at up[i] on.
func guessFrom(up []byte, i, how int) uint64 {
	a := binary.LittleEndian.Uint64(up[i:])
	if how == fromAbove {
		return a
	}
	return laneMean(laneMean(binary.LittleEndian.Uint64(up[i-1:]), binary.LittleEndian.Uint64(up[i+1:])), a)
}

// appendBits appends a slice.
func (b *bitRows) appendBits(dst []byte, pic *Picture, box image.Rectangle) []byte {
	n := (box.Dx() + groupLen - 1) / groupLen
	how := b.better(pic, box, n)
	groups := 3 * n * box.Dy()
	at := len(dst) + 1
	data := at + (groups+1)/2
	dst = slices.Grow(dst, data-at+1+groups*groupLen+8)[:data]
	dst[at-1] = byte(how)
	clear(dst[at:])
	widths, out := dst[at:data], dst[data:cap(dst)]
	b.begin(n)
	end, g := 0, 0
	for y := box.Min.Y; y < box.Max.Y; y++ {
		end, g = b.writeRow(b.row(pic.Pix[y*pic.Stride+box.Min.X:][:box.Dx()], n), widths, out, end, g, how)
		b.next(n)
	}
	return dst[:data+end]
}

// writeRow writes the groups of a row, number g on, at out[n] and returns what comes
// after them. The hot loop of fast lines.
func (b *bitRows) writeRow(px []uint32, widths, out []byte, n, g, how int) (int, int) {
	for i := lead; len(px) >= groupLen; i += groupLen {
		green, red, blue := gather((*[groupLen]uint32)(px))
		px = px[groupLen:]
		z0, z1, z2 := zigzag(laneSub(green, guessFrom(b.up[0], i, how))), zigzag(laneSub(red, guessFrom(b.up[1], i, how))), zigzag(laneSub(blue, guessFrom(b.up[2], i, how)))
		w0, w1, w2 := laneWidth(z0), laneWidth(z1), laneWidth(z2)
		b.put(i, green, red, blue)
		at := out[n : n+4*groupLen]
		binary.LittleEndian.PutUint64(at, squeeze(z0, w0))
		binary.LittleEndian.PutUint64(at[w0:], squeeze(z1, w1))
		binary.LittleEndian.PutUint64(at[w0+w1:], squeeze(z2, w2))
		n += w0 + w1 + w2
		if three := w0 | w1<<4 | w2<<8; g&1 == 0 {
			widths[g>>1], widths[g>>1+1] = byte(three), byte(three>>8)
		} else {
			widths[g>>1] |= byte(three << 4)
			widths[g>>1+1] = byte(three >> 4)
		}
		g += 3
	}
	return n, g
}

// put sets eight pixels of the current row.
func (b *bitRows) put(i int, green, red, blue uint64) {
	binary.LittleEndian.PutUint64(b.cur[0][i:], green)
	binary.LittleEndian.PutUint64(b.cur[1][i:], red)
	binary.LittleEndian.PutUint64(b.cur[2][i:], blue)
}

// better returns which prediction needs fewer bits, by one row in eight.
func (b *bitRows) better(pic *Picture, box image.Rectangle, n int) int {
	b.begin(n)
	var sum [2]int
	for y := box.Min.Y + 1; y < box.Max.Y; y += 8 {
		above := b.row(pic.Pix[(y-1)*pic.Stride+box.Min.X:][:box.Dx()], n)
		for x := 0; x < len(above); x += groupLen {
			green, red, blue := gather((*[groupLen]uint32)(above[x:]))
			b.put(lead+x, green, red, blue)
		}
		b.next(n)
		row := b.row(pic.Pix[y*pic.Stride+box.Min.X:][:box.Dx()], n)
		for x := 0; x < len(row); x += groupLen {
			green, red, _ := gather((*[groupLen]uint32)(row[x:])) // blue is like red
			for how := range sum {
				sum[how] += laneWidth(zigzag(laneSub(green, guessFrom(b.up[0], lead+x, how)))) + 2*laneWidth(zigzag(laneSub(red, guessFrom(b.up[1], lead+x, how))))
			}
		}
	}
	if sum[fromThree] < sum[fromAbove] {
		return fromThree
	}
	return fromAbove
}

// readBits sets the pixels of pic inside box from the slice s, all of which must
// be used.
func (b *bitRows) readBits(s []byte, pic *Picture, box image.Rectangle) error {
	n := (box.Dx() + groupLen - 1) / groupLen
	groups := 3 * n * box.Dy()
	if len(s) < 1+(groups+1)/2 || s[0] > fromThree {
		return badFrame("bits slice of %d bytes for %d groups", len(s), groups)
	}
	how, widths, data := int(s[0]), s[1:1+(groups+1)/2], s[1+(groups+1)/2:]
	if err := checkWidths(widths, groups, len(data)); err != nil {
		return err
	}
	b.begin(n)
	g := 0
	for y := box.Min.Y; y < box.Max.Y; y++ {
		px := pic.Pix[y*pic.Stride+box.Min.X:][:box.Dx()]
		row := px
		if len(px) != n*groupLen {
			row = b.px[:n*groupLen]
		}
		data, g = b.readRow(row, widths, data, g, how)
		copy(px, row)
		b.next(n)
	}
	return nil
}

// readRow undoes writeRow. It returns what is left of data.
func (b *bitRows) readRow(px []uint32, widths, data []byte, g, how int) ([]byte, int) {
	for i := lead; len(px) >= groupLen; i += groupLen {
		three := int(widths[g>>1]) | int(widths[g>>1+1])<<8
		three >>= 4 * (g & 1)
		w0, w1, w2 := three&15, three>>4&15, three>>8&15
		g += 3
		z0, z1, z2 := load64(data), load64(data[w0:]), load64(data[w0+w1:])
		data = data[w0+w1+w2:]
		green := laneAdd(unzigzag(stretch(z0, w0)), guessFrom(b.up[0], i, how))
		red := laneAdd(unzigzag(stretch(z1, w1)), guessFrom(b.up[1], i, how))
		blue := laneAdd(unzigzag(stretch(z2, w2)), guessFrom(b.up[2], i, how))
		b.put(i, green, red, blue)
		scatter((*[groupLen]uint32)(px), green, red, blue)
		px = px[groupLen:]
	}
	return data, g
}

// checkWidths makes sure that the groups use n bytes, so that the loop above
// need not look.
func checkWidths(widths []byte, groups, n int) error {
	sum := 0
	for g := range groups {
		w := int(widths[g>>1]>>(4*(g&1))) & 15
		if w > 8 {
			return badFrame("bits group of width %d", w)
		}
		sum += w
	}
	if sum != n {
		return badFrame("bits slice has %d bytes, its widths want %d", n, sum)
	}
	return nil
}

// load64 reads up to 8 bytes, as if zeros followed the last one.
func load64(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.LittleEndian.Uint64(b)
	}
	v := uint64(0)
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v
}
