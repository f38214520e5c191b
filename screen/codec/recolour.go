package codec

import (
	"encoding/binary"
	"image"
)

// RECOLOUR: what is selected, hovered, dimmed or loses the focus keeps its shapes and
// gets other colours. Both ends have the shapes already; so the op is a list of
// colours, and each old one becomes one new one wherever it stands in the box. Both
// ends keep the pairs for the next op: a selection grows line by line.

const (
	maxRecolour  = 4096 // pairs: no tile has more
	recolourBits = 14   // of the table
)

// recolouring maps colours, in the order in which they were met: row by row of one
// tile after another.
type recolouring struct {
	from, to []uint32
	slot     [1 << recolourBits]uint16 // by hash, then the next free one: 1 + the place in from
}

// find returns the slot of c or the one in which it would be.
func (m *recolouring) find(c uint32) *uint16 {
	for i := c * 0x9e3779b1 >> (32 - recolourBits); ; i = (i + 1) % (1 << recolourBits) {
		if s := &m.slot[i]; *s == 0 || m.from[*s-1] == c {
			return s
		}
	}
}

// cut forgets all but the first n colours, the newest first, as probing calls for.
func (m *recolouring) cut(n int) {
	for last := len(m.from) - 1; last >= n; last-- {
		*m.find(m.from[last]) = 0
		m.from, m.to = m.from[:last], m.to[:last]
	}
}

// add says whether c may become to.
func (m *recolouring) add(c, to uint32) bool {
	s := m.find(c)
	if *s > 0 {
		return m.to[*s-1] == to
	}
	if len(m.from) == maxRecolour {
		return false
	}
	m.from, m.to = append(m.from, c), append(m.to, to)
	*s = uint16(len(m.from))
	return true
}

// learn adds what makes old's pixels inside box, which lies in one tile, new's. It
// returns false, and has learnt nothing, if no map does.
func (m *recolouring) learn(old, new *Picture, box image.Rectangle) bool {
	before := len(m.from)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		p, q := old.Row(y)[box.Min.X:box.Max.X], new.Row(y)[box.Min.X:box.Max.X]
		c, to := uint32(noColour), uint32(noColour)
		for x := range p {
			if p[x] == c && q[x] == to {
				continue
			}
			if c, to = p[x], q[x]; !m.add(c, to) {
				m.cut(before)
				return false
			}
		}
	}
	return true
}

// draw gives p's pixels inside box other colours: those that have no pair yet get the
// next one of list, 3 bytes each. All of list must be of use.
func (m *recolouring) draw(p *Picture, box image.Rectangle, list []byte) error {
	for x0 := box.Min.X; x0 < box.Max.X; {
		x1 := min(x0&^(tileSide-1)+tileSide, box.Max.X)
		for y := box.Min.Y; y < box.Max.Y; y++ {
			row := p.Row(y)[x0:x1]
			c, to := uint32(noColour), uint32(noColour)
			for x, v := range row {
				if v != c {
					s := m.find(v)
					if *s == 0 {
						if len(list) == 0 || !m.add(v, getColour(list)) {
							return badFrame("recolour with too few colours, or too many")
						}
						list = list[3:]
					}
					c, to = v, m.to[*s-1]
				}
				row[x] = to
			}
		}
		x0 = x1
	}
	if len(list) > 0 {
		return badFrame("recolour with %d colours to spare", len(list)/3)
	}
	return nil
}

// recolour says whether tile i, whose box is what differs, is best said by other
// colours for what the viewer has there: 16 pixels of text take about a byte.
func (e *Encoder) recolour(m *recolouring, i int) bool {
	t := &e.tiles[i]
	if t.rough.Overlaps(t.box) { // the viewer has other pixels than e.have
		return false
	}
	m.cut(0)
	return m.learn(e.have, e.want, t.box) && 3*len(m.from)+8 < area(t.box)/2
}

// begin starts the run r, a tile of which is said by other colours.
func (e *Encoder) begin(r *run) {
	m := &e.other
	r.paired = len(m.from)
	if !m.learn(e.have, e.want, r.box) {
		m.cut(0)
		r.paired = -1
		m.learn(e.have, e.want, r.box)
	}
}

// appendRecolour appends what of a run's pairs the viewer does not have.
func (e *Encoder) appendRecolour(dst []byte, r *run) []byte {
	list := e.other.to[max(r.paired, 0):]
	head := uint64(2 * len(list))
	if r.paired < 0 {
		head++
	}
	dst = binary.AppendUvarint(dst, head)
	for _, c := range list {
		dst = appendColour(dst, c)
	}
	return dst
}
