package screen_test

import (
	"context"
	"errors"
	"image"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
	"rac/screen"
	"rac/screen/codec"
	"rac/screen/screentest"
)

// stage is a host with a made-up screen and what its viewers see.
type stage struct {
	t     *testing.T
	ctx   context.Context
	share *screen.Share
	work  sync.WaitGroup
}

func newStage(t *testing.T, open func(context.Context) (screen.Source, error)) *stage {
	ctx, cancel := context.WithCancel(t.Context())
	s := &stage{t: t, ctx: ctx, share: screen.NewShare(open, slog.New(slog.DiscardHandler))}
	t.Cleanup(func() {
		cancel()
		s.work.Wait()
	})
	return s
}

// join lets a viewer in over a line of that many bytes and returns what it sees
// and its leaving.
func (s *stage) join(want screen.Want, buffer int) (*screentest.Recorder, context.CancelFunc) {
	host, viewer := p2ptest.Pipe(buffer)
	return s.joinOver(want, host, viewer)
}

func (s *stage) joinOver(want screen.Want, host, viewer wire.Stream) (*screentest.Recorder, context.CancelFunc) {
	ctx, cancel := context.WithCancel(s.ctx)
	seen := &screentest.Recorder{}
	s.work.Go(func() { s.share.Serve(ctx, host) })
	s.work.Go(func() { screen.View(ctx, viewer, want, seen) })
	return seen, cancel
}

func (s *stage) wait(seen *screentest.Recorder, what string, ok func(*screen.Frame) bool) *screen.Frame {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 20*time.Second)
	defer cancel()
	f, err := seen.Wait(ctx, ok)
	if err != nil {
		s.t.Fatalf("waiting for %s: %v; last seen %+v", what, err, f)
	}
	return f
}

func equals(want *codec.Picture) func(*screen.Frame) bool {
	return func(f *screen.Frame) bool {
		return f.Exact && f.Picture != nil && screentest.Differ(f.Picture, want).Empty() && f.Picture.W == want.W && f.Picture.H == want.H
	}
}

func opens(s screen.Source) func(context.Context) (screen.Source, error) {
	return func(context.Context) (screen.Source, error) { return s, nil }
}

func TestEveryViewerComesToSeeTheHostsPicture(t *testing.T) {
	source := screentest.NewSource(300, 200)
	s := newStage(t, opens(source))
	fast, _ := s.join(screen.Want{}, 1<<20)
	slow, _ := s.join(screen.Want{}, 100)
	random := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		x, y := random.IntN(300), random.IntN(200)
		source.Fill(image.Rect(x, y, x+random.IntN(100), y+random.IntN(100)), random.Uint32()&0xffffff)
	}
	late, _ := s.join(screen.Want{}, 1<<20)
	for _, seen := range []*screentest.Recorder{fast, slow, late} {
		s.wait(seen, "the host's picture", equals(source.Picture()))
	}
}

func TestAResizeStartsAnew(t *testing.T) {
	source := screentest.NewSource(300, 200)
	s := newStage(t, opens(source))
	seen, _ := s.join(screen.Want{}, 1<<20)
	for _, size := range []image.Point{{640, 480}, {64, 64}, {65, 1}, {1000, 700}} {
		source.Resize(size.X, size.Y)
		source.Fill(image.Rect(10, 0, 50, 50), 0xabcdef)
		s.wait(seen, "the picture of another size", equals(source.Picture()))
	}
}

func TestThePointersPictureIsSentOnce(t *testing.T) {
	source := screentest.NewSource(64, 64)
	s := newStage(t, opens(source))
	seen, _ := s.join(screen.Want{}, 1<<20)
	arrow := screen.Cursor{Serial: 5, HotX: 1, HotY: 2, W: 2, H: 3, Pix: []uint32{1, 2, 3, 4, 5, 6}}
	hand := screen.Cursor{Serial: 9, W: 1, H: 1, Pix: []uint32{7}}
	for range 3 {
		for _, c := range []screen.Cursor{arrow, hand} {
			source.SetCursor(c)
			f := s.wait(seen, "the pointer", func(f *screen.Frame) bool { return f.Cursor != nil && f.Cursor.Serial == c.Serial })
			if f.Cursor.W != c.W || f.Cursor.HotY != c.HotY || len(f.Cursor.Pix) != len(c.Pix) || f.Cursor.Pix[0] != c.Pix[0] {
				t.Fatalf("pointer %+v, want %+v", f.Cursor, c)
			}
		}
	}
}

func TestAScreenThatGoesIsTriedAgainAndViewersAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		current := screentest.NewSource(100, 100)
		s := newStage(t, func(context.Context) (screen.Source, error) {
			mu.Lock()
			defer mu.Unlock()
			if current == nil {
				return nil, errors.New("the X server :7 does not answer")
			}
			return current, nil
		})
		seen, leave := s.join(screen.Want{}, 1<<20)
		s.wait(seen, "the first picture", equals(current.Picture()))

		mu.Lock()
		gone := current
		current = nil
		mu.Unlock()
		gone.Fail(errors.New("the X server :7 has gone"))
		s.wait(seen, "the reason", func(f *screen.Frame) bool { return strings.Contains(f.Status, "does not answer") })
		if !gone.Closed() {
			t.Error("the source that failed was not closed")
		}

		back := screentest.NewSource(120, 80)
		mu.Lock()
		current = back
		mu.Unlock()
		s.wait(seen, "the new screen", equals(back.Picture()))
		if f, _ := seen.Last(); f.Status != "" {
			t.Errorf("status %q with a picture", f.Status)
		}
		leave()
	})
}

func TestNobodyWatchingMeansNothingIsCaptured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opened := 0
		var source *screentest.Source
		s := newStage(t, func(context.Context) (screen.Source, error) {
			opened++
			source = screentest.NewSource(64, 64)
			return source, nil
		})
		synctest.Wait()
		if opened != 0 {
			t.Error("captured before anybody came")
		}
		for n := 1; n <= 3; n++ {
			seen, leave := s.join(screen.Want{}, 1<<20)
			other, leaveToo := s.join(screen.Want{}, 1<<20)
			s.wait(seen, "a picture", func(f *screen.Frame) bool { return f.Exact })
			s.wait(other, "a picture", func(f *screen.Frame) bool { return f.Exact })
			leave()
			leaveToo()
			synctest.Wait()
			if opened != n || !source.Closed() {
				t.Errorf("after visit %d: opened %d times, closed %v", n, opened, source.Closed())
			}
		}
	})
}

// TestASlowViewerGetsTheNewestPixelsOnce: what a viewer lacks is a region, not
// a queue: a thousand changes while its line is stuck cost it one picture.
func TestASlowViewerGetsTheNewestPixelsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := screentest.NewSource(200, 200)
		s := newStage(t, opens(source))
		host, viewer := p2ptest.Pipe(64)
		stuck := &gatedStream{Stream: viewer, open: make(chan struct{})}
		seen, _ := s.joinOver(screen.Want{}, host, stuck)
		for i := range 1000 {
			source.Fill(image.Rect(0, 0, 200, 200), uint32(i)*7919&0xffffff)
			synctest.Wait()
		}
		close(stuck.open)
		s.wait(seen, "the newest picture", equals(source.Picture()))
		if _, shown := seen.Last(); shown > 40 {
			t.Errorf("%d frames were shown for a line that was stuck", shown)
		}
	})
}

// gatedStream reads nothing until it is opened.
type gatedStream struct {
	wire.Stream
	open chan struct{}
}

func (g *gatedStream) Read(p []byte) (int, error) {
	<-g.open
	return g.Stream.Read(p)
}

func TestAHostWithoutAPictureSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(ctx context.Context) (screen.Source, error) {
			<-ctx.Done() // an X server that takes the connection and says nothing
			return nil, ctx.Err()
		})
		seen, leave := s.join(screen.Want{}, 1<<20)
		began := time.Now()
		s.wait(seen, "a reason", func(f *screen.Frame) bool { return f.Status != "" })
		if waited := time.Since(began); waited > 5*time.Second {
			t.Errorf("the viewer was left without a word for %v", waited)
		}
		leave()
	})
}

func TestNoMoreFramesThanAreWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := screentest.NewSource(64, 64)
		s := newStage(t, opens(source))
		seen, leave := s.join(screen.Want{FPS: 5}, 1<<20)
		for i := range 200 {
			source.Fill(image.Rect(0, 0, 64, 64), uint32(i))
			time.Sleep(10 * time.Millisecond)
		}
		s.wait(seen, "the last picture", equals(source.Picture()))
		if _, shown := seen.Last(); shown > 16 {
			t.Errorf("%d frames in two seconds, 5 a second were wanted", shown)
		}
		leave()
	})
}

func TestTheLastPictureOfAScreenThatIsGoneIsNoScreenshot(t *testing.T) {
	picture := codec.NewPicture(8, 8)
	still := screen.NewStill()
	still.Show(&screen.Frame{Picture: picture, Dirty: []image.Rectangle{picture.Bounds()}, Bytes: 1, Exact: true, Status: "no display: retrying"})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := still.First(ctx); err == nil || !strings.Contains(err.Error(), "no display") {
		t.Errorf("a first picture: %v", err)
	}
	still.Show(&screen.Frame{Picture: picture, Dirty: []image.Rectangle{picture.Bounds()}, Bytes: 1, Exact: true})
	if err := still.First(t.Context()); err != nil {
		t.Errorf("no picture of a screen that has come back: %v", err)
	}
}
