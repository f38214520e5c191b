package codec

import (
	"image"
	"slices"
)

// What only moved: a scrolled page, a dragged window. A few lines of 16 pixels
// that occur once in the old picture and again in the new one vote for a vector;
// then everything is compared before it is used, so a false vote costs time only.

const (
	blockSide = 16   // pixels; the grid on which a vector is tried
	minMoved  = 4    // changed blocks that a COPY must set right
	maxCopies = 16   // for one vector
	minVotes  = 3    // for a vector to be tried
	topVotes  = 4    // vectors tried after a vote …
	minShare  = 10   // … if they have a tenth of the best one's votes
	keptMoves = 6    // vectors tried first in the next frames: wheels and drags repeat themselves
	patience  = 3    // votes in vain before some are left out
	maxRest   = 7    // frames without a vote
	probes    = 64   // blocks that decide whether a vector is worth a full compare
	searchFor = 20e3 // changed pixels: fewer do not call for a vote …
	tryFor    = 1e3  // … or even for a try of the last vectors
)

// mover finds moves and keeps what it needs for that.
type mover struct {
	have, want *Picture
	workers    int
	region     image.Rectangle // the blocks that are looked at
	cols, rows int             // of blocks
	changed    []bool          // by block: the viewer lacks something
	match      []bool          // by block: the vector sets all of it right
	sums       []int           // of changed blocks left of and above
	heights    []int           // of the columns of matching blocks
	stack      []int
	left       int // pixels of changed blocks
	area       int // of the copies so far
	copies     []op
	last       []image.Point // vectors of the last copies, newest first
	vain, wait int           // votes in a row that found nothing; frames to go without one

	votes  votes
	ranked []vote
	trial  []image.Point
}

// forget is for a picture that has nothing to do with the last one. The next
// frame starts from black: there is nothing to search.
func (m *mover) forget() { m.last, m.vain, m.wait = nil, 0, 1 }

// search applies moves to e.have and returns them. It is called when all pending
// tiles are located and before they are chosen.
func (e *Encoder) search() []op {
	m := &e.mover
	m.copies, m.area = m.copies[:0], 0
	if !e.fresh {
		return nil
	}
	e.fresh = false
	var box image.Rectangle
	pixels := 0
	e.eachPending(func(_ *coder, i int) { e.recall(i) })
	for i := range e.tiles {
		if t := &e.tiles[i]; t.pending && !(t.known && t.kind == kindCache) {
			pixels += area(t.box)
			box = box.Union(t.box)
		}
	}
	if pixels >= tryFor && (len(m.last) > 0 || pixels >= searchFor) {
		m.have, m.want, m.workers = e.have, e.want, len(e.workers)
		m.run(box)
		e.relocate()
	}
	return m.copies
}

// locate brings the boxes of pending tiles up to date. Those that the viewer has
// already are no longer pending.
func (e *Encoder) locate() {
	if e.pending == 0 {
		return
	}
	e.eachPending(func(_ *coder, i int) {
		if t := &e.tiles[i]; !t.located {
			t.box = differing(e.have, e.want, e.grid.run(i, 1))
			t.located = true
		}
	})
	for i := range e.tiles {
		if t := &e.tiles[i]; t.pending && t.box.Empty() {
			e.done(i)
		}
	}
}

// relocate makes the encoder look again at the tiles that were copied to. One whose
// changes lie inside one copy has got all of them: copies bring what is wanted.
func (e *Encoder) relocate() {
	for _, o := range e.mover.copies {
		e.spread(o)
		e.each(o.box, func(i int) {
			t := &e.tiles[i]
			if t.located = t.located && t.box.In(o.box); t.located {
				t.box = image.Rectangle{}
			}
			t.known, t.kept = false, false
			t.shown = e.now
		})
	}
	e.locate()
}

// run tries the last vectors, then those that win a vote, until the most is done.
func (m *mover) run(box image.Rectangle) {
	m.survey(box)
	most := m.left / 3
	for _, v := range m.promising() {
		if m.left >= max(tryFor, most) {
			m.try(v)
		}
	}
	if m.left < max(searchFor, most) || m.rest() {
		return
	}
	known := len(m.copies)
	for _, v := range m.votes.hold(m.have, m.want, box) {
		if m.left >= tryFor {
			m.try(v)
		}
	}
	m.learn(len(m.copies) > known)
}

// promising returns those of the last vectors that do well on a few blocks, the
// best first: what is blank fits to any vector.
func (m *mover) promising() []image.Point {
	m.ranked = m.ranked[:0]
	for _, v := range m.last {
		if hits := m.probe(v); hits > 0 {
			m.ranked = append(m.ranked, vote{v, hits})
		}
	}
	slices.SortStableFunc(m.ranked, func(a, b vote) int { return b.n - a.n })
	m.trial = m.trial[:0]
	for _, r := range m.ranked {
		m.trial = append(m.trial, r.v)
	}
	return m.trial
}

// rest says whether to do without a vote: a film would call for one with each
// frame.
func (m *mover) rest() bool {
	if m.wait > 0 {
		m.wait--
		return true
	}
	return false
}

// learn notes whether the last vote was of use.
func (m *mover) learn(found bool) {
	if m.vain++; found {
		m.vain = 0
	}
	if m.wait = 0; m.vain > patience {
		m.wait = min(1<<min(m.vain-patience, 8), maxRest)
	}
}

// probe returns how many of some changed blocks are equal to what is v further, 0
// if fewer than one in sixteen.
func (m *mover) probe(v image.Point) (hits int) {
	inside := m.want.Bounds()
	inside = inside.Intersect(inside.Sub(v))
	step := max(1, len(m.changed)/probes)
	if step%m.cols == 0 {
		step++ // not all in one column
	}
	n := 0
	for i := step / 2; i < len(m.changed); i += step {
		r := image.Rect(0, 0, blockSide, blockSide).Add(image.Pt(i%m.cols, i/m.cols).Mul(blockSide)).Add(m.region.Min)
		if !m.changed[i] || !r.In(inside) {
			continue
		}
		n++
		if m.true(op{box: r, dx: v.X, dy: v.Y}) {
			hits++
		}
	}
	if 16*hits < n {
		return 0
	}
	return max(hits, 1)
}

// keep puts v at the front of the vectors that are tried first.
func (m *mover) keep(v image.Point) {
	if i := slices.Index(m.last, v); i >= 0 {
		m.last = slices.Delete(m.last, i, i+1)
	}
	m.last = slices.Insert(m.last, 0, v)
	m.last = m.last[:min(len(m.last), keptMoves)]
}
