package codec

import (
	"encoding/binary"
	"image"
)

// RECOLOUR: what is selected, hovered, dimmed or loses the focus keeps its shapes and
// gets other colours. Both ends have the shapes already; so the op is a list of
// colours, and each old one becomes a new one wherever it stands in the box. Both
// ends keep the pairs for the next op: a selection grows line by line.
//
// Where edges are smooth, two shades of the new ink may have been one of the old: 255
// steps from the paper to a grey ink are fewer colours than to black. So a colour
// becomes one of up to four (choices.go).

const (
	maxRecolour  = 4096 // old colours: no tile has more
	recolourBits = 14   // of the table
)

// recolouring maps colours, in the order in which they were met: row by row of one
// tile after another.
type recolouring struct {
	from  []uint32
	to    []shades
	slot  [1 << recolourBits]uint16 // by hash, then the next free one: 1 + the place in from
	fixed int                       // so many are known at the other end
	grown []int                     // by learn: colours that got one more shade
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
	m.fixed = min(m.fixed, n)
}

// add notes what c, which has no slot yet, becomes.
func (m *recolouring) add(c uint32, to shades) bool {
	if len(m.from) == maxRecolour {
		return false
	}
	s := m.find(c)
	m.from, m.to = append(m.from, c), append(m.to, to)
	*s = uint16(len(m.from))
	return true
}

// may says whether c may become to, and notes it.
func (m *recolouring) may(c, to uint32) bool {
	at := int(*m.find(c)) - 1
	if at < 0 {
		return m.add(c, oneShade(to))
	}
	s := &m.to[at]
	if s.index(to) >= 0 {
		return true
	}
	if at < m.fixed || s.n == mostShades {
		return false
	}
	s.to[s.n] = to
	s.n++
	m.grown = append(m.grown, at)
	return true
}

// learn adds what makes old's pixels inside box, which lies in one tile, new's. It
// returns false, and has learnt nothing, if nothing does.
func (m *recolouring) learn(old, new *Picture, box image.Rectangle) bool {
	before := len(m.from)
	m.grown = m.grown[:0]
	for y := box.Min.Y; y < box.Max.Y; y++ {
		p, q := old.Row(y)[box.Min.X:box.Max.X], new.Row(y)[box.Min.X:box.Max.X]
		c, to := uint32(noColour), uint32(noColour)
		for x := range p {
			if p[x] == c && q[x] == to {
				continue
			}
			if c, to = p[x], q[x]; !m.may(c, to) {
				for _, at := range m.grown {
					m.to[at].n--
				}
				m.cut(before)
				return false
			}
		}
	}
	return true
}

// size returns how many bytes the list takes for the shades of colours that are not
// in known.
func (m *recolouring) size(known *recolouring) (n int) {
	for i, c := range m.from {
		if *known.find(c) == 0 {
			n += 1 + 3*m.to[i].n
		}
	}
	return n
}

// appendChoices appends which shades the pixels inside box become, and leaves off after
// about most bytes.
func (m *recolouring) appendChoices(dst []byte, old, new *Picture, box image.Rectangle, most int) []byte {
	out := choiceWriter{interval{0, 1<<32 - 1}, dst}
	tilesOf(box, func(r image.Rectangle) {
		for y := r.Min.Y; y < r.Max.Y && len(out.b)-len(dst) <= most; y++ {
			p, q := old.Row(y)[r.Min.X:r.Max.X], new.Row(y)[r.Min.X:r.Max.X]
			for x, c := range p {
				if s := &m.to[*m.find(c)-1]; s.n > 1 {
					out.put(s, s.index(q[x]))
				}
			}
		}
	})
	return out.finish()
}

// tilesOf calls f for the parts of box, which lies in one row of tiles.
func tilesOf(box image.Rectangle, f func(r image.Rectangle)) {
	for x := box.Min.X; x < box.Max.X; {
		end := min(x&^(tileSide-1)+tileSide, box.Max.X)
		f(image.Rect(x, box.Min.Y, end, box.Max.Y))
		x = end
	}
}

// recolour says whether tile i, which differs inside box, is best said by other
// colours for what the viewer has there. New WORDS take about as many bytes as pixels,
// known ones a tenth, and what is told of colours serves other tiles, too. The limits
// are what a selection and the steps of real sessions take least with.
func (e *Encoder) recolour(c *coder, i int, box image.Rectangle, few bool) bool {
	m := &c.other
	if e.tiles[i].rough.Overlaps(box) { // the viewer has other pixels than e.have
		return false
	}
	m.cut(0)
	if !m.learn(e.have, e.want, box) || len(m.from) < 2 || 2*m.size(&e.other) > 3*area(box) {
		return false
	}
	most := area(box) / 32
	if few { // PACK is as short as choices
		most = 0
	}
	c.choices = m.appendChoices(c.choices[:0], e.have, e.want, box, most)
	return len(c.choices) <= most
}

// begin starts the run r with a tile that is said by other colours.
func (e *Encoder) begin(r *run) {
	m := &e.other
	m.fixed, r.anew = len(m.from), false
	if !m.learn(e.have, e.want, r.box) {
		m.cut(0)
		r.anew = true
		m.learn(e.have, e.want, r.box)
	}
}

// appendRecolour appends what of a run's shades the viewer does not have, and the
// choices.
func (e *Encoder) appendRecolour(dst []byte, r *run) []byte {
	m := &e.other
	head := uint64(2 * len(m.to[m.fixed:]))
	if r.anew {
		head++
	}
	dst = binary.AppendUvarint(dst, head)
	for _, s := range m.to[m.fixed:] {
		dst = append(dst, byte(s.n))
	}
	for _, s := range m.to[m.fixed:] {
		for _, c := range s.to[:s.n] {
			dst = appendColour(dst, c)
		}
	}
	e.choices = m.appendChoices(e.choices[:0], e.have, e.want, r.box, maxRaw)
	return append(binary.AppendUvarint(dst, uint64(len(e.choices))), e.choices...)
}
