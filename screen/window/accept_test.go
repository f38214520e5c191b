//go:build linux

package window

// The window in which a person at the host answers a request.

import (
	"image"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"rac/screen/screentest"
	"rac/screen/x11"
)

// askAccept opens the window of a request.
func askAccept(t *testing.T, x *screentest.Server, wait time.Duration) (chan Answer, *accept) {
	t.Helper()
	form := AcceptForm{Name: "Anna", ID: "one two three", Wants: "to see", Warning: "Did somebody phone you?", Deadline: time.Now().Add(wait)}
	done := make(chan Answer, 1)
	go func() {
		a, err := AskAccept(t.Context(), Options{Display: x.Display, Title: dialogTitle}, form)
		if err != nil {
			t.Error(err)
		}
		done <- a
	}()
	th, err := newTheme(1)
	if err != nil {
		t.Fatal(err)
	}
	drawn := &accept{form: form}
	drawn.draw(th)
	return done, drawn
}

func TestARequestIsAcceptedByAClickThatComesLateEnough(t *testing.T) {
	x := desktop(t, 900, 700)
	for _, want := range []Answer{ViewOnly, WithControl, Refused} {
		began := time.Now()
		done, drawn := askAccept(t, x, time.Hour)
		at := placed(t, x)
		var got Answer
		eventually(t, "a click counts", func() bool {
			clickOn(t, x, at, drawn.places[want], "1")
			select {
			case got = <-done:
				return true
			case <-time.After(settle / 10):
				return false
			}
		})
		if got != want {
			t.Errorf("got %v, want %v", got, want)
		}
		if early := time.Since(began); early < settle {
			t.Errorf("a click after %v was taken, which may have been meant for what was there before", early)
		}
	}
}

func TestNoKeyAnswersARequestAndItsTimeRefusesIt(t *testing.T) {
	for name, server := range map[string]func() *screentest.Server{
		"managed": func() *screentest.Server { return desktop(t, 900, 700) },
		"alone":   func() *screentest.Server { return screentest.Xvfb(t, 900, 700) },
	} {
		t.Run(name, func(t *testing.T) {
			x := server()
			w := open(t, Options{Display: x.Display, Scale: 1, Title: "where somebody types"})
			show(t, w, whole(noise(seeded(), 300, 200)))
			viewable(t, w)
			focused(t, x)
			c := dial(t, x)
			before, err := xproto.GetInputFocus(c.Conn).Reply()
			if err != nil {
				t.Fatal(err)
			}
			done, _ := askAccept(t, x, 3*time.Second)
			placed(t, x)
			x.Run(t, "xdotool", "key", "Return", "space", "Tab", "Return", "y", "Escape")
			after, err := xproto.GetInputFocus(c.Conn).Reply()
			if err != nil || after.Focus != before.Focus {
				t.Errorf("the focus went from %#x to %#x", before.Focus, after.Focus)
			}
			expect(t, w, stroke(0x28, x11.SymReturn)...) // typing goes on where it was
			if got := answer(t, done); got != Refused {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestAMovedOrCoveredRequestWaitsAgain(t *testing.T) {
	a := &accept{places: [3]image.Rectangle{ViewOnly: image.Rect(0, 0, 10, 10)}}
	now := time.Unix(1000, 0)
	click := func() (Answer, bool) {
		a.press(image.Pt(5, 5), now)
		return a.release(image.Pt(5, 5), now)
	}
	a.disturbed(now)
	now = now.Add(settle - 1)
	if _, ok := click(); ok {
		t.Error("too early")
	}
	a.press(image.Pt(5, 5), now)
	now = now.Add(1)
	if _, ok := a.release(image.Pt(5, 5), now); ok {
		t.Error("a click that began too early counts")
	}
	a.press(image.Pt(5, 5), now)
	a.disturbed(now)
	if _, ok := a.release(image.Pt(5, 5), now.Add(settle)); ok {
		t.Error("a click over a disturbance counts")
	}
	now = now.Add(settle)
	if got, ok := click(); !ok || got != ViewOnly {
		t.Errorf("at last: %v, %t", got, ok)
	}
}
