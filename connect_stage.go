package main

import (
	"errors"
	"image"
	"sync"
	"time"

	"rac/screen"
)

// stage lets one view of the host's screen take over from another on the same
// surface. While the old line still works, the picture of the new one is painted
// behind the curtain: it is shown when it is whole, and until then the old one
// goes on. Where the old line is dead, what comes is shown as it comes. A picture does
// not go back in time; it stands a moment instead.
type stage struct {
	out screen.Surface

	mu    sync.Mutex
	on    *scene // whose turn it is
	newer int
	heard time.Time // when a frame last came
	seen  time.Time // when the newest picture that was shown was captured
}

// scene is one view's place on the stage.
type scene struct {
	stage  *stage
	nth    int
	urgent bool          // there is nothing else to look at
	shown  chan struct{} // closed when it is its turn

	// Guarded by stage.mu, and of use behind the curtain only.
	missing *cover
	cursor  *screen.Cursor
	held    bool      // some of its frames were held back
	whole   time.Time // since when its picture is
	open    bool      // the curtain is up
}

const (
	// catchUp is how long the old line goes on beside a new picture that is whole, but
	// older: over a way that takes longer it always is, and on a thin line one delays
	// the other.
	catchUp = 500 * time.Millisecond
	// standStill is how long after that the picture may stand so as not to go back.
	standStill = 2 * time.Second
)

// errOutOfDate ends a view when a newer one is shown.
var errOutOfDate = errors.New("a newer view is shown")

// enter makes room for a view. urgent: it does not wait until it is whole.
func (st *stage) enter(urgent bool) *scene {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.newer++
	return &scene{stage: st, nth: st.newer, urgent: urgent, shown: make(chan struct{})}
}

// lastFrame is when a frame last came.
func (st *stage) lastFrame() time.Time {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.heard
}

// Show gives a frame to the surface if it is this view's turn.
func (sc *scene) Show(f *screen.Frame) error {
	st := sc.stage
	st.mu.Lock()
	defer st.mu.Unlock()
	st.heard = time.Now()
	switch {
	case st.on == sc:
	case st.on != nil && st.on.nth > sc.nth:
		return errOutOfDate
	case !sc.readyLocked(f):
		return nil
	default:
		st.on, sc.missing = sc, nil
		close(sc.shown)
	}
	if !sc.open && f.Status == "" && !sc.openLocked(f) {
		return nil
	}
	if f.Time.After(st.seen) {
		st.seen = f.Time
	}
	return st.out.Show(f)
}

// readyLocked tells whether it is the view's turn from f on.
func (sc *scene) readyLocked(f *screen.Frame) bool {
	if sc.stage.on == nil || f.Status != "" {
		return true
	}
	if f.Cursor != nil {
		sc.cursor = f.Cursor
	}
	if f.Picture == nil || len(f.Dirty) == 0 {
		return false
	}
	if sc.urgent {
		return true
	}
	sc.held = true
	size := f.Picture.Bounds().Max
	if sc.missing == nil || sc.missing.size != size {
		sc.missing = newCover(size)
	}
	sc.missing.add(f.Dirty)
	if sc.whole.IsZero() && (f.Exact || sc.missing.left == 0) {
		sc.whole = time.Now()
	}
	return !sc.whole.IsZero() && sc.caughtUpLocked(f, catchUp)
}

// caughtUpLocked tells whether f is as new as what is shown, or has been waited for.
func (sc *scene) caughtUpLocked(f *screen.Frame, wait time.Duration) bool {
	return !f.Time.Before(sc.stage.seen) || time.Since(sc.whole) > wait
}

// openLocked raises the curtain with f if that may be shown; all that was held back is
// shown with it.
func (sc *scene) openLocked(f *screen.Frame) bool {
	if f.Cursor != nil {
		sc.cursor = f.Cursor
	}
	if sc.held {
		if f.Picture == nil || !sc.caughtUpLocked(f, catchUp+standStill) {
			return false
		}
		f.Dirty = []image.Rectangle{f.Picture.Bounds()}
	}
	f.Cursor, sc.cursor, sc.open = sc.cursor, nil, true
	return true
}

// cover knows which parts of a picture have never been painted, by cells of
// coverStep pixels: a cell counts when one rectangle has all of it.
type cover struct {
	size image.Point
	have []bool
	wide int // cells in a row
	left int
}

const coverStep = 16

func newCover(size image.Point) *cover {
	c := &cover{size: size, wide: (size.X + coverStep - 1) / coverStep}
	c.have = make([]bool, c.wide*((size.Y+coverStep-1)/coverStep))
	c.left = len(c.have)
	return c
}

// add notes rectangles that were painted. Cells at their edges that they do not
// fill are left out.
func (c *cover) add(dirty []image.Rectangle) {
	for _, r := range dirty {
		x0, x1 := (r.Min.X+coverStep-1)/coverStep, cellsBefore(r.Max.X, c.size.X)
		y0, y1 := (r.Min.Y+coverStep-1)/coverStep, cellsBefore(r.Max.Y, c.size.Y)
		for y := max(y0, 0); y < y1; y++ {
			for x := max(x0, 0); x < x1; x++ {
				if cell := &c.have[y*c.wide+x]; !*cell {
					*cell = true
					c.left--
				}
			}
		}
	}
}

// cellsBefore returns how many cells end at or before at; the last one ends with
// the picture.
func cellsBefore(at, end int) int {
	if at >= end {
		return (end + coverStep - 1) / coverStep
	}
	return at / coverStep
}
