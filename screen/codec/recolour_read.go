package codec

import "image"

// The viewer's side of RECOLOUR.

// recolourOp is what follows the place of a RECOLOUR.
type recolourOp struct {
	anew    bool
	counts  []byte // of the shades of each new colour, 1 to 4
	list    []byte // the shades, 3 bytes each
	choices []byte
}

func (o *recolourOp) parse(r *reader, pixels int) {
	n := r.uvarint(2*maxRecolour + 1)
	o.anew, o.counts = n%2 == 1, r.bytes(n/2)
	sum := 0
	for _, c := range o.counts {
		r.bad = r.bad || c < 1 || c > mostShades
		sum += int(c)
	}
	if r.bad {
		return
	}
	o.list = r.bytes(3 * sum)
	o.choices = r.bytes(r.uvarint(worstChoice * pixels))
}

// next takes the shades of the next new colour.
func (o *recolourOp) next() (s shades, ok bool) {
	if len(o.counts) == 0 {
		return s, false
	}
	s = oneShade(0)
	s.n, o.counts = int(o.counts[0]), o.counts[1:]
	for i := range s.n {
		s.to[i], o.list = getColour(o.list), o.list[3:]
	}
	return s, true
}

// draw gives p's pixels inside box other colours.
func (m *recolouring) draw(p *Picture, box image.Rectangle, o recolourOp) error {
	if o.anew {
		m.cut(0)
	}
	ok, in := true, choiceReader{interval: interval{0, 1<<32 - 1}, b: o.choices}
	tilesOf(box, func(r image.Rectangle) {
		for y := r.Min.Y; y < r.Max.Y && ok; y++ {
			ok = m.drawRow(p.Row(y)[r.Min.X:r.Max.X], &o, &in)
		}
	})
	if !ok || len(o.counts) > 0 || !in.whole() {
		return badFrame("recolour with colours or choices that are lacking or left over")
	}
	return nil
}

func (m *recolouring) drawRow(row []uint32, o *recolourOp, in *choiceReader) bool {
	for x, c := range row {
		i := *m.find(c)
		if i == 0 {
			s, ok := o.next()
			if !ok || !m.add(c, s) {
				return false
			}
			i = uint16(len(m.from))
		}
		s := &m.to[i-1]
		if row[x] = s.to[0]; s.n > 1 {
			row[x] = s.to[in.get(s)]
		}
	}
	return true
}
