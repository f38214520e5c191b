//go:build linux

package main

import (
	"image"
	"sync"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"rac/screen/codec"
	"rac/screen/screentest"
)

// The picture that never rests: a clock that a machine can read.

// clock is the picture that never rests: the time of its painting in black and
// white cells, which is read off the viewer's window a hundred times a second.
type clock struct {
	start time.Time

	mu     sync.Mutex
	seen   []sighting
	awake  time.Duration // for which this machine let us run
	ticked time.Time
}

// sighting is a time that the viewer's window has shown for the first time.
type sighting struct{ painted, shown, awake time.Duration }

const (
	clockBits = 24
	clockCell = 16
	clockTop  = 500
)

func startClock(t *testing.T, host *computer, v *watching) *clock {
	c := &clock{start: time.Now(), ticked: time.Now()}
	at := v.area(v.win).Min
	reader := v.x.Painter(t) // a connection of its own
	painter := host.x.Painter(t)
	runBeside(t, 33*time.Millisecond, func() {
		painter.Put(image.Pt(0, clockTop), clockFace(time.Since(c.start)))
		painter.Sync()
	})
	runBeside(t, 10*time.Millisecond, func() { c.look(reader, at) })
	runBeside(t, 10*time.Millisecond, c.tick)
	return c
}

// tick counts the time in which this process gets a processor. Where others keep it
// from us, they keep it from those who are watched, too.
func (c *clock) tick() {
	const late = 50 * time.Millisecond
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.awake += min(now.Sub(c.ticked), late)
	c.ticked = now
}

// clockFace shows a time twice, the second time in the negative and from the other
// end: a face that is half of one time and half of another is none, whichever half.
func clockFace(d time.Duration) *codec.Picture {
	pic := codec.NewPicture(clockBits*clockCell, 2*clockCell)
	ms := uint32(d.Milliseconds())
	for y := range pic.H {
		for x := range pic.W {
			bit := x / clockCell
			if y >= clockCell {
				bit = clockBits - 1 - bit
			}
			if ms>>bit&1 != uint32(y/clockCell) {
				pic.Row(y)[x] = 0xffffff
			}
		}
	}
	return pic
}

func (c *clock) look(p *screentest.Painter, at image.Point) {
	img, err := xproto.GetImage(p.Conn.Conn, xproto.ImageFormatZPixmap, xproto.Drawable(p.Conn.Root),
		int16(at.X), int16(at.Y+clockTop), clockBits*clockCell, 2*clockCell, 0xffffffff).Reply()
	if err != nil {
		return
	}
	bit := func(x, y int) uint32 {
		if img.Data[4*((y*clockCell+clockCell/2)*clockBits*clockCell+x*clockCell+clockCell/2)+1] >= 0x80 {
			return 1
		}
		return 0
	}
	var ms uint32
	for i := range clockBits {
		if bit(i, 0) == bit(clockBits-1-i, 1) {
			return // torn, or something is over it
		}
		ms |= bit(i, 0) << i
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	painted := time.Duration(ms) * time.Millisecond
	if n := len(c.seen); n == 0 || c.seen[n-1].painted != painted {
		c.seen = append(c.seen, sighting{painted, time.Since(c.start), c.awake})
	}
}

func (c *clock) frames() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seen)
}

// movedAfter returns how long after a moment something was shown that was
// painted after it; negative: never.
func (c *clock) movedAfter(at time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	since := at.Sub(c.start)
	for _, s := range c.seen {
		if s.painted >= since {
			return s.shown - since
		}
	}
	return -1
}

// frozen returns the longest time since a moment in which nothing new was shown while
// the machine ran, and whether anything older was shown than what had been.
func (c *clock) frozen(since time.Time) (longest time.Duration, back bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := sighting{shown: since.Sub(c.start), awake: -1}
	for _, s := range c.seen {
		if s.shown < last.shown {
			continue
		}
		stood := s.shown - last.shown
		if last.awake >= 0 {
			stood = min(stood, s.awake-last.awake)
		}
		longest = max(longest, stood)
		back = back || s.painted < last.painted
		last = s
	}
	return longest, back
}
