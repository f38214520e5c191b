package codec

import "image"

// A WAVE's block: up to 128 x 128 pixels as brightness and two colour differences
// of half the width and height, each in four strips (lift.go).

const (
	blockMax    = 128
	waveSamples = blockMax * blockMax / 4 // words of a block's largest plane
)

// block has room for the planes of one block.
type block struct {
	y, co, cg strips
	room      [waveSamples * 3 / 2]uint64
	mid       [blockMax / 2]uint64
	fine      [2][blockMax]uint64
	pad       [8][blockMax]uint32 // rows that are cut, made longer
	grey      [blockMax]uint32    // what is predicted where nothing is
}

// blockLevels returns how often a block of h rows is split. Its strips have
// 1 << levels rows.
func blockLevels(h int) int {
	switch {
	case h > blockMax/2:
		return 5
	case h > blockMax/4:
		return 4
	}
	return 3
}

// shape prepares the planes for w x h pixels over the words in room.
func (b *block) shape(w, h int, room []uint64) []uint64 {
	if b.grey[0] == 0 {
		for x := range b.grey {
			b.grey[x] = 0x808080
		}
	}
	l := blockLevels(h)
	rows := 1 << l
	w = (w + rows - 1) &^ (rows - 1)
	cut := func(w, rows, levels int) strips {
		s := strips{room[:w*rows], w, rows, levels}
		room = room[w*rows:]
		return s
	}
	b.y = cut(w, rows, l)
	b.co, b.cg = cut(w/2, rows/2, l-1), cut(w/2, rows/2, l-1)
	return room
}

// blocksOf calls f for the blocks of box, from left to right and top to bottom.
func blocksOf(box image.Rectangle, f func(r image.Rectangle)) {
	for y := box.Min.Y; y < box.Max.Y; y += blockMax {
		for x := box.Min.X; x < box.Max.X; x += blockMax {
			f(image.Rect(x, y, min(x+blockMax, box.Max.X), min(y+blockMax, box.Max.Y)))
		}
	}
}

// paddedArea returns how many pixels the blocks of box have with those that repeat
// their edges.
func paddedArea(box image.Rectangle) int { return paddedWords(box) / 3 * 8 }

// paddedWords returns how many words the planes of the blocks of box take in all.
func paddedWords(box image.Rectangle) (n int) {
	for y := box.Min.Y; y < box.Max.Y; y += blockMax {
		rows := 1 << blockLevels(min(blockMax, box.Max.Y-y))
		w := box.Dx() / blockMax * blockMax
		w += (box.Dx() - w + rows - 1) &^ (rows - 1)
		n += w * rows * 3 / 2
	}
	return n
}

// load fills the planes with what p's pixels inside r differ from q's, or from grey where
// q is nil. What is outside of r repeats its edge. Brightness is (R + 2 G + B) / 4, the
// colours are means of four pixels: R - B and G - (R + B) / 2.
func (b *block) load(p, q *Picture, r image.Rectangle) {
	for i := range b.y.rows {
		rows, old := b.source(p, r, i, 0), b.source(q, r, i, 4)
		co, cg := b.co.row(i/2), b.cg.row(i/2)
		if i%2 == 0 {
			for x := range co {
				co[x], cg[x] = 0x8002*laneOnes, 0x8004*laneOnes
			}
		}
		loadRow(b.y.row(i), co, cg, rows, old)
		if i%2 == 1 {
			for x := range co {
				co[x] = co[x] >> 2 & (0x3fff * laneOnes)
				cg[x] = cg[x]>>3&(0x1fff*laneOnes) + laneBias/2
			}
		}
	}
}

// loadRow sets a row of y and adds to the sums in co and cg. What lanes borrow from each
// other on the way they have back where something is added that makes all of them positive.
func loadRow(y, co, cg []uint64, rows, old [4][]uint32) {
	n := len(y)
	p0, p1, p2, p3 := rows[0][:n], rows[1][:n], rows[2][:n], rows[3][:n]
	o0, o1, o2, o3 := old[0][:n], old[1][:n], old[2][:n], old[3][:n]
	for x := 0; x+1 < n; x += 2 {
		var so, sg uint64
		for j := x; j < x+2; j++ {
			red, green, blue := channels(p0[j], p1[j], p2[j], p3[j])
			r, g, b := channels(o0[j], o1[j], o2[j], o3[j])
			red, green, blue = red-r, green-g, blue-b
			y[j] = (red+2*green+blue+(4*256+1)*laneOnes)>>2&(0x3fff*laneOnes) + (0x2000-256)*laneOnes
			so += red - blue
			sg += 2*green - red - blue
		}
		co[x/2] += so
		cg[x/2] += sg
	}
}

// channels returns those of four pixels in lanes.
func channels(p0, p1, p2, p3 uint32) (red, green, blue uint64) {
	a, b := uint64(p0)|uint64(p2)<<32, uint64(p1)|uint64(p3)<<32
	return a>>16&lowBytes | b&(lowBytes<<16), a>>8&lowBytes | b<<8&(lowBytes<<16), a&lowBytes | b&lowBytes<<16
}

// source returns row i of each strip, as long as the plane; grey if p is nil.
func (b *block) source(p *Picture, r image.Rectangle, i, room int) (rows [4][]uint32) {
	for k := range rows {
		if p == nil {
			rows[k] = b.grey[:b.y.w]
			continue
		}
		y := min(r.Min.Y+k*b.y.rows+i, r.Max.Y-1)
		px := p.Row(y)[r.Min.X:r.Max.X]
		if len(px) < b.y.w {
			pad := b.pad[room+k][:b.y.w]
			n := copy(pad, px)
			for x := n; x < len(pad); x++ {
				pad[x] = px[n-1]
			}
			px = pad
		}
		rows[k] = px
	}
	return rows
}

// store sets p's pixels inside r to the sum of q's, or of grey where q is nil, and the
// planes. some: what of these is not zero.
func (b *block) store(p, q *Picture, r image.Rectangle, some *[3]bandSet) {
	var colours [2][]uint64
	for k := range colours {
		colours[k] = b.fine[k][:b.y.w]
		if some[1+k] == 0 {
			for x := range colours[k] {
				colours[k][x] = laneBias
			}
		}
	}
	for i := range b.y.rows {
		rows, old := b.target(p, r, i, 0), b.target(q, r, i, 4)
		if some[1] != 0 {
			b.smooth(colours[0], &b.co, i)
		}
		if some[2] != 0 {
			b.smooth(colours[1], &b.cg, i)
		}
		storeRow(b.y.row(i), colours[0], colours[1], old, rows)
	}
}

// target returns row i of each strip, as long as r is wide; grey if p is nil. What is below
// r goes nowhere.
func (b *block) target(p *Picture, r image.Rectangle, i, room int) (rows [4][]uint32) {
	for k := range rows {
		y := r.Min.Y + k*b.y.rows + i
		switch {
		case p == nil:
			rows[k] = b.grey[:r.Dx()]
		case y < r.Max.Y:
			rows[k] = p.Row(y)[r.Min.X:r.Max.X]
		default:
			rows[k] = b.pad[room+k][:r.Dx()]
		}
	}
	return rows
}

// smooth sets out to row i of a plane of colours at the height and width of brightness:
// each mean stands in the middle of its four pixels, what lies between is
// interpolated.
func (b *block) smooth(out []uint64, s *strips, i int) {
	near := s.row(i / 2)
	mid := b.mid[:len(near)]
	switch j := i/2 - 1 + i%2*2; {
	case j < 0: // above a strip's first row is the last one of the strip before
		for x, v := range s.row(s.rows - 1) {
			mid[x] = mix(near[x], v<<16|near[x]&0xffff)
		}
	case j == s.rows:
		for x, v := range s.row(0) {
			mid[x] = mix(near[x], v>>16|near[x]&topLane)
		}
	default:
		for x, v := range s.row(j) {
			mid[x] = mix(near[x], v)
		}
	}
	left := mid[0]
	for x, v := range mid {
		right := v
		if x+1 < len(mid) {
			right = mid[x+1]
		}
		out[2*x], out[2*x+1] = mixUp(v, left), mixUp(v, right)
		left = v
	}
}

// mix returns (3 a + b + 1) >> 2 of biased lanes, mixUp (3 a + b + 2) >> 2.
func mix(a, b uint64) uint64   { return (3*a + b + laneOnes) >> 2 & (0x3fff * laneOnes) }
func mixUp(a, b uint64) uint64 { return (3*a + b + 2*laneOnes) >> 2 & (0x3fff * laneOnes) }

// storeRow writes the pixels of one row of each strip.
func storeRow(y, co, cg []uint64, old, rows [4][]uint32) {
	n := len(rows[0])
	y, co, cg = y[:n], co[:n], cg[:n]
	p0, p1, p2, p3 := rows[0][:n], rows[1][:n], rows[2][:n], rows[3][:n]
	o0, o1, o2, o3 := old[0][:n], old[1][:n], old[2][:n], old[3][:n]
	for x, v := range y {
		o, g := co[x], cg[x]
		if v == laneBias && o == laneBias && g == laneBias {
			p0[x], p1[x], p2[x], p3[x] = o0[x], o1[x], o2[x], o3[x]
			continue
		}
		red, green, blue := channels(o0[x], o1[x], o2[x], o3[x])
		t := v + 0x1000*laneOnes - g>>1&(0x7fff*laneOnes)
		up := t + laneBias/2 - (o+laneOnes)>>1&(0x7fff*laneOnes)
		green += t + g - laneBias
		blue += up
		red += up + o - laneBias
		if ((red^laneBias)|(green^laneBias)|(blue^laneBias))&(0xff00*laneOnes) != 0 {
			red, green, blue = clampLanes(red), clampLanes(green), clampLanes(blue)
		}
		a := red&lowBytes<<16 | green&lowBytes<<8 | blue&lowBytes
		b := red&(lowBytes<<16) | green>>8&(lowBytes<<8) | blue>>16&lowBytes
		p0[x], p1[x], p2[x], p3[x] = uint32(a), uint32(b), uint32(a>>32), uint32(b>>32)
	}
}

// clampLanes returns biased lanes limited to 0 … 255, without the bias.
func clampLanes(v uint64) uint64 {
	negative := laneOnes &^ (v >> 13)
	large := (v>>8&(0x1f*laneOnes) + 0x7fff*laneOnes) >> 15 & laneOnes
	return (v | large*0xff) & (0xff * laneOnes) &^ (negative * 0xff)
}
