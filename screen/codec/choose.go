package codec

import "image"

// How a tile is said: known shapes in other colours RECOLOUR, one colour FILL, up to
// four PACK, a picture EXACT or BITS, all else WORDS. The rule for pictures was found on
// real screens: of 3570 tiles with text none, of 1530 of photographs all but 46 smooth ones
// are pictures.
// Both ways are exact, so a wrong choice costs bytes only.

// choose brings what is known about a located tile up to date.
func (e *Encoder) choose(c *coder, i int) {
	t := &e.tiles[i]
	if t.known && t.kind != kindCache { // a slot is good for one frame
		return
	}
	if e.recall(i) {
		return
	}
	t.known = true
	n := fewColours(e.want, t.box, &t.cols)
	if n == 1 {
		t.kind = kindFill
		return
	}
	box, picture := t.box, false
	t.box, t.many = e.grid.align(box), false
	if t.n = fewColours(e.want, t.box, &t.cols); t.n > len(t.cols) {
		picture, t.many = c.stats.picture(e.want, t.box)
	}
	switch {
	case !(picture && t.many) && e.recolour(c, i, box, n <= len(t.cols)):
		t.kind, t.box = kindRecolour, box
	case t.n <= len(t.cols):
		t.kind = kindPack
	case picture:
		t.kind, t.box = kindExact, box
	default:
		t.kind = kindWords
	}
}

const noColour = 0xffffffff

// fewColours collects the colours of p inside box, in the order of their first
// pixels; unused places get a value that is no colour. It returns how many there
// are, at most 5: then cols is of no use.
func fewColours(p *Picture, box image.Rectangle, cols *[4]uint32) int {
	n := 1
	last := p.Row(box.Min.Y)[box.Min.X]
	*cols = [4]uint32{last, noColour, noColour, noColour}
	var before []uint32
	for y := box.Min.Y; y < box.Max.Y; y++ {
		row := p.Row(y)[box.Min.X:box.Max.X]
		if before != nil && equalRow(row, before) {
			continue
		}
		before = row
		for _, c := range row {
			if c == last {
				continue
			}
			last = c
			if !contains(cols, n, c) {
				if n == len(cols) {
					return n + 1
				}
				cols[n] = c
				n++
			}
		}
	}
	return n
}

func contains(cols *[4]uint32, n int, c uint32) bool {
	for i := range n {
		if cols[i] == c {
			return true
		}
	}
	return false
}

// colourCount counts the different colours of a tile in a small hash table that
// need not be cleared: an entry is valid if its upper byte is the tile's number.
type colourCount struct {
	seen  [256]uint32
	epoch uint32
}

const (
	manyColours = 48 // above: a photograph if neighbours differ, too
	iconColours = 96 // above: an icon if hardly a colour comes twice; text has them again
	sampled     = 16 // rows of a tile that are looked at
)

// picture says whether the pixels inside box look like a photograph, a drawing or an icon
// rather than text, and whether there are many colours; not of an icon, which may have
// text around it.
func (s *colourCount) picture(p *Picture, box image.Rectangle) (picture, many bool) {
	pairs, equal, small := 0, 0, 0
	step := max(1, box.Dy()/sampled)
	for y := box.Min.Y; y < box.Max.Y; y += step {
		row := p.Row(y)[box.Min.X:box.Max.X]
		left, last := row[0], spread(row[0])
		for _, c := range row[1:] {
			if c == left {
				equal++
				continue
			}
			now := spread(c)
			small += near(now, last)
			left, last = c, now
		}
		pairs += len(row) - 1
	}
	many = s.count(p, box, step, manyColours+1) > manyColours
	if 10*small > 6*(pairs-equal) || (many && 100*equal < 35*pairs) {
		return true, many
	}
	if !many {
		return false, false
	}
	n := s.count(p, box, step, pairs)
	return n > iconColours && 10*n > 9*(pairs-equal), false
}

// count counts the colours of every step'th row inside box, but for its first pixel, until
// there are enough.
func (s *colourCount) count(p *Picture, box image.Rectangle, step, enough int) (n int) {
	if s.epoch += 1 << 24; s.epoch == 0 {
		s.epoch = 1 << 24
		clear(s.seen[:])
	}
	for y := box.Min.Y; y < box.Max.Y; y += step {
		row := p.Row(y)[box.Min.X:box.Max.X]
		left := row[0]
		for _, c := range row[1:] {
			if c == left {
				continue
			}
			left = c
			if slot := &s.seen[c*0x9e3779b1>>24]; *slot != c|s.epoch {
				*slot = c | s.epoch
				if n++; n == enough {
					return n
				}
			}
		}
	}
	return n
}

// near returns 1 if no channel of two colours, which are spread, differs by more than 16.
func near(a, b uint64) int {
	const one = 1 | 1<<20 | 1<<40 // each channel has a lane of 20 bits
	d := a - b + one*(512+16)
	if d&(one*512) == one*512 && (d+one*(1024-512-33))&(one*1024) == 0 { // 512 ≤ d ≤ 512+32
		return 1
	}
	return 0
}

func spread(c uint32) uint64 {
	return uint64(c&0xff) | uint64(c&0xff00)<<12 | uint64(c&0xff0000)<<24
}
