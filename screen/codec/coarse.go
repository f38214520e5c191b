package codec

import (
	"image"
	"time"
)

// Where the line is too slow for all pixels of a picture, they go out coarsely and
// become exact when they have been at rest for a while.
//
// Encoder.have is exact there all the same: it has the pixels that the viewer was
// told of coarsely. So what only moved is found as ever, and a COPY carries along
// what is coarse (spread). A tile's rough box says where that is; nothing else
// depends on what the viewer really has: KEEP leaves such tiles alone.

const (
	ripeTime  = 150 * time.Millisecond // at rest, until what is coarse becomes exact
	leastWave = 256                    // pixels: fewer cost less than the time of a coarse block
	maxRefine = 1 << 20                // bytes in one frame: some 20 ms of two cores
)

// setRough notes where tile i is coarse at the viewer.
func (e *Encoder) setRough(i int, r image.Rectangle) {
	t := &e.tiles[i]
	if t.rough.Empty() != r.Empty() {
		if e.rough++; r.Empty() {
			e.rough -= 2
		}
	}
	t.rough = r
}

// smooth notes that the pixels of tile i inside box are exact at the viewer.
func (e *Encoder) smooth(i int, box image.Rectangle) {
	if r := e.tiles[i].rough; !r.Empty() && r.In(box) {
		e.setRough(i, image.Rectangle{})
	}
}

// roughen notes that the pixels of tile i inside box are coarse at the viewer.
func (e *Encoder) roughen(i int, box image.Rectangle) {
	if box = box.Intersect(e.grid.run(i, 1)); !box.Empty() {
		e.setRough(i, e.tiles[i].rough.Union(box))
	}
}

// spread makes what o copies as coarse as what it was copied from.
func (e *Encoder) spread(o op) {
	if e.settle(); e.mirrored {
		e.shown.move(o.box, o.dx, o.dy)
	}
	if e.rough == 0 {
		return
	}
	e.moved = e.moved[:0]
	e.each(o.source(), func(i int) {
		if r := e.tiles[i].rough.Intersect(o.source()); !r.Empty() {
			e.moved = append(e.moved, r.Sub(image.Pt(o.dx, o.dy)))
		}
	})
	e.each(o.box, func(i int) { e.smooth(i, o.box) })
	for _, r := range e.moved {
		e.each(r, func(i int) { e.roughen(i, r) })
	}
}

// each calls f for the tiles that r touches.
func (e *Encoder) each(r image.Rectangle, f func(i int)) {
	for y := r.Min.Y / tileSide; y <= (r.Max.Y-1)/tileSide; y++ {
		for x := r.Min.X / tileSide; x <= (r.Max.X-1)/tileSide; x++ {
			f(y*e.grid.cols + x)
		}
	}
}

// Coarse tells of tiles that the viewer has coarsely. ok: there are some; ripe: in
// how long the first of them will have been at rest for long enough to become
// exact, at most 0 if it has been. An Append with nothing pending sends those.
func (e *Encoder) Coarse() (ripe time.Duration, ok bool) {
	if e.rough == 0 {
		return 0, false
	}
	ripe = time.Hour
	for i := range e.tiles {
		if t := &e.tiles[i]; !t.rough.Empty() {
			ripe = min(ripe, t.shown)
		}
	}
	return ripe + ripeTime - e.clock().Sub(e.start), true
}

// refine makes ripe tiles pending, the nearest first, as many as may fit into room
// bytes.
func (e *Encoder) refine(room int) {
	e.ripe = e.ripe[:0]
	if e.pending > 0 || e.rough == 0 {
		return
	}
	for i := range e.tiles {
		if t := &e.tiles[i]; !t.rough.Empty() && e.now-t.shown >= ripeTime {
			e.ripe = append(e.ripe, i)
		}
	}
	e.ripe = e.nearest(e.ripe, min(room, maxRefine), func(i int) int { return e.estimate(e.want, e.tiles[i].rough) })
	for _, i := range e.ripe {
		t := &e.tiles[i]
		t.box = t.rough
		t.pending, t.located, t.known, t.missed = true, true, false, false
		e.pending++
	}
}

// unrefine takes back what did not fit: nothing is pending for its sake.
func (e *Encoder) unrefine() {
	for _, i := range e.ripe {
		if t := &e.tiles[i]; t.pending {
			e.done(i)
			t.located, t.known, t.missed = false, false, false
		}
	}
}
