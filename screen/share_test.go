package screen_test

import (
	"context"
	"encoding/binary"
	"errors"
	"image"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
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

func TestAViewerOfOneMonitorSeesThatOne(t *testing.T) {
	source := screentest.NewSource(300, 200)
	right := image.Rect(100, 50, 300, 200)
	s := newStage(t, func(context.Context) (screen.Source, error) {
		return monitors{source, []image.Rectangle{image.Rect(0, 0, 100, 200), right}}, nil
	})
	seen, _ := s.join(screen.Want{Monitor: 2}, 1<<20)
	source.Fill(image.Rect(90, 40, 120, 90), 0x123456)
	f := s.wait(seen, "the second monitor", equals(source.Picture().Sub(right)))
	if f.Display.Origin != right.Min {
		t.Errorf("origin %v, want %v", f.Display.Origin, right.Min)
	}
}

// monitors adds monitors to a source.
type monitors struct {
	*screentest.Source
	list []image.Rectangle
}

func (m monitors) Next(ctx context.Context) (*screen.Frame, error) {
	f, err := m.Source.Next(ctx)
	if f != nil {
		f.Display.Monitors = m.list
	}
	return f, err
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

func TestAMalformedAnswerEndsTheView(t *testing.T) {
	source := screentest.NewSource(64, 64)
	share := screen.NewShare(opens(source), slog.New(slog.DiscardHandler))
	for _, garbage := range []string{"\x12\x00\x00\x00\x01\x00", "\x11\x00\x00\x00\x00", "\x12\xff\xff\xff\xff"} {
		host, viewer := p2ptest.Pipe(1 << 20)
		viewer.Write([]byte(garbage))
		if err := share.Serve(t.Context(), host); err == nil {
			t.Errorf("answer %q was taken", garbage)
		}
	}
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

func TestAHostThatSharesOneMonitorShowsNothingElse(t *testing.T) {
	source := screentest.NewSource(300, 200)
	right := image.Rect(100, 50, 300, 200)
	s := newStage(t, func(context.Context) (screen.Source, error) {
		return screen.OneMonitor(monitors{source, []image.Rectangle{image.Rect(0, 0, 100, 200), right}}, 2), nil
	})
	seen, _ := s.join(screen.Want{Monitor: 1}, 1<<20) // there is only one for a viewer
	source.Fill(image.Rect(90, 40, 120, 90), 0x123456)
	f := s.wait(seen, "the shared monitor", equals(source.Picture().Sub(right)))
	if f.Display.Origin != right.Min || len(f.Display.Monitors) > 0 {
		t.Errorf("display %+v, want the origin %v and no other monitors", f.Display, right.Min)
	}
}

// TestWhenTheSharedMonitorIsUnpluggedNothingElseIsShown: not the rest of the desktop
// either, and the viewer is told.
func TestWhenTheSharedMonitorIsUnpluggedNothingElseIsShown(t *testing.T) {
	source := screentest.NewSource(300, 200)
	left, right := image.Rect(0, 0, 100, 200), image.Rect(100, 50, 300, 200)
	var plugged atomic.Pointer[[]image.Rectangle]
	plugged.Store(&[]image.Rectangle{left, right})
	s := newStage(t, func(context.Context) (screen.Source, error) {
		return screen.OneMonitor(changing{source, &plugged}, 2), nil
	})
	seen, _ := s.join(screen.Want{}, 1<<20)
	s.wait(seen, "the shared monitor", equals(source.Picture().Sub(right)))
	plugged.Store(&[]image.Rectangle{left})
	source.Fill(image.Rect(90, 40, 120, 90), 0x123456)
	f := s.wait(seen, "word of the missing monitor", func(f *screen.Frame) bool { return strings.Contains(f.Status, "monitor 2") })
	if f.Display.W != right.Dx() || f.Display.H != right.Dy() {
		t.Errorf("the viewer got a display of %d×%d", f.Display.W, f.Display.H)
	}
}

// changing is a Source whose monitors come and go.
type changing struct {
	*screentest.Source
	list *atomic.Pointer[[]image.Rectangle]
}

func (c changing) Next(ctx context.Context) (*screen.Frame, error) {
	f, err := c.Source.Next(ctx)
	if f != nil {
		f.Display.Monitors = *c.list.Load()
	}
	return f, err
}

// TestAHostCannotConfuseTheViewer: what is no picture ends the view, and is told
// apart from a line that broke.
func TestAHostCannotConfuseTheViewer(t *testing.T) {
	for name, garbage := range map[string]string{
		"a frame before its display":  "\x02\x00\x00\x00\x11aaaabbbb\x00cccccccc",
		"a display without pixels":    "\x01\x00\x00\x00\x18" + strings.Repeat("\x00", 24),
		"a pointer that never came":   "\x03\x00\x00\x00\x04abcd",
		"a pointer larger than it is": "\x03\x00\x00\x00\x0c" + strings.Repeat("\xff", 12),
	} {
		host, viewer := p2ptest.Pipe(1 << 20)
		host.Write([]byte(garbage))
		if err := screen.View(t.Context(), viewer, screen.Want{}, &screentest.Recorder{}); !errors.Is(err, screen.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	host, viewer := p2ptest.Pipe(1 << 20)
	host.Write([]byte("\x01\x00\x00\x00\x18half"))
	host.CloseWrite()
	if err := screen.View(t.Context(), viewer, screen.Want{}, &screentest.Recorder{}); err == nil || errors.Is(err, screen.ErrMalformed) {
		t.Errorf("a broken line: %v", err)
	}
}

func FuzzView(f *testing.F) {
	f.Add([]byte("\x04\x00\x00\x00\x02hi"))
	f.Add([]byte("\x03\x00\x00\x00\x04abcd"))
	source := screentest.NewSource(40, 30)
	source.Fill(image.Rect(3, 3, 20, 20), 0x123456)
	f.Add(recorded(f, source))
	f.Fuzz(func(t *testing.T, data []byte) {
		host, viewer := p2ptest.Pipe(len(data) + 1<<16)
		host.Write(data)
		host.CloseWrite()
		screen.View(t.Context(), viewer, screen.Want{}, &screentest.Recorder{})
	})
}

// recorded returns what a host sends of a source's first picture.
func recorded(tb testing.TB, source screen.Source) []byte {
	host, viewer := p2ptest.Pipe(1 << 20)
	share := screen.NewShare(opens(source), slog.New(slog.DiscardHandler))
	go share.Serve(tb.Context(), host)
	viewer.Write([]byte("\x12\x00\x00\x00\x03\x00\x00\x00"))
	data := make([]byte, 300)
	n, err := viewer.Read(data)
	if err != nil {
		tb.Fatal(err)
	}
	viewer.Close()
	return data[:n]
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

// A viewer says what it wants again and again, takes what comes and answers nothing.
// The host neither fills its memory with what is not answered nor leaves the others
// without a picture; who answers at last gets his.
func TestAViewerThatWantsWithoutEndIsNotServedWithoutEnd(t *testing.T) {
	source := screentest.NewSource(300, 200)
	s := newStage(t, opens(source))
	host, far := p2ptest.Pipe(1 << 20)
	s.work.Go(func() { s.share.Serve(s.ctx, host) })
	t.Cleanup(func() { far.Close() })
	const msgDisplay, msgFrame, msgShown, msgWant, wants, enough = 0x01, 0x02, 0x11, 0x12, 3000, 1024
	w, r := wire.NewWriter(far, 64), wire.NewReader(far, 8<<20)
	told := make(chan uint32, 2*wants)
	frames := make(chan uint32, 2*wants)
	s.work.Go(func() {
		for {
			kind, body, err := r.Next()
			switch {
			case err != nil:
				return
			case kind == msgDisplay:
				told <- binary.BigEndian.Uint32(body)
			case kind == msgFrame:
				frames <- binary.BigEndian.Uint32(body)
			}
		}
	})
	displays, last, served := 0, uint32(0), true
	for i := range wants {
		if err := w.Write(msgWant, []byte{byte(i % 2), 0, 0}); err != nil {
			t.Fatal(err)
		}
		if !served {
			continue
		}
		select { // one after the other
		case last = <-told:
			displays++
		case <-time.After(time.Second):
			served = false
		}
	}
	other, _ := s.join(screen.Want{}, 1<<20)
	source.Fill(image.Rect(10, 10, 50, 50), 0x123456)
	s.wait(other, "the other viewer's picture", equals(source.Picture()))
	for len(told) > 0 {
		last = <-told
		displays++
	}
	if displays > enough {
		t.Errorf("%d displays went out unanswered", displays)
	}
	for len(frames) > 0 {
		<-frames
	}
	answer := func(seq uint32) {
		if err := w.Write(msgShown, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, seq), 0)); err != nil {
			t.Fatal(err)
		}
	}
	answer(last)
	for late := time.After(20 * time.Second); ; {
		select {
		case seq := <-told:
			answer(seq)
		case <-frames:
			return
		case <-late:
			t.Fatal("no picture for the one who answers")
		}
	}
}
