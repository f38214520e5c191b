package x11_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jezek/xgb/shm"
	"github.com/jezek/xgb/xproto"

	"rac/screen/screentest"
	"rac/screen/x11"
)

func dial(t testing.TB, s *screentest.Server) *x11.Conn {
	t.Helper()
	c, err := x11.DialAuth(t.Context(), s.Display, s.Authority)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// window returns a new unmapped window that reports changes of properties.
func window(t testing.TB, c *x11.Conn) xproto.Window {
	t.Helper()
	w, err := xproto.NewWindowId(c.Conn)
	if err != nil {
		t.Fatal(err)
	}
	err = xproto.CreateWindowChecked(c.Conn, c.Screen.RootDepth, w, c.Root, 0, 0, 10, 10, 0,
		xproto.WindowClassInputOutput, c.Screen.RootVisual, xproto.CwEventMask, []uint32{xproto.EventMaskPropertyChange}).Check()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTwentyThousandUnreadEventsDoNotBlockReplies(t *testing.T) {
	c := dial(t, screentest.Xvfb(t, 64, 64))
	w := window(t, c)
	const n = 20_000
	for range n {
		xproto.ChangeProperty(c.Conn, xproto.PropModeReplace, w, xproto.AtomWmName, xproto.AtomString, 8, 1, []byte("x"))
	}
	if _, err := xproto.GetInputFocus(c.Conn).Reply(); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		ev, ok := c.PollEvent()
		if _, isProp := ev.(xproto.PropertyNotifyEvent); !ok || !isProp {
			t.Fatalf("event %d is %v", i, ev)
		}
	}
	if ev, ok := c.PollEvent(); ok {
		t.Errorf("one event too many: %v", ev)
	}
}

func TestWaitersLearnOfTheServersEnd(t *testing.T) {
	s := screentest.Xvfb(t, 64, 64)
	c := dial(t, s)
	done := make(chan error)
	go func() {
		_, err := c.NextEvent(context.Background())
		done <- err
	}()
	s.Kill()
	select {
	case err := <-done:
		if !errors.Is(err, x11.ErrClosed) {
			t.Errorf("NextEvent: %v, want ErrClosed", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("NextEvent still waits")
	}
	if _, err := xproto.GetInputFocus(c.Conn).Reply(); err == nil {
		t.Error("a dead server answers")
	}
	if c.Alive() {
		t.Error("the connection says that it stands")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestMemoryIsSharedWithTheServer(t *testing.T) {
	c := dial(t, screentest.Xvfb(t, 64, 64))
	seg, err := c.NewSegment(64 * 64 * 4)
	if err != nil {
		t.Fatal(err)
	}
	if len(seg.Mem) != 64*64*4 {
		t.Errorf("%d bytes", len(seg.Mem))
	}
	if err := seg.Close(); err != nil {
		t.Error(err)
	}
}

func TestRefusalsAreSentences(t *testing.T) {
	s := screentest.XvfbAuth(t, 64, 64)
	dir := t.TempDir()
	wrong := filepath.Join(dir, "wrong")
	if err := x11.WriteAuthority(wrong); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		display, authority string
		is                 error
		says               []string
	}{
		{s.Display, s.Authority, nil, nil},
		{s.Display, wrong, x11.ErrRefused, []string{"display " + s.Display, "no other cookie", wrong, "XAUTHORITY"}},
		{s.Display, filepath.Join(dir, "none"), x11.ErrRefused, []string{"there is no cookie file", "none"}},
		{":48123", "", x11.ErrNoDisplay, []string{":48123", "/tmp/.X11-unix/X48123", "no such file"}},
		{"127.0.0.1:48123", "", x11.ErrNoDisplay, []string{"127.0.0.1:54123", "refused"}},
		{"nonsense", "", x11.ErrNoDisplay, []string{`"nonsense" is not a display name`}},
		{s.Display + ".7", s.Authority, x11.ErrNoDisplay, []string{"it has 1 screens"}},
	} {
		conn, err := x11.DialAuth(t.Context(), c.display, c.authority)
		if err == nil {
			conn.Close()
		}
		if !errors.Is(err, c.is) {
			t.Errorf("%s with %s: %v, want %v", c.display, c.authority, err, c.is)
		}
		for _, text := range c.says {
			if err != nil && !strings.Contains(err.Error(), text) {
				t.Errorf("%q does not say %q", err, text)
			}
		}
	}
}

func TestTheCookieComesFromTheEnvironment(t *testing.T) {
	s := screentest.XvfbAuth(t, 64, 64)
	t.Setenv("XAUTHORITY", s.Authority)
	t.Setenv("DISPLAY", s.Display)
	c, err := x11.Dial(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	t.Setenv("DISPLAY", "")
	if _, err := x11.Dial(t.Context(), ""); !errors.Is(err, x11.ErrNoDisplay) || !strings.Contains(err.Error(), "DISPLAY is not set") {
		t.Errorf("Dial: %v", err)
	}
}

func TestAFrozenServerDoesNotHoldDial(t *testing.T) {
	s := screentest.Xvfb(t, 64, 64)
	s.Freeze(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if c, err := x11.Dial(ctx, s.Display); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Dial: %v, %v", c, err)
	}
}

func TestManyConnectionsAtATime(t *testing.T) {
	s := screentest.Xvfb(t, 64, 64)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				c, err := x11.Dial(t.Context(), s.Display)
				if err != nil {
					t.Error(err)
					return
				}
				if !c.Has("MIT-SHM") || c.Has("NONSENSE") {
					t.Error("extensions are wrong")
				}
				if _, err := shm.GetImage(c.Conn, xproto.Drawable(c.Root), 0, 0, 1, 1, 0, 2, 77, 0).Reply(); !isSegError(err) {
					t.Errorf("a segment that is not there: %v", err)
				}
				if a, err := c.Atom("RAC_TEST"); err != nil || a == 0 {
					t.Errorf("atom %d, %v", a, err)
				}
				if x, err := c.Extension("XKEYBOARD"); err != nil || x == nil || x.MajorOpcode == 0 {
					t.Errorf("XKEYBOARD: %+v, %v", x, err)
				}
				c.Close()
			}
		})
	}
	all.Wait()
}

// isSegError knows the error of MIT-SHM, whose number the server chooses.
func isSegError(err error) bool {
	var seg shm.BadSegError
	return errors.As(err, &seg)
}
