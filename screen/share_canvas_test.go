package screen_test

import (
	"context"
	"errors"
	"image"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rac/p2p/p2ptest"
	"rac/screen"
	"rac/screen/codec"
	"rac/screen/screentest"
)

// remembered is a source that keeps all that it has shown, by the time of it.
type remembered struct {
	*screentest.Source
	mu  sync.Mutex
	was map[int64]*codec.Picture
}

func remember(s *screentest.Source) *remembered {
	return &remembered{Source: s, was: make(map[int64]*codec.Picture)}
}

func (r *remembered) Next(ctx context.Context) (*screen.Frame, error) {
	f, err := r.Source.Next(ctx)
	if f != nil {
		f.Time = time.Now().Truncate(time.Microsecond)
		r.mu.Lock()
		r.was[f.Time.UnixMicro()] = &codec.Picture{W: f.Picture.W, H: f.Picture.H, Stride: f.Picture.Stride, Pix: slices.Clone(f.Picture.Pix)}
		r.mu.Unlock()
		time.Sleep(time.Microsecond) // the next one has another time
	}
	return f, err
}

// tells returns a surface's check: what is said to be exact is what was on the screen.
func (r *remembered) tells(t *testing.T) func(f *screen.Frame) error {
	return func(f *screen.Frame) error {
		if !f.Exact || f.Bytes == 0 {
			return nil
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if was := r.was[f.Time.UnixMicro()]; was != nil && was.W == f.Picture.W && was.H == f.Picture.H {
			if d := screentest.Differ(was, f.Picture); !d.Empty() {
				t.Errorf("what is said to be exact differs inside %v", d)
				return errors.New("a wrong picture")
			}
		}
		return nil
	}
}

// TestManyViewersSeeThePictureWhateverBecomesOfThem: viewers on all kinds of lines
// come, share, fall behind, change what they want and go, while the screen draws,
// scrolls and changes its size.
func TestManyViewersSeeThePictureWhateverBecomesOfThem(t *testing.T) {
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 9))
			source := remember(screentest.NewSource(300, 200))
			s := newStage(t, opens(source))
			c := &crowd{t: t, stage: s, source: source, rnd: rnd}
			shared := 0
			for range 300 {
				c.step()
				if canvases, viewers := s.share.Canvases(); canvases < viewers {
					shared++
				}
			}
			for _, v := range c.viewers {
				s.wait(v.seen, "the host's picture", equals(source.Picture()))
			}
			t.Logf("%d of 300 steps with shared frames, %d viewers at the end", shared, len(c.viewers))
			if shared < 40 {
				t.Errorf("frames were shared in %d of 300 steps only", shared)
			}
		})
	}
}

// crowd is viewers that come and go.
type crowd struct {
	t       *testing.T
	stage   *stage
	source  *remembered
	rnd     *rand.Rand
	viewers []*watcher
}

type watcher struct {
	seen  *screentest.Recorder
	leave context.CancelFunc
	line  *line
}

func (c *crowd) step() {
	switch n := c.rnd.IntN(40); {
	case n < 2 && len(c.viewers) < 6 || len(c.viewers) == 0:
		c.come()
	case n == 2 && len(c.viewers) > 1:
		i := c.rnd.IntN(len(c.viewers))
		c.viewers[i].leave()
		c.viewers = append(c.viewers[:i], c.viewers[i+1:]...)
	case n == 3:
		c.source.Resize(64+c.rnd.IntN(300), 64+c.rnd.IntN(200))
	case n == 4: // a line becomes slow, or quick again
		if l := c.viewers[c.rnd.IntN(len(c.viewers))].line; l != nil {
			l.rate.Store([]int64{200_000, 200_000_000}[c.rnd.IntN(2)])
		}
	default:
		c.draw()
	}
	time.Sleep(time.Duration(c.rnd.IntN(c.rnd.IntN(300)+1)) * time.Millisecond)
}

// draw changes something: plain areas, noise, or all moves.
func (c *crowd) draw() {
	c.source.Draw(func(p *codec.Picture) []image.Rectangle {
		x, y := c.rnd.IntN(p.W), c.rnd.IntN(p.H)
		r := image.Rect(x, y, x+c.rnd.IntN(200), y+c.rnd.IntN(150)).Intersect(p.Bounds())
		switch colour := c.rnd.Uint32() & 0xffffff; c.rnd.IntN(3) {
		case 0:
			for y := r.Min.Y; y < r.Max.Y; y++ {
				for x := r.Min.X; x < r.Max.X; x++ {
					p.Row(y)[x] = colour
				}
			}
		case 1:
			for y := r.Min.Y; y < r.Max.Y; y++ {
				for x := r.Min.X; x < r.Max.X; x++ {
					p.Row(y)[x] = c.rnd.Uint32() & 0x3f3f3f
				}
			}
		default:
			copy(p.Pix, p.Pix[16*p.Stride:])
			r = p.Bounds()
		}
		return []image.Rectangle{r}
	})
}

// come lets one more in: over a line that needs no time, one that is fast, one that
// changes, or one that takes few bytes at once.
func (c *crowd) come() {
	want := screen.Want{}
	if c.rnd.IntN(8) == 0 {
		want.FPS = 5
	}
	w := &watcher{}
	host, viewer := p2ptest.Pipe(1 << 20)
	switch c.rnd.IntN(5) {
	case 0:
		host, viewer = p2ptest.Pipe(100)
	case 1, 2:
		w.line = newLine(c.stage.ctx, 200_000_000, time.Millisecond)
		c.t.Cleanup(w.line.work.Wait)
		host, viewer = w.line.stream()
	}
	ctx, cancel := context.WithCancel(c.stage.ctx)
	w.seen, w.leave = &screentest.Recorder{Refuse: c.source.tells(c.t)}, cancel
	c.stage.work.Go(func() { c.stage.share.Serve(ctx, host) })
	c.stage.work.Go(func() {
		if err := screen.View(ctx, viewer, want, w.seen); errors.Is(err, screen.ErrMalformed) {
			c.t.Errorf("a view ended: %v", err)
		}
	})
	c.viewers = append(c.viewers, w)
}
