//go:build unix && !darwin

package input_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"rac/input"
	"rac/screen/screentest"
	"rac/screen/x11"
)

// watcher is a window over the whole screen that sees all input.
type watcher struct {
	*x11.Conn
	s *screentest.Server
}

func watch(t testing.TB, s *screentest.Server) *watcher {
	t.Helper()
	c := dial(t, s)
	w, err := xproto.NewWindowId(c.Conn)
	if err != nil {
		t.Fatal(err)
	}
	const mask = xproto.EventMaskKeyPress | xproto.EventMaskKeyRelease | xproto.EventMaskButtonPress |
		xproto.EventMaskButtonRelease | xproto.EventMaskPointerMotion | xproto.EventMaskExposure
	xproto.CreateWindow(c.Conn, c.Screen.RootDepth, w, c.Root, 0, 0, c.Screen.WidthInPixels, c.Screen.HeightInPixels, 0,
		xproto.WindowClassInputOutput, c.Screen.RootVisual, xproto.CwEventMask, []uint32{mask})
	xproto.MapWindow(c.Conn, w)
	xproto.SetInputFocus(c.Conn, xproto.InputFocusPointerRoot, w, xproto.TimeCurrentTime)
	if _, err := xproto.GetInputFocus(c.Conn).Reply(); err != nil {
		t.Fatal(err)
	}
	return &watcher{c, s}
}

// story tells what has arrived, all that was injected before included: "+38/1" is
// key 38 down with modifiers 1, "+b1" a button, "3,4" a motion.
func (w *watcher) story(t testing.TB) string {
	t.Helper()
	if _, err := xproto.GetInputFocus(w.Conn.Conn).Reply(); err != nil {
		t.Fatal(err)
	}
	var words []string
	for ev, ok := w.PollEvent(); ok; ev, ok = w.PollEvent() {
		switch ev := ev.(type) {
		case xproto.KeyPressEvent:
			words = append(words, fmt.Sprintf("+%d/%x", ev.Detail, ev.State))
		case xproto.KeyReleaseEvent:
			words = append(words, fmt.Sprintf("-%d", ev.Detail))
		case xproto.ButtonPressEvent:
			words = append(words, fmt.Sprintf("+b%d", ev.Detail))
		case xproto.ButtonReleaseEvent:
			words = append(words, fmt.Sprintf("-b%d", ev.Detail))
		case xproto.MotionNotifyEvent:
			words = append(words, fmt.Sprintf("%d,%d", ev.RootX, ev.RootY))
		}
	}
	return strings.Join(words, " ")
}

func (w *watcher) want(t testing.TB, story string) {
	t.Helper()
	if got := w.story(t); got != story {
		t.Errorf("the window saw %q, want %q", got, story)
	}
}

func TestPointerButtonsAndWheelArrive(t *testing.T) {
	s := screentest.Xvfb(t, 640, 480)
	w, inj := watch(t, s), openX11(t, s)
	inject(t, inj, input.Motion{X: 10, Y: 20}, button(1, true), input.Motion{X: 30, Y: 40}, button(1, false))
	w.want(t, "10,20 +b1 30,40 -b1")
	for _, b := range []uint8{2, 3, 8, 9} {
		inject(t, inj, button(b, true), button(b, false))
	}
	w.want(t, "+b2 -b2 +b3 -b3 +b8 -b8 +b9 -b9")
	inject(t, inj, input.Wheel{DY: 120}, input.Wheel{DY: -240}, input.Wheel{DX: 120}, input.Wheel{DX: -120})
	w.want(t, "+b5 -b5 +b4 -b4 +b4 -b4 +b7 -b7 +b6 -b6")
	inject(t, inj, input.Wheel{DY: 50}, input.Wheel{DY: 50}, input.Wheel{DY: 50}, input.Wheel{DY: -100}, input.Wheel{DY: -20})
	w.want(t, "+b5 -b5 +b4 -b4") // 150 is a notch; what remained was forgotten on the way back
	inject(t, inj, input.Motion{X: 1 << 30, Y: -5}, button(1, true), button(1, false))
	w.want(t, "639,0 +b1 -b1")
}

func TestShiftIsBentAsLongAsTheKeyIsDown(t *testing.T) {
	s := screentest.Xvfb(t, 640, 480)
	w, inj := watch(t, s), openX11(t, s)
	inject(t, inj, key(0xe1, true), input.Key{Usage: 0x24, Down: true, Sym: '/'})
	w.want(t, "+50/0 -50 +61/0")
	inject(t, inj, input.Motion{X: 1, Y: 1}, input.Key{Usage: 0x24})
	w.want(t, "1,1 -61 +50/0")
	inject(t, inj, key(0xe1, false))
	w.want(t, "-50")
	inject(t, inj, input.Key{Usage: 0x24, Down: true, Sym: '&'}, button(1, true), button(1, false), input.Key{Usage: 0x24})
	w.want(t, "+50/0 +16/1 -50 +b1 -b1 -16")
}

func TestAHeldKeyRepeatsWhenTheViewerSaysSoAndNotByTheServer(t *testing.T) {
	s := screentest.Xvfb(t, 640, 480)
	s.Run(t, "xset", "r", "rate", "20", "100")
	w, inj := watch(t, s), openX11(t, s)
	for _, k := range []input.Key{{Usage: 4, Sym: 'a'}, {Usage: 4, Sym: 'A'}, {Usage: 4}, {Sym: 0x10065e5}} { // Shift is bent, no sym, a spare keycode
		down, again := k, k
		down.Down, again.Down, again.Again = true, true, true
		inject(t, inj, down)
		code := keysDown(t, s)
		pressed := w.story(t)
		time.Sleep(200 * time.Millisecond) // some twenty repeats
		w.want(t, "")
		press := pressed[strings.LastIndex(pressed, "+"):]
		once := fmt.Sprintf("-%d %s", code[0], press)
		inject(t, inj, again, again)
		w.want(t, once+" "+once)
		inject(t, inj, k, again) // the second is of a key that is up
		if got := w.story(t); strings.Contains(got, press) {
			t.Errorf("%+v: %s after the release", k, got)
		}
	}
	inject(t, inj, input.Text{Text: "ab"})
	w.story(t)
	time.Sleep(200 * time.Millisecond)
	w.want(t, "")
	if !strings.Contains(s.Run(t, "xset", "q"), "auto repeat:  on") {
		t.Error("the server's own repeat is not as it was")
	}

	s.Run(t, "xset", "r", "off") // is heeded
	inject(t, inj, key(4, true), again(4), again(4), key(4, false))
	w.want(t, "+38/0 -38")
	if !strings.Contains(s.Run(t, "xset", "q"), "auto repeat:  off") {
		t.Error("the server's own repeat is on")
	}
}

func TestAModifierDoesNotRepeat(t *testing.T) {
	s := screentest.Xvfb(t, 640, 480)
	w, inj := watch(t, s), openX11(t, s)
	inject(t, inj, key(0xe1, true), again(0xe1), key(0x39, true), again(0x39), key(0x39, false), key(0xe1, false)) // Shift, Caps Lock
	w.want(t, "+50/0 +66/1 -66 -50")
}

// endings are the ways in which a session can end.
var endings = map[string]func(s *session, cancel func(), inj *switched){
	"the viewer hangs up":         func(s *session, _ func(), _ *switched) { close(s.events) },
	"the stream breaks":           func(s *session, _ func(), _ *switched) { s.host.Close() },
	"the permission is withdrawn": func(_ *session, cancel func(), _ *switched) { cancel() },
	"the injector fails": func(s *session, _ func(), inj *switched) {
		inj.fail = true
		s.send(input.Wheel{DY: 120})
	},
}

// switched is an Injector that can be made to fail at the next turn of the wheel.
type switched struct {
	input.Injector
	fail bool
}

func (s *switched) Inject(ev input.Event) error {
	if _, ok := ev.(input.Wheel); ok && s.fail {
		return errors.New("out of order")
	}
	return s.Injector.Inject(ev)
}

func TestNothingStaysDownAtTheServerHoweverASessionEnds(t *testing.T) {
	srv := screentest.Xvfb(t, 640, 480)
	for name, end := range endings {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			inj := &switched{Injector: openX11(t, srv)}
			s := connect(ctx, 1<<16, inj)
			s.send(key(0xe1, true), key(0xe0, true), input.Key{Usage: 4, Down: true, Sym: 'A'}, input.Key{Sym: 0x10065e5, Down: true}, button(1, true))
			eventually(t, "the keys are down", func() bool { return len(keysDown(t, srv)) == 4 && buttonsDown(t, srv) == 1 })
			end(s, cancel, inj)
			<-s.served
			if keys, buttons := keysDown(t, srv), buttonsDown(t, srv); len(keys) > 0 || buttons != 0 {
				t.Errorf("keys %v, buttons %b are still down", keys, buttons)
			}
			<-s.sent
		})
	}
}

// buttonsDown asks the server for the mask of the buttons that are down.
func buttonsDown(t testing.TB, s *screentest.Server) uint16 {
	t.Helper()
	c := dial(t, s)
	p, err := xproto.QueryPointer(c.Conn, c.Root).Reply()
	if err != nil {
		t.Fatal(err)
	}
	return p.Mask >> 8
}

func TestASessionSurvivesItsXServer(t *testing.T) {
	s := screentest.Xvfb(t, 640, 480)
	inj := openX11(t, s)
	inject(t, inj, key(4, true), input.Text{Text: "日"})
	s.Kill()
	for _, ev := range []input.Event{key(5, true), key(5, false), input.Text{Text: "x"}} {
		if err := inj.Inject(ev); !errors.Is(err, input.ErrNotNow) {
			t.Fatalf("%+v: got %v, want ErrNotNow", ev, err)
		}
	}
	again := screentest.Xvfb(t, 640, 480, s.Display)
	if again.Display != s.Display {
		t.Fatalf("the server came back as %s", again.Display)
	}
	w := watch(t, again)
	eventually(t, "input is back", func() bool { return inj.Inject(input.Motion{X: 5, Y: 6}) == nil })
	inject(t, inj, tap(4, 'a')...)
	w.want(t, "5,6 +38/0 -38")
}

func TestAServerThatStandsStillDoesNotHoldASessionForEver(t *testing.T) {
	t.Parallel()
	s := screentest.Xvfb(t, 640, 480)
	inj := openX11(t, s)
	s.Freeze(t)
	if err := inj.Inject(key(4, true)); !errors.Is(err, input.ErrNotNow) {
		t.Errorf("got %v, want ErrNotNow", err)
	}
}

func TestAProgramThatGrabsTheServerCanBeOperated(t *testing.T) {
	s := screentest.Xvfb(t, 640, 480)
	w, inj := watch(t, s), openX11(t, s)
	// Not at the same time: X.Org 21 also parks clients that are exempt from the
	// grab if they have a request waiting when it begins (mark_client_grab).
	if err := xproto.GrabServerChecked(w.Conn.Conn).Check(); err != nil {
		t.Fatal(err)
	}
	inject(t, inj, button(1, true), button(1, false))
	w.want(t, "+b1 -b1")
	xproto.UngrabServer(w.Conn.Conn)
}

func TestADisplayThatIsNotThereIsAnErrorForPeople(t *testing.T) {
	_, err := input.OpenX11(t.Context(), ":987", slog.New(slog.DiscardHandler))
	if !errors.Is(err, x11.ErrNoDisplay) || !strings.HasPrefix(err.Error(), "input: ") {
		t.Errorf("got %v", err)
	}
}

// BenchmarkKeySeenByAProgram is from Inject to the KeyPress in a program.
func BenchmarkKeySeenByAProgram(b *testing.B) {
	s := screentest.Xvfb(b, 640, 480)
	for name, k := range map[string]input.Key{"same": {Usage: 4, Sym: 'a'}, "other": {Usage: 0x34, Sym: '!'}, "place": {Usage: 4}} {
		b.Run(name, func(b *testing.B) {
			w, inj := watch(b, s), openX11(b, s)
			w.story(b)
			for b.Loop() {
				k.Down = true
				go inj.Inject(k)
				awaitPress(b, w)
				b.StopTimer()
				time.Sleep(time.Millisecond) // Inject's own round trip
				k.Down = false
				inject(b, inj, k)
				w.story(b)
				b.StartTimer()
			}
		})
	}
}

func awaitPress(b *testing.B, w *watcher) {
	for {
		ev, err := w.NextEvent(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if press, ok := ev.(xproto.KeyPressEvent); ok && press.Detail != 50 {
			return
		}
	}
}

func BenchmarkMotion(b *testing.B) {
	s := screentest.Xvfb(b, 640, 480)
	inj := openX11(b, s)
	for i := 0; b.Loop(); i++ {
		inject(b, inj, input.Motion{X: i % 640, Y: 7})
	}
}
