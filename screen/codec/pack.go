package codec

import "image"

// PACK: at most four colours, so 1 or 2 bits for a pixel. The bits stand in
// columns of 8 rows, as words do, so that LZ4 finds a glyph again at any x.

// appendPack appends the indices of p's pixels inside box, which all are among
// the first n of cols.
func appendPack(dst []byte, p *Picture, box image.Rectangle, n int, cols *[4]uint32) []byte {
	if n <= 2 {
		return appendPack1(dst, p, box, cols[1])
	}
	return appendPack2(dst, p, box, cols)
}

func appendPack1(dst []byte, p *Picture, box image.Rectangle, one uint32) []byte {
	var acc [tileSide]byte
	return packBands(dst, p, box, func(dst []byte, x, y, n, h int) []byte {
		a := acc[:n]
		clear(a)
		for i := range h {
			bit := byte(1) << i
			for j, c := range p.Pix[(y+i)*p.Stride+x:][:n] {
				b := byte(0)
				if c == one {
					b = bit
				}
				a[j] |= b
			}
		}
		return append(dst, a...)
	})
}

func appendPack2(dst []byte, p *Picture, box image.Rectangle, cols *[4]uint32) []byte {
	var acc [tileSide]uint16
	c1, c2, c3 := cols[1], cols[2], cols[3]
	return packBands(dst, p, box, func(dst []byte, x, y, n, h int) []byte {
		a := acc[:n]
		clear(a)
		for i := range h {
			for j, c := range p.Pix[(y+i)*p.Stride+x:][:n] {
				b := uint16(0)
				if c == c1 {
					b = 1
				}
				if c == c2 {
					b = 2
				}
				if c == c3 {
					b = 3
				}
				a[j] |= b << (2 * i)
			}
		}
		for _, v := range a {
			dst = append(dst, byte(v), byte(v>>8))
		}
		return dst
	})
}

// packBands calls f for each piece of box that is at most 64 wide and one band
// high: n x h pixels at x, y.
func packBands(dst []byte, p *Picture, box image.Rectangle, f func(dst []byte, x, y, n, h int) []byte) []byte {
	for y := box.Min.Y; y < box.Max.Y; y += bandRows {
		for x := box.Min.X; x < box.Max.X; x += tileSide {
			dst = f(dst, x, y, min(tileSide, box.Max.X-x), min(bandRows, box.Max.Y-y))
		}
	}
	return dst
}

// unpack sets the pixels of p inside box from the start of b, which is long
// enough, and returns the rest of b.
func unpack(b []byte, p *Picture, box image.Rectangle, n int, cols *[4]uint32) []byte {
	bits, mask := 1, uint(1)
	if n > 2 {
		bits, mask = 2, 3
	}
	w := box.Dx()
	for y := box.Min.Y; y < box.Max.Y; y += bandRows {
		for i := range min(bandRows, box.Max.Y-y) {
			row := p.Pix[(y+i)*p.Stride+box.Min.X:][:w]
			if bits == 1 {
				for j, v := range b[:w] {
					row[j] = cols[uint(v)>>i&mask]
				}
				continue
			}
			for j := range row {
				v := uint(b[2*j]) | uint(b[2*j+1])<<8
				row[j] = cols[v>>(2*i)&mask]
			}
		}
		b = b[bits*w:]
	}
	return b
}
