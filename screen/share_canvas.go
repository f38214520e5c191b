package screen

// What viewers in the same state share.

import (
	"image"
	"slices"
	"time"

	"rac/screen/codec"
)

// canvas is an encoder and the viewers that get its frames: each frame is made once
// and goes to all of them. A viewer begins with a canvas of its own. Two canvases
// become one when both have come to rest (meet); a viewer whose line is not ready when
// the others' are goes on alone (part).
//
// One viewer's goroutine at a time makes a frame: it has the turn, and the encoder is
// its alone until it hands the frame on. All else is guarded by share.mu.
type canvas struct {
	members []*viewer
	turn    *viewer // who makes a frame now
	part    image.Rectangle
	dirty   region
	renew   bool      // the display has changed since the encoder was told
	late    time.Time // since when ready ones wait for others; zero: they do not

	encoder    *codec.Encoder
	rects      []image.Rectangle
	others     []*viewer // in this turn
	updated    time.Time // when the encoder got its pixels
	seen       time.Time // when those were captured
	lastCoarse time.Time // the last frame that made pictures coarse
	news       bool      // this frame brings pixels that the viewers lack, and not only a refinement
}

const (
	// sharedFrom is the rate from which on viewers share a canvas: a page of text that
	// is not remembered takes 20 ms there.
	sharedFrom = 5e6
	// patience is how long a frame waits for the slowest of those who share it.
	patience = frameTime / 2
	// apart is how long one who had to go alone stays so; it doubles each time.
	apart     = time.Second
	mostApart = time.Minute
)

func newCanvas(v *viewer) *canvas {
	return &canvas{members: []*viewer{v}, encoder: codec.NewEncoder()}
}

// restart begins anew with a display of another geometry.
func (c *canvas) restart(d Display) {
	c.part = part(d, c.members[0].want.Monitor)
	c.dirty = newRegion(c.part.Dx(), c.part.Dy())
	c.dirty.add(c.dirty.bounds)
	c.renew = true
	for _, m := range c.members {
		m.renewed, m.parcel.full = true, false
	}
}

// begin gives v the turn if there is something to send and all are ready for it. If
// not, it returns after what time to ask again; 0: not before something happens.
func (c *canvas) begin(v *viewer, t *taken) (again time.Duration, ok bool) {
	if c.turn != nil {
		return 0, false
	}
	if again = v.wait(t.began); again > 0 {
		return again, false
	}
	if c.quiet() {
		v.share.meet(c, t.began)
		return 0, false
	}
	if again = c.gather(v, t.began); again > 0 {
		return again, false
	}
	c.update(v.share, t)
	if again, ok = c.due(v.want.Quality, t.began); !ok {
		return again, false
	}
	t.limit = v.pace.limit(c.encoder.Pending())
	for _, m := range c.members {
		t.limit = min(t.limit, m.pace.limit(c.encoder.Pending()))
	}
	c.turn, t.seen = v, c.seen
	c.others = slices.DeleteFunc(append(c.others[:0], c.members...), func(m *viewer) bool { return m == v })
	return 0, true
}

// quiet says whether the viewers have everything, every pixel.
func (c *canvas) quiet() bool {
	if c.renew || !c.dirty.empty() || c.encoder.Pending() {
		return false
	}
	_, coarse := c.encoder.Coarse()
	return !coarse
}

// gather returns 0 when those who share a frame with v are ready for it, or how long
// to wait for them. Who takes too long goes on alone.
func (c *canvas) gather(v *viewer, now time.Time) (wait time.Duration) {
	c.others = append(c.others[:0], c.members...)
	for _, m := range c.others {
		if m == v {
			continue
		}
		d := m.idle(now)
		if d > 0 && c.late.IsZero() {
			c.late = now
		}
		left := patience - now.Sub(c.late)
		switch {
		case c.drags(m, v), d > 0 && left <= 0, d > patience && d < never:
			m.part(now)
		case d > 0:
			wait = max(wait, min(d, left))
		}
	}
	if wait == 0 {
		c.late = time.Time{}
	}
	return wait
}

// drags says whether pictures are coarse for m's sake, though v's line is far better.
func (c *canvas) drags(m, v *viewer) bool {
	_, coarse := c.encoder.Coarse()
	return coarse && 2*m.pace.rate() < v.pace.rate()
}

// update moves the newest pixels into the encoder and tells it of the line. A
// picture that is to be exact goes out in several messages, and is finished before
// newer pixels are taken, so that what moves all the time arrives whole and not only
// the top of each picture; but stale ends that.
func (c *canvas) update(s *Share, t *taken) {
	if c.renew {
		c.encoder.Reset(c.part.Dx(), c.part.Dy())
		c.renew = false
	}
	line := c.line(t.began, s.near.Sub(c.part.Min))
	c.encoder.SetLine(line)
	if line.Budget == 0 && c.encoder.Pending() && t.began.Sub(c.updated) < stale {
		return
	}
	c.rects = c.dirty.take(c.rects[:0])
	if len(c.rects) > 0 {
		c.encoder.Update(s.picture.Sub(c.part), c.rects)
		c.updated, c.seen = t.began, s.seen
	}
}

// line is what the encoder is told: of the slowest of all.
func (c *canvas) line(now time.Time, near image.Point) (slowest codec.Line) {
	for i, m := range c.members {
		if l := m.pace.line(m.want.Quality, now.Sub(c.lastCoarse), near); i == 0 || l.Rate < slowest.Rate {
			slowest = l
		}
	}
	return slowest
}

// due says whether a frame may go now, and if not, after what time to ask again. What
// the viewer lacks goes first; what it has coarsely follows when that has come to
// rest.
func (c *canvas) due(q Quality, now time.Time) (again time.Duration, ok bool) {
	if c.encoder.Pending() {
		return 0, true
	}
	ripe, ok := c.encoder.Coarse()
	if !ok {
		return 0, false
	}
	if q == Low {
		ripe = max(ripe, stillFor-now.Sub(c.updated))
	}
	return max(ripe, 0), ripe <= 0
}

// stillFor is how long nothing has to change before a viewer that asked for low
// quality gets exact pictures.
const stillFor = time.Second

// paint appends the frame of this turn to dst.
func (c *canvas) paint(dst []byte, limit int) (frame []byte, exact bool) {
	c.news = c.encoder.Pending()
	return c.encoder.Append(dst, limit)
}

// hand gives the frame that the turn's viewer has made to the others and ends the turn.
func (c *canvas) hand(s *Share, t taken, frame []byte, exact bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, coarse := c.encoder.Coarse(); coarse && c.news {
		c.lastCoarse = time.Now()
	}
	c.turn = nil
	for _, m := range c.others {
		if m.canvas == c && !c.renew {
			m.parcel = parcel{true, append(m.parcel.frame[:0], frame...), exact, t.seen, t.began}
		}
	}
	for _, m := range c.members {
		m.wakeUp()
	}
}

// release ends a turn that v could not use.
func (c *canvas) release(v *viewer) {
	v.share.mu.Lock()
	defer v.share.mu.Unlock()
	if c.turn == v {
		c.turn = nil
		for _, m := range c.members {
			m.wakeUp()
		}
	}
}

// meet looks for another canvas with which c, at rest, may become one. The one with
// fewer viewers is given up; what both encoders know beside the picture is forgotten,
// which costs a fast line nothing worth mentioning.
func (s *Share) meet(c *canvas, now time.Time) {
	if !c.open(now) {
		return
	}
	for o := range s.canvases {
		if o == c || o.part != c.part || o.members[0].want != c.members[0].want || !o.open(now) || !o.quiet() {
			continue
		}
		if !o.encoder.Meets(c.encoder) {
			continue
		}
		if len(o.members) < len(c.members) {
			o, c = c, o
		}
		o.encoder.Forget()
		s.merge(o, c, now)
		return
	}
}

// open says whether all of c are ready to share.
func (c *canvas) open(now time.Time) bool {
	for _, m := range c.members {
		if c.turn != nil || m.idle(now) > 0 || !m.shares() || now.Before(m.alone) {
			return false
		}
	}
	return true
}

// merge moves the viewers of c to o.
func (s *Share) merge(o, c *canvas, now time.Time) {
	for _, m := range c.members {
		m.canvas, m.met = o, now
	}
	o.members = append(o.members, c.members...)
	delete(s.canvases, c)
}

// part gives v a canvas of its own with what it has so far.
func (v *viewer) part(now time.Time) {
	c := v.canvas
	own := &canvas{members: []*viewer{v}, part: c.part, dirty: c.dirty.clone(), renew: c.renew, encoder: c.encoder.Twin(),
		updated: c.updated, seen: c.seen, lastCoarse: c.lastCoarse}
	v.leave()
	v.canvas = own
	v.share.canvases[own] = true
	if now.Sub(v.met) > mostApart {
		v.retry = 0
	}
	v.retry = min(max(2*v.retry, apart), mostApart)
	v.alone = now.Add(v.retry)
	v.wakeUp()
}

// leave takes v off its canvas. If it has the turn, it ends that by itself.
func (v *viewer) leave() {
	c := v.canvas
	c.members = slices.DeleteFunc(c.members, func(m *viewer) bool { return m == v })
	if len(c.members) == 0 {
		delete(v.share.canvases, c)
	}
	for _, m := range c.members {
		m.wakeUp()
	}
}
