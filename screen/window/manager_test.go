//go:build linux

package window

import (
	"errors"
	"image"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"rac/input"
	"rac/screen"
	"rac/screen/screentest"
	"rac/screen/x11"
)

// desktop is an X server with a window manager.
func desktop(t *testing.T, w, h int) *screentest.Server {
	t.Helper()
	x := screentest.Xvfb(t, w, h)
	// Openbox forgets windows that are mapped while it starts, so it has to say
	// when it is ready.
	x.Start(t, "openbox", "--startup", "xprop -root -f OPENBOX_READY 8s -set OPENBOX_READY yes")
	eventually(t, "openbox is ready", func() bool {
		return strings.Contains(x.Run(t, "xprop", "-root", "OPENBOX_READY"), "yes")
	})
	return x
}

func dial(t testing.TB, x *screentest.Server) *x11.Conn {
	t.Helper()
	c, err := x11.Dial(t.Context(), x.Display)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func ended(t *testing.T, w *Window) {
	t.Helper()
	select {
	case <-w.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the window does not end")
	}
	for range w.Events() { // closed, after what was on its way
	}
}

func TestTheManagersCloseEndsTheWindow(t *testing.T) {
	x := desktop(t, 1000, 700)
	w := open(t, Options{Display: x.Display, Title: "büro", Scale: 1})
	pic := noise(seeded(), 640, 480)
	show(t, w, whole(pic))
	viewable(t, w)
	if names := x.Run(t, "xprop", "-id", id(w), "WM_NAME", "_NET_WM_NAME", "WM_CLASS", "_NET_WM_PID"); !strings.Contains(names, `_NET_WM_NAME(UTF8_STRING) = "büro`) ||
		!strings.Contains(names, `WM_CLASS(STRING) = "rac", "rac"`) {
		t.Errorf("xprop says:\n%s", names)
	}
	eventually(t, "the picture is whole in a managed window", func() bool { return equal(grab(t, w.conn, w.win), pic) })
	w.hints.ask("_NET_CLOSE_WINDOW", 0, 1)
	ended(t, w)
	if err := w.Show(whole(pic)); !errors.Is(err, ErrClosed) {
		t.Errorf("Show after the close: %v", err)
	}
}

func id(w *Window) string { return "0x" + hex(uint32(w.win)) }

func hex(n uint32) string {
	const digits = "0123456789abcdef"
	s := ""
	for ; n > 0; n /= 16 {
		s = string(digits[n%16]) + s
	}
	return s
}

func TestKeysReachAManagedWindowAndEvenAltTabGoesToTheHost(t *testing.T) {
	x := desktop(t, 1000, 700)
	w := open(t, Options{Display: x.Display, Scale: 1})
	show(t, w, whole(noise(seeded(), 640, 480)))
	viewable(t, w)
	x.Run(t, "xdotool", "mousemove", "500", "350")
	grabbed(t, x, w)
	x.Run(t, "xdotool", "key", "alt+Tab", "a")
	expect(t, w,
		input.Key{Usage: 0xe2, Down: true, Sym: 0xffe9}, input.Key{Usage: 0x2b, Down: true, Sym: 0xff09},
		input.Key{Usage: 0xe2, Sym: 0xffe9}, input.Key{Usage: 0x2b, Sym: 0xff09})
	expect(t, w, stroke(0x04, 'a')...)
}

// grabbed waits until the window has the whole keyboard, as its title says.
func grabbed(t *testing.T, x *screentest.Server, w *Window) {
	t.Helper()
	eventually(t, "the keyboard is grabbed", func() bool {
		return strings.Contains(x.Run(t, "xprop", "-id", id(w), "_NET_WM_NAME"), "gives the keyboard back")
	})
}

func TestCtrlAltShiftGivesTheKeyboardBackAndTakesItAgain(t *testing.T) {
	x := desktop(t, 1000, 700)
	w := open(t, Options{Display: x.Display, Scale: 1})
	show(t, w, whole(noise(seeded(), 640, 480)))
	viewable(t, w)
	x.Run(t, "xdotool", "mousemove", "500", "350")
	grabbed(t, x, w)
	x.Run(t, "xdotool", "key", "ctrl+alt+shift")
	eventually(t, "the keyboard is free", func() bool {
		return strings.Contains(x.Run(t, "xprop", "-id", id(w), "_NET_WM_NAME"), "takes the keyboard")
	})
	x.Run(t, "xdotool", "key", "ctrl+alt+shift")
	grabbed(t, x, w)
	x.Run(t, "xdotool", "key", "ctrl+alt+shift+q")
	ended(t, w)
}

func TestFullScreenFillsTheScreenAndBack(t *testing.T) {
	for name, start := range map[string]func() *screentest.Server{
		"managed": func() *screentest.Server { return desktop(t, 1000, 700) },
		"alone":   func() *screentest.Server { return screentest.Xvfb(t, 1000, 700) },
	} {
		t.Run(name, func(t *testing.T) {
			x := start()
			w := open(t, Options{Display: x.Display, Fullscreen: true, Scale: Fit})
			show(t, w, whole(noise(seeded(), 640, 480)))
			viewable(t, w)
			size := func(want image.Point) {
				t.Helper()
				eventually(t, want.String(), func() bool { _, l := w.paint.state(); return l.win == want })
			}
			size(image.Pt(1000, 700))
			grabbed(t, x, w)
			x.Run(t, "xdotool", "key", "ctrl+alt+shift+f")
			eventually(t, "a smaller window", func() bool { _, l := w.paint.state(); return l.win.X < 1000 })
			grabbed(t, x, w)
			x.Run(t, "xdotool", "key", "ctrl+alt+shift+f")
			size(image.Pt(1000, 700))
		})
	}
}

func TestTheEndOfTheServerEndsTheWindow(t *testing.T) {
	x := screentest.Xvfb(t, 640, 480)
	w := open(t, Options{Display: x.Display, Scale: 1})
	f := whole(noise(seeded(), 640, 480))
	show(t, w, f)
	x.Kill()
	ended(t, w)
	if err := w.Show(f); err == nil || errors.Is(err, ErrClosed) || !strings.Contains(err.Error(), x.Display) {
		t.Errorf("Show without a server: %v", err)
	}
}

func TestAWindowThatIsKilledWasClosed(t *testing.T) {
	x := screentest.Xvfb(t, 640, 480)
	w := open(t, Options{Display: x.Display, Scale: 1})
	show(t, w, whole(noise(seeded(), 640, 480)))
	x.Run(t, "xkill", "-id", id(w))
	ended(t, w)
	if err := w.Err(); !errors.Is(err, ErrClosed) {
		t.Errorf("the window has ended with %v", err)
	}
}

func TestShowEndsWhenTheServerDiesInTheMiddle(t *testing.T) {
	x := screentest.Xvfb(t, 640, 480)
	w := open(t, Options{Display: x.Display, Scale: 1})
	f := whole(noise(seeded(), 1600, 1200))
	show(t, w, f)
	x.Freeze(t)
	failed := make(chan error)
	go func() {
		for {
			if err := w.Show(f); err != nil {
				failed <- err
				return
			}
		}
	}()
	x.Kill()
	select {
	case err := <-failed:
		t.Log(err)
	case <-time.After(10 * time.Second):
		t.Fatal("Show hangs")
	}
	ended(t, w)
}

func TestNothingIsLeftOfAClosedWindow(t *testing.T) {
	x := screentest.Xvfb(t, 640, 480)
	once := func() {
		w, err := Open(t.Context(), Options{Display: x.Display})
		if err != nil {
			t.Fatal(err)
		}
		show(t, w, whole(noise(seeded(), 640, 480)))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		w.Close() // twice does no harm
		if err := w.Err(); !errors.Is(err, ErrClosed) {
			t.Errorf("Err after Close: %v", err)
		}
	}
	once()
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	for range 10 {
		once()
	}
	eventually(t, "goroutines and files are as before", func() bool {
		return runtime.NumGoroutine() <= goroutines && openFiles(t) <= files
	})
}

func TestAServerThatHangsDoesNotKeepTheWindow(t *testing.T) {
	x := screentest.Xvfb(t, 640, 480)
	w := open(t, Options{Display: x.Display, Scale: 1})
	f := whole(noise(seeded(), 1600, 1200))
	show(t, w, f)
	x.Freeze(t)
	shown := make(chan error)
	go func() {
		var err error
		for err == nil {
			err = w.Show(f)
		}
		shown <- err
	}()
	closed := make(chan error)
	go func() { closed <- w.Close() }()
	answer(t, closed)
	if err := answer(t, shown); !errors.Is(err, ErrClosed) {
		t.Errorf("Show: %v", err)
	}
}

func TestTheManagersOwnFullScreenIsSeen(t *testing.T) {
	x := desktop(t, 1000, 700)
	w := open(t, Options{Display: x.Display, Scale: 1})
	show(t, w, whole(noise(seeded(), 640, 480)))
	viewable(t, w)
	full, err := w.conn.Atom("_NET_WM_STATE_FULLSCREEN")
	if err != nil {
		t.Fatal(err)
	}
	for _, on := range []bool{true, false} {
		w.hints.ask("_NET_WM_STATE", map[bool]uint32{true: 1}[on], uint32(full), 0, 2)
		eventually(t, "the window knows", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.full == on })
	}
}

func openFiles(t *testing.T) int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestAWindowThatCannotBeOpenedSaysWhichDisplayAndWhy(t *testing.T) {
	_, err := Open(t.Context(), Options{Display: ":4321"})
	if !errors.Is(err, x11.ErrNoDisplay) || !strings.Contains(err.Error(), ":4321") {
		t.Errorf("Open: %v", err)
	}
}

func TestAStatusShowsTheWindowAndALaterPictureGivesItItsSize(t *testing.T) {
	x := desktop(t, 1200, 900)
	w := open(t, Options{Display: x.Display})
	show(t, w, &screen.Frame{Status: "no display: retrying"})
	viewable(t, w)
	eventually(t, "the text is there", func() bool { return bright(t, w) })
	pic := noise(seeded(), 700, 500)
	show(t, w, whole(pic)) // no status: the text goes
	eventually(t, "the picture alone", func() bool { return equal(grab(t, w.conn, w.win), pic) })
	w.SetStatus("link lost, resuming…")
	eventually(t, "the text over the picture", func() bool { return !equal(grab(t, w.conn, w.win), pic) })
	top := image.Rect(0, 0, pic.W, pic.H/2) // the host's banner is there
	if !equal(grab(t, w.conn, w.win).Sub(top), pic.Sub(top)) {
		t.Error("the text lies over the picture's upper half")
	}
	w.SetStatus("")
	eventually(t, "the picture alone", func() bool { return equal(grab(t, w.conn, w.win), pic) })
}

// bright tells whether the overlay's edge is on the screen.
func bright(t *testing.T, w *Window) bool {
	for _, p := range grab(t, w.conn, w.win).Pix {
		if p == warnLine {
			return true
		}
	}
	return false
}

func TestTheWindowFollowsTheHostsSizeUntilThePersonChoosesOne(t *testing.T) {
	x := screentest.Xvfb(t, 1200, 900)
	w := open(t, Options{Display: x.Display})
	for i := range 20 {
		pic := noise(seeded(), 400+10*i, 300+10*i)
		show(t, w, whole(pic))
		eventually(t, "the window has the picture's size", func() bool { return equal(grab(t, w.conn, w.win), pic) })
	}
	xproto.ConfigureWindow(w.conn.Conn, w.win, xproto.ConfigWindowWidth|xproto.ConfigWindowHeight, []uint32{333, 222})
	eventually(t, "the chosen size", func() bool { _, l := w.paint.state(); return l.win == image.Pt(333, 222) })
	show(t, w, whole(noise(seeded(), 640, 480)))
	if _, l := w.paint.state(); l.win != image.Pt(333, 222) || l.dst.Size() != image.Pt(296, 222) {
		t.Errorf("the picture lies at %v in a window of %v", l.dst, l.win)
	}
}
