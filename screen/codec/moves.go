package codec

import (
	"image"
	"slices"
)

// One vector at a time: which blocks it sets right, the largest rectangles of them,
// and their pixels.

// survey notes which blocks have changed.
func (m *mover) survey(box image.Rectangle) {
	m.region = image.Rect(box.Min.X&^(blockSide-1), box.Min.Y&^(blockSide-1),
		(box.Max.X+blockSide-1)&^(blockSide-1), (box.Max.Y+blockSide-1)&^(blockSide-1))
	m.cols, m.rows = m.region.Dx()/blockSide, m.region.Dy()/blockSide
	n := m.cols * m.rows
	m.changed = slices.Grow(m.changed[:0], n)[:n]
	m.match = slices.Grow(m.match[:0], n)[:n]
	m.sums = slices.Grow(m.sums[:0], (m.cols+1)*(m.rows+1))[:(m.cols+1)*(m.rows+1)]
	m.heights = slices.Grow(m.heights[:0], m.cols+1)[:m.cols+1]
	m.compare(m.changed, image.Point{}, m.region)
	m.left = 0
	for i, same := range m.changed {
		if m.changed[i] = !same; !same {
			m.left += blockSide * blockSide
		}
	}
}

// compare sets same[b] for each block b: whether all its pixels that are wanted
// are had v further. Blocks that would reach beyond the picture are not.
func (m *mover) compare(same []bool, v image.Point, region image.Rectangle) {
	workers := 1
	if area(region) >= worthSharing {
		workers = maxWorkers
	}
	m.same, m.by, m.within = same, v, region.Min
	m.crew.each(workers, m.rows, (*mover).compareBlocks)
}

// compareBlocks does it for a row of blocks.
func (m *mover) compareBlocks(_, row int) {
	line, v, at := m.same[row*m.cols:][:m.cols], m.by, m.within.Add(image.Pt(0, row*blockSide))
	bounds := m.want.Bounds()
	inside := bounds.Intersect(bounds.Sub(v))
	end := min(at.Y+blockSide, bounds.Max.Y)
	whole := at.Y >= inside.Min.Y && end <= inside.Max.Y
	for i := range line {
		line[i] = whole
	}
	for y := at.Y; whole && y < end; y++ {
		m.compareRow(line, m.want.Row(y), m.have.Row(y+v.Y), v.X, at.X, inside)
	}
}

// compareRow clears those of a row of blocks, the first of which begins at x0,
// whose pixels in want are not those in have dx further. Where nothing differs
// between the first and the last that is set, one comparison does for all.
func (m *mover) compareRow(line []bool, want, have []uint32, dx, x0 int, inside image.Rectangle) {
	first, last := slices.Index(line, true), len(line)-1
	if first < 0 {
		return
	}
	for !line[last] {
		last--
	}
	a, b := max(x0+first*blockSide, inside.Min.X), min(x0+(last+1)*blockSide, inside.Max.X)
	same := a < b && equalRow(want[a:b], have[a+dx:b+dx])
	for i := first; i <= last; i++ {
		l := x0 + i*blockSide
		r := min(l+blockSide, len(want))
		line[i] = line[i] && l >= a && r <= b && (same || equalRow(want[l:r], have[l+dx:r+dx]))
	}
}

// try applies the copies by one vector that are worth it. Once in a while one
// spoils what another one was to copy; that one is looked for again.
func (m *mover) try(v image.Point) {
	for again := 2; again > 0 && !m.tryOnce(v); again-- {
		m.survey(m.region)
	}
}

// tryOnce returns whether nearly all copies that were found could be carried out.
func (m *mover) tryOnce(v image.Point) bool {
	m.compare(m.match, v, m.region)
	first := len(m.copies)
	least := max(minMoved, m.left/(blockSide*blockSide)/400) // where much is new, crumbs are not worth the time
	for range maxCopies {
		r, n := m.largest()
		if n < least {
			break
		}
		m.copies = append(m.copies, op{kind: kindCopy, box: r, dx: v.X, dy: v.Y, n: n})
	}
	found := m.copies[first:]
	m.copies = m.copies[:first]
	whole, lost := 0, 0
	for range len(found) {
		i := harmless(found)
		o := found[i]
		copy(found[1:i+1], found[:i]) // what has been applied overwrites what is done with
		found = found[1:]
		whole += o.n
		if spoilt := slices.ContainsFunc(m.copies[first:], func(p op) bool { return p.box.Overlaps(o.source()) }); spoilt && !m.true(o) {
			lost += o.n
		} else {
			m.apply(o)
		}
	}
	if len(m.copies) > first {
		m.keep(v)
		m.sample()
	}
	return 32*lost <= whole
}

// harmless returns the first of the copies that overwrites none of the others'
// sources; the first, which is the largest, if there is none.
func harmless(found []op) int {
	for i, o := range found {
		hurts := func(p op) bool { return o.box.Overlaps(p.source()) }
		if !slices.ContainsFunc(found[:i], hurts) && !slices.ContainsFunc(found[i+1:], hurts) {
			return i
		}
	}
	return 0
}

// apply grows the copy o by pixels and carries it out.
func (m *mover) apply(o op) {
	o.box = m.grow(o)
	if m.area += area(o.box); m.area > 2*len(m.want.Pix) {
		return
	}
	m.moved = o.box
	workers := 1
	if area(o.box) >= worthSharing {
		workers = maxWorkers
	}
	m.crew.each(workers, (o.box.Dy()+tileSide-1)/tileSide, (*mover).moveRows)
	m.copies = append(m.copies, o)
	m.left -= o.n * blockSide * blockSide
}

// moveRows carries out the i'th part of the copy to m.moved. What is copied there is
// known to be what is wanted, and can be taken from that in any order.
func (m *mover) moveRows(_, i int) {
	r := m.moved
	r.Min.Y += i * tileSide
	r.Max.Y = min(r.Max.Y, r.Min.Y+tileSide)
	copyPixels(m.have, m.want, r)
}

func (m *mover) true(o op) bool {
	for y := o.box.Min.Y; y < o.box.Max.Y; y++ {
		if !m.trueRow(o, y, o.box.Min.X, o.box.Max.X) {
			return false
		}
	}
	return true
}

func (m *mover) trueRow(o op, y, x0, x1 int) bool {
	return equalRow(m.want.Row(y)[x0:x1], m.have.Row(y + o.dy)[x0+o.dx:x1+o.dx])
}

// grow returns o's box with all that moved along on its four sides.
func (m *mover) grow(o op) image.Rectangle {
	b := m.want.Bounds()
	in, r := b.Intersect(b.Sub(image.Pt(o.dx, o.dy))), o.box.Intersect(b)
	in = in.Intersect(r.Inset(1 - blockSide)) // further out are other copies: one must not spoil another's source
	for r.Min.Y > in.Min.Y && m.trueRow(o, r.Min.Y-1, r.Min.X, r.Max.X) {
		r.Min.Y--
	}
	for r.Max.Y < in.Max.Y && m.trueRow(o, r.Max.Y, r.Min.X, r.Max.X) {
		r.Max.Y++
	}
	column := func(x int) bool {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			if m.want.Row(y)[x] != m.have.Row(y + o.dy)[x+o.dx] {
				return false
			}
		}
		return true
	}
	for r.Min.X > in.Min.X && column(r.Min.X-1) {
		r.Min.X--
	}
	for r.Max.X < in.Max.X && column(r.Max.X) {
		r.Max.X++
	}
	return r
}

// largest finds the rectangle of matching blocks with the most changed ones in
// it, takes its blocks off the maps, and returns its pixels and their number.
// It is the largest rectangle under a histogram, row by row.
func (m *mover) largest() (image.Rectangle, int) {
	m.addUp()
	best, most := image.Rectangle{}, 0
	clear(m.heights)
	for y := range m.rows {
		m.stack = m.stack[:0]
		for x := 0; x <= m.cols; x++ {
			if x < m.cols {
				if m.match[y*m.cols+x] {
					m.heights[x]++
				} else {
					m.heights[x] = 0
				}
			}
			for len(m.stack) > 0 && m.heights[m.stack[len(m.stack)-1]] >= m.heights[x] {
				h := m.heights[m.stack[len(m.stack)-1]]
				m.stack = m.stack[:len(m.stack)-1]
				x0 := 0
				if len(m.stack) > 0 {
					x0 = m.stack[len(m.stack)-1] + 1
				}
				if r := image.Rect(x0, y+1-h, x, y+1); h > 0 && m.count(r) > most {
					best, most = r, m.count(r)
				}
			}
			m.stack = append(m.stack, x)
		}
	}
	best = m.trim(best)
	for y := best.Min.Y; y < best.Max.Y; y++ {
		clear(m.match[y*m.cols+best.Min.X : y*m.cols+best.Max.X])
		clear(m.changed[y*m.cols+best.Min.X : y*m.cols+best.Max.X])
	}
	px := image.Rectangle{best.Min.Mul(blockSide), best.Max.Mul(blockSide)}.Add(m.region.Min)
	return px.Intersect(m.want.Bounds()), most
}

// addUp prepares count.
func (m *mover) addUp() {
	w := m.cols + 1
	clear(m.sums[:w])
	for y := range m.rows {
		line := 0
		m.sums[(y+1)*w] = 0
		for x, c := range m.changed[y*m.cols:][:m.cols] {
			if c {
				line++
			}
			m.sums[(y+1)*w+x+1] = m.sums[y*w+x+1] + line
		}
	}
}

// count returns how many blocks inside r have changed.
func (m *mover) count(r image.Rectangle) int {
	w := m.cols + 1
	return m.sums[r.Max.Y*w+r.Max.X] - m.sums[r.Min.Y*w+r.Max.X] - m.sums[r.Max.Y*w+r.Min.X] + m.sums[r.Min.Y*w+r.Min.X]
}

// trim takes off the sides where nothing has changed.
func (m *mover) trim(r image.Rectangle) image.Rectangle {
	for !r.Empty() && m.count(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+1)) == 0 {
		r.Min.Y++
	}
	for !r.Empty() && m.count(image.Rect(r.Min.X, r.Max.Y-1, r.Max.X, r.Max.Y)) == 0 {
		r.Max.Y--
	}
	for !r.Empty() && m.count(image.Rect(r.Min.X, r.Min.Y, r.Min.X+1, r.Max.Y)) == 0 {
		r.Min.X++
	}
	for !r.Empty() && m.count(image.Rect(r.Max.X-1, r.Min.Y, r.Max.X, r.Max.Y)) == 0 {
		r.Max.X--
	}
	return r
}
