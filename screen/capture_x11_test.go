//go:build unix && !darwin

package screen_test

import (
	"context"
	"errors"
	"image"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"rac/screen"
	"rac/screen/codec"
	"rac/screen/screentest"
	"rac/screen/x11"
)

// capture opens a Source on s and closes it with the test.
func capture(t testing.TB, s *screentest.Server) screen.Source {
	t.Helper()
	src, err := screen.OpenX11(t.Context(), s.Display, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

// within bounds a wait that must not be for ever.
func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// next is Next for tests that know that there is a frame.
func next(t testing.TB, src screen.Source) *screen.Frame {
	t.Helper()
	f, err := src.Next(within(t, 20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// mirror is what a caller of Next knows who looks at dirty rectangles only.
type mirror struct {
	generation uint32
	pic        *codec.Picture
	cursor     *screen.Cursor
}

func (m *mirror) apply(t testing.TB, f *screen.Frame) {
	t.Helper()
	if f.Display.Generation != m.generation {
		m.generation, m.pic = f.Display.Generation, codec.NewPicture(f.Display.W, f.Display.H)
		if len(f.Dirty) != 1 || f.Dirty[0] != m.pic.Bounds() {
			t.Fatalf("a new generation of %v has dirty %v", m.pic.Bounds(), f.Dirty)
		}
	}
	if f.Picture.W != m.pic.W || f.Picture.H != m.pic.H {
		t.Fatalf("generation %d has a picture of %v, then of %v", m.generation, m.pic.Bounds(), f.Picture.Bounds())
	}
	for _, r := range f.Dirty {
		if !r.In(m.pic.Bounds()) || r.Empty() {
			t.Fatalf("dirty %v in a picture of %v", r, m.pic.Bounds())
		}
		for y := r.Min.Y; y < r.Max.Y; y++ {
			copy(m.pic.Row(y)[r.Min.X:r.Max.X], f.Picture.Row(y)[r.Min.X:r.Max.X])
		}
	}
	if f.Cursor != nil {
		m.cursor = f.Cursor
	}
}

// until applies frames until ok.
func (m *mirror) until(t testing.TB, src screen.Source, what string, ok func() bool) {
	t.Helper()
	ctx := within(t, 20*time.Second)
	for !ok() {
		f, err := src.Next(ctx)
		if err != nil {
			t.Fatalf("waiting for %s: %v", what, err)
		}
		m.apply(t, f)
	}
}

// during applies frames until done is closed. It must end Next then: the last
// change may have been delivered before, and a still screen has no next frame.
func (m *mirror) during(t testing.TB, src screen.Source, done <-chan struct{}) (frames int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	go func() {
		select {
		case <-done:
			cancel()
		case <-ctx.Done():
		}
	}()
	for ; ; frames++ {
		f, err := src.Next(ctx)
		if errors.Is(err, context.Canceled) {
			return frames
		}
		if err != nil {
			t.Fatal(err)
		}
		m.apply(t, f)
	}
}

func TestFirstFrameIsTheWholeScreen(t *testing.T) {
	s := screentest.Xvfb(t, 320, 200)
	p := s.Painter(t)
	p.Fill(image.Rect(0, 0, 320, 200), 0x123456)
	p.Fill(image.Rect(300, 190, 320, 200), 0xfedcba)
	p.Sync()
	f := next(t, capture(t, s))
	d := f.Display
	if d.W != 320 || d.H != 200 || d.Name != s.Display || d.Scale != 1 || len(d.Monitors) != 1 || d.Monitors[0] != image.Rect(0, 0, 320, 200) {
		t.Errorf("display is %+v", d)
	}
	if f.Cursor == nil {
		t.Error("the first frame has no cursor")
	}
	if r := screentest.Differ(f.Picture, p.Grab()); !r.Empty() {
		t.Errorf("the picture differs in %v", r)
	}
}

func TestADrawnRectangleIsAllThatIsDirty(t *testing.T) {
	s := screentest.Xvfb(t, 320, 200)
	p, src := s.Painter(t), capture(t, s)
	next(t, src)
	want := image.Rect(100, 50, 120, 66)
	p.Fill(want, 0xff8000)
	p.Sync()
	f := next(t, src)
	if len(f.Dirty) != 1 || f.Dirty[0] != want {
		t.Errorf("dirty is %v, want %v", f.Dirty, want)
	}
	if r := screentest.Differ(f.Picture, p.Grab()); !r.Empty() {
		t.Errorf("the picture differs in %v", r)
	}
	if f.Cursor != nil {
		t.Error("the cursor is sent again")
	}
}

func TestAStillScreenKeepsNextWaiting(t *testing.T) {
	s := screentest.Xvfb(t, 320, 200)
	src := capture(t, s)
	next(t, src)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	f, err := src.Next(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Next: %+v, %v; want the deadline", f, err)
	}
	s.Painter(t).Fill(image.Rect(0, 0, 1, 1), 0xffffff)
	next(t, src) // a Source can be used after ctx's error
}

// servers are the ways in which an X server may differ.
var servers = []struct {
	name string
	args []string
}{
	{"as usual", nil},
	{"no MIT-SHM", []string{"-extension", "MIT-SHM"}},
	{"no DAMAGE", []string{"-extension", "DAMAGE"}},
	{"no DAMAGE, no MIT-SHM", []string{"-extension", "DAMAGE", "-extension", "MIT-SHM"}},
	{"no XFIXES", []string{"-extension", "XFIXES"}},
	{"no RANDR", []string{"-extension", "RANDR"}},
}

func TestAThousandRectanglesEndInTheRightPicture(t *testing.T) {
	for _, server := range servers {
		t.Run(server.name, func(t *testing.T) {
			s := screentest.Xvfb(t, 640, 480, server.args...)
			p, src := s.Painter(t), capture(t, s)
			done := make(chan struct{})
			go func() {
				defer close(done)
				rnd := rand.New(rand.NewPCG(1, 2))
				for i := range 1000 {
					x, y := rnd.IntN(640), rnd.IntN(480)
					w, h := 1+rnd.IntN(60), 1+rnd.IntN(60)
					if i%10 == 0 {
						p.Copy(image.Rect(x, y, x+w, y+h), image.Pt(rnd.IntN(640), rnd.IntN(480)))
						continue
					}
					p.Fill(image.Rect(x, y, x+w, y+h), rnd.Uint32()&0xffffff)
					if i%50 == 0 {
						p.Sync()
					}
				}
				p.Sync()
			}()
			m := &mirror{}
			m.during(t, src, done)
			want := p.Grab()
			m.until(t, src, "the final picture", func() bool { return m.pic != nil && screentest.Differ(m.pic, want).Empty() })
		})
	}
}

func TestAProgramsWindowIsCaptured(t *testing.T) {
	s := screentest.Xvfb(t, 640, 480)
	p, src, m := s.Painter(t), capture(t, s), &mirror{}
	m.apply(t, next(t, src))
	s.Start(t, "xterm", "-geometry", "80x24+10+10", "-e", "sh", "-c", "i=0; while [ $i -lt 300 ]; do echo $i line; i=$((i+1)); done; sleep 60")
	m.until(t, src, "the xterm", func() bool { return !screentest.Differ(m.pic, codec.NewPicture(640, 480)).Empty() })
	m.until(t, src, "the same picture", func() bool { return screentest.Differ(m.pic, p.Grab()).Empty() })
}

func TestTwoSourcesOnOneDisplay(t *testing.T) {
	s := screentest.Xvfb(t, 320, 200)
	p, a, b := s.Painter(t), capture(t, s), capture(t, s)
	ma, mb := &mirror{}, &mirror{}
	p.Fill(image.Rect(10, 10, 90, 90), 0x00ff00)
	p.Sync()
	ma.apply(t, next(t, a))
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	p.Fill(image.Rect(50, 50, 190, 190), 0x0000ff)
	p.Sync()
	mb.until(t, b, "the same picture", func() bool { return mb.pic != nil && screentest.Differ(mb.pic, p.Grab()).Empty() })
}

func TestFiftyResizesUnderLoad(t *testing.T) {
	s := screentest.Xvfb(t, 800, 600)
	p, src, m := s.Painter(t), capture(t, s), &mirror{}
	sizes := []image.Point{{800, 600}, {640, 480}, {799, 333}, {400, 600}}
	for _, size := range sizes[1:] {
		s.AddMode(t, size.X, size.Y)
	}
	ctx, cancel := context.WithCancel(t.Context())
	painted := make(chan struct{})
	go func() {
		defer close(painted)
		for i := 0; ctx.Err() == nil; i++ {
			p.Fill(image.Rect(i%700, i%500, i%700+100, i%500+100), uint32(i*7919)&0xffffff)
			if i%20 == 0 {
				p.Sync()
			}
		}
	}()
	resized := make(chan struct{})
	go func() {
		defer close(resized)
		for i := range 50 {
			size := sizes[(i+1)%len(sizes)]
			s.Resize(t, size.X, size.Y)
		}
		s.Resize(t, 640, 480)
		cancel()
		<-painted
		p.Sync()
	}()
	frames := m.during(t, src, resized)
	m.until(t, src, "the final picture", func() bool { return m.pic != nil && screentest.Differ(m.pic, p.Grab()).Empty() })
	if m.pic.W != 640 || m.pic.H != 480 || m.generation < 10 {
		t.Errorf("%dx%d, generation %d", m.pic.W, m.pic.H, m.generation)
	}
	t.Logf("%d frames, %d generations", frames, m.generation)
}

func TestTheServersDeathIsAnError(t *testing.T) {
	s := screentest.Xvfb(t, 320, 200)
	src := capture(t, s)
	next(t, src)
	failed := make(chan error)
	go func() {
		_, err := src.Next(context.Background())
		failed <- err
	}()
	s.Kill()
	select {
	case err := <-failed:
		if !errors.Is(err, x11.ErrClosed) || !strings.Contains(err.Error(), s.Display) {
			t.Errorf("Next: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Next still waits for a dead server")
	}
	if _, err := src.Next(t.Context()); !errors.Is(err, x11.ErrClosed) {
		t.Errorf("Next again: %v", err)
	}
}

func TestAFrozenServerHoldsNeitherNextNorClose(t *testing.T) {
	s := screentest.Xvfb(t, 320, 200)
	p, src := s.Painter(t), capture(t, s)
	next(t, src)
	p.Fill(image.Rect(0, 0, 100, 100), 0xffffff)
	p.Sync()
	s.Freeze(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := src.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Next: %v", err)
	}
	src.Close()
}

func TestPointersPictureFollowsTheServers(t *testing.T) {
	const watch, cross, none = 150, 34, -1
	s := screentest.Xvfb(t, 320, 200)
	p, m := s.Painter(t), &mirror{}
	p.SetCursor(watch)
	src := capture(t, s)
	m.apply(t, next(t, src))
	first := m.cursor.Serial
	p.SetCursor(cross)
	m.until(t, src, "the cross", func() bool { return m.cursor.Serial != first })
	if c := m.cursor; c.W < 8 || c.H < 8 || len(c.Pix) != c.W*c.H || c.HotX == 0 || c.HotX >= c.W || c.HotY >= c.H {
		t.Errorf("cross is %+v", c)
	}
	p.SetCursor(watch)
	m.until(t, src, "the watch again", func() bool { return m.cursor.Serial == first })
	p.SetCursor(none)
	m.until(t, src, "no pointer", func() bool { return m.cursor.W == 0 })
}

func TestThereIsAPointerAlsoWhereTheServerKeepsItsPicture(t *testing.T) {
	for _, name := range []string{"crosshair", "watch"} { // of a program that has ended; animated
		s := screentest.Xvfb(t, 320, 200)
		s.Run(t, "xsetroot", "-cursor_name", name)
		if c := next(t, capture(t, s)).Cursor; c == nil || c.W == 0 || len(c.Pix) != c.W*c.H {
			t.Errorf("%s is %+v", name, c)
		}
	}
}

func TestPixelsOfSixteenBitsAreRefusedInASentence(t *testing.T) {
	s := screentest.XvfbScreen(t, "320x200x16")
	_, err := screen.OpenX11(t.Context(), s.Display, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "depth of 16 bits") {
		t.Errorf("OpenX11: %v", err)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	s := screentest.Xvfb(t, 320, 200)
	use := func() {
		src, err := screen.OpenX11(t.Context(), s.Display, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		next(t, src)
		if err := src.Close(); err != nil {
			t.Fatal(err)
		}
	}
	use()
	before := resources()
	for range 20 {
		use()
	}
	more := func() bool {
		now := resources()
		return now[0] > before[0] || now[1] > before[1] || now[2] > before[2]
	}
	for deadline := time.Now().Add(10 * time.Second); more() && time.Now().Before(deadline); {
		runtime.Gosched()
	}
	if more() {
		t.Errorf("descriptors, shared mappings, goroutines were %v, are %v", before, resources())
	}
}

// resources counts descriptors, shared mappings and goroutines: what a Source
// takes.
func resources() [3]int {
	fds, _ := os.ReadDir("/proc/self/fd")
	maps, _ := os.ReadFile("/proc/self/maps")
	return [3]int{len(fds), strings.Count(string(maps), "/memfd:rac"), runtime.NumGoroutine()}
}
