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
	most      = .75  // of the changed blocks: a vector that explains more makes a vote superfluous …
	nearlyAll = .9   // … and this much also a look around: what is blank fits to one that is off, too
	searchFor = 10e3 // changed pixels: fewer do not call for a vote …
	tryFor    = 1e3  // … or even for a try of the last vectors
)

// mover finds moves and keeps what it needs for that.
type mover struct {
	have, want *Picture
	crew       *crew[mover]
	same       []bool          // of compare: by block
	by, within image.Point     // its vector, and where its first block is
	region     image.Rectangle // the blocks that are looked at
	cols, rows int             // of blocks
	changed    []bool          // by block: the viewer lacks something
	match      []bool          // by block: the vector sets all of it right
	sums       []int           // of changed blocks left of and above
	heights    []int           // of the columns of matching blocks
	stack      []int
	samples    []image.Point   // some changed blocks
	moved      image.Rectangle // of apply
	left       int             // pixels of changed blocks
	area       int             // of the copies so far
	copies     []op
	last       []image.Point // vectors of the last copies, newest first
	vain, wait int           // votes in a row that found nothing; frames to go without one

	thin   bool // the line: another vote is worth its 2 ms
	votes  votes
	ranked []vote
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
	box, pixels := e.lacking()
	if !m.enough(pixels) {
		return nil
	}
	m.have, m.want, m.thin = e.have, e.want, e.line.Rate < thinLine
	sure := m.look(box)
	if !sure { // what the cache has need not be searched
		e.eachPending(fewCompared, (*Encoder).recallTile)
		all := box
		if box, pixels = e.lacking(); !m.enough(pixels) {
			return nil
		}
		if box != all {
			sure = m.look(box)
		}
	}
	m.run(box, sure)
	e.relocate()
	return m.copies
}

// lacking returns the box around what the viewer lacks and the cache is not known to
// have, and how many pixels that are.
func (e *Encoder) lacking() (box image.Rectangle, pixels int) {
	for i := range e.tiles {
		if t := &e.tiles[i]; t.pending && !(t.known && t.kind == kindCache) {
			pixels += area(t.box)
			box = box.Union(t.box)
		}
	}
	return box, pixels
}

// enough says whether so many changed pixels are worth a search.
func (m *mover) enough(pixels int) bool {
	return pixels >= searchFor || pixels >= tryFor && len(m.last) > 0
}

// locate brings the boxes of pending tiles up to date. Those that the viewer has
// already are no longer pending.
func (e *Encoder) locate() {
	if e.pending == 0 {
		return
	}
	e.eachPending(fewCompared, (*Encoder).locateTile)
	for i := range e.tiles {
		if t := &e.tiles[i]; t.pending && t.box.Empty() {
			e.done(i)
		}
	}
}

func (e *Encoder) locateTile(_ *coder, i int) {
	if t := &e.tiles[i]; !t.located {
		t.box = differing(e.have, e.want, e.grid.run(i, 1))
		t.located = true
	}
}

func (e *Encoder) recallTile(_ *coder, i int) { e.recall(i) }

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
			t.known, t.missed, t.kept = false, false, false
			t.shown = e.now
		})
	}
	e.locate()
}

// run tries vectors until the most is done: the last ones if one of them explains
// nearly all, else also those that win a vote. The one that does best on a few blocks
// goes first: a vector that is nearly right fits to all that is blank, and what it
// moves is lost to the right one.
func (m *mover) run(box image.Rectangle, sure bool) {
	third := m.left / 3
	if sure || m.left < searchFor || m.rest() {
		m.tryRanked(max(tryFor, third))
		if !sure || m.left < max(searchFor, third) || m.rest() {
			return
		}
		m.ranked = m.ranked[:0]
	}
	if m.thin {
		third = 0
	}
	m.vote(box, max(searchFor, third/3))
	m.learn(len(m.copies) > 0)
}

// look surveys what has changed inside box and ranks the last vectors, or else those
// near them. It says whether one of them explains nearly all.
func (m *mover) look(box image.Rectangle) (sure bool) {
	m.survey(box)
	m.sample()
	m.ranked = m.ranked[:0]
	share := m.rank(m.last, 1)
	if share < nearlyAll {
		share = max(share, m.rank(m.around(), 1))
	}
	return share > most
}

// vote tries the vectors that are ranked and those that win a vote, then, if that leaves
// more than enough, those that win one of segments of another length. Where there is
// much to search, long ones go first; if not one of them is found, all of it is new.
func (m *mover) vote(box image.Rectangle, enough int) {
	first, then := shortSeg, longSeg
	if area(box) > manyPixels {
		first, then = then, first
	}
	found := m.votes.hold(m.have, m.want, box, first)
	m.rank(found, 0)
	m.tryRanked(tryFor)
	if m.left >= enough && (first == shortSeg || len(found) > 0) {
		m.ranked = m.ranked[:0]
		m.rank(m.votes.hold(m.have, m.want, box, then), 0)
		m.tryRanked(tryFor)
	}
}

// rank adds vectors that do well on a few blocks, at least sixteenths of them, to
// m.ranked. It returns which share of the blocks one of them explains at most.
func (m *mover) rank(vectors []image.Point, sixteenths int) (share float64) {
	for _, v := range vectors {
		hits, n := m.probe(v)
		share = max(share, float64(hits)/float64(max(n, 1)))
		if 16*hits >= sixteenths*n && !slices.ContainsFunc(m.ranked, func(r vote) bool { return r.v == v }) {
			m.ranked = append(m.ranked, vote{v, hits})
		}
	}
	slices.SortStableFunc(m.ranked, func(a, b vote) int { return b.n - a.n })
	return share
}

// tryRanked tries the ranked vectors, the best first, while there is more left to
// explain than enough.
func (m *mover) tryRanked(enough int) {
	for i, r := range m.ranked {
		if m.left < enough {
			return
		}
		if i > 0 { // only what the better ones have left counts
			if hits, n := m.probe(r.v); hits == 0 && n > 0 {
				continue
			}
		}
		m.try(r.v)
	}
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

// sample picks some of the changed blocks for probe.
func (m *mover) sample() {
	step := max(1, m.left/(blockSide*blockSide*probes))
	if step%m.cols == 0 {
		step++ // not all in one column
	}
	m.samples = m.samples[:0]
	skip := step / 2
	for i, changed := range m.changed {
		if !changed {
			continue
		}
		if skip--; skip < 0 {
			m.samples = append(m.samples, image.Pt(i%m.cols, i/m.cols).Mul(blockSide).Add(m.region.Min))
			skip = step - 1
		}
	}
}

// probe looks at some of the changed blocks, n, and returns how many of them are equal
// to what is v further.
func (m *mover) probe(v image.Point) (hits, n int) {
	inside := m.want.Bounds()
	inside = inside.Intersect(inside.Sub(v))
	for _, at := range m.samples {
		r := image.Rectangle{at, at.Add(image.Pt(blockSide, blockSide))}
		if !r.In(inside) {
			continue
		}
		n++
		if m.true(op{box: r, dx: v.X, dy: v.Y}) {
			hits++
		}
	}
	return hits, n
}

// keep puts v at the front of the vectors that are tried first.
func (m *mover) keep(v image.Point) {
	if i := slices.Index(m.last, v); i >= 0 {
		m.last = slices.Delete(m.last, i, i+1)
	}
	m.last = slices.Insert(m.last, 0, v)
	m.last = m.last[:min(len(m.last), keptMoves)]
}
