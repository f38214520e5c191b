package codec

import "image"

// What is dragged by hand goes on nearly as it went before, but hardly ever by the same
// vector. A few segments that tell something are looked for near where the last vector
// says that they were: 0.03 ms, where a vote takes 0.5 and more.

const (
	anchors          = 8      // segments that are looked for
	aroundX, aroundY = 48, 32 // pixels that the vector may be off
)

// around returns vectors near the last one that may explain what has changed, those
// for which most segments speak first.
func (m *mover) around() []image.Point {
	var last image.Point
	if len(m.last) > 0 {
		last = m.last[0]
	}
	m.votes.begin()
	step := max(1, len(m.samples)/(2*anchors)) // half of the blocks may be blank
	for i, n := step/2, 0; i < len(m.samples) && n < anchors; i += step {
		if px, at, ok := m.anchor(m.samples[i]); ok {
			m.find(px, at, last)
			n++
		}
	}
	return m.votes.count(1)
}

// anchor returns the first segment of the block at the given place that tells something:
// it begins with a change of colour, which is quick to look for.
func (m *mover) anchor(block image.Point) (px []uint32, at image.Point, ok bool) {
	for y := block.Y; y < min(block.Y+blockSide, m.want.H); y++ {
		row := m.want.Row(y)
		for x := block.X; x < block.X+blockSide && x+shortSeg <= len(row); x++ {
			if row[x] != row[x+1] && telling(row[x:x+shortSeg]) {
				return row[x : x+shortSeg], image.Pt(x, y), true
			}
		}
	}
	return nil, at, false
}

// find casts a vote for each vector near v by which the segment px may have come to its
// place.
func (m *mover) find(px []uint32, at, v image.Point) {
	from := at.Add(v)
	x0, x1 := max(from.X-aroundX, 0), min(from.X+aroundX, m.have.W-len(px))
	y0, y1 := max(from.Y-aroundY, 0), min(from.Y+aroundY, m.have.H-1)
	for y := y0; y <= y1; y++ {
		row := m.have.Row(y)
		for x := x0; x <= x1; x++ {
			if row[x] == px[0] && row[x+1] == px[1] && equalRow(row[x:x+len(px)], px) {
				m.votes.cast(image.Pt(x, y).Sub(at))
			}
		}
	}
}
