//go:build linux

package window

import (
	"context"
	"errors"
	"fmt"
	"image"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"rac/screen/screentest"
	"rac/screen/x11"
)

// dialogTitle is how tests find the window of a dialog.
const dialogTitle = "dialog of a test"

// placed waits for the dialog's window and returns where it is on the screen.
func placed(t *testing.T, x *screentest.Server) (at image.Rectangle) {
	t.Helper()
	eventually(t, "the dialog is on the screen", func() bool {
		out := x.Run(t, "xwininfo", "-root", "-tree")
		return strings.Contains(out, dialogTitle)
	})
	var viewable string
	same := 0 // window managers move a new window more than once
	eventually(t, "the dialog stays where it is", func() bool {
		now := x.Run(t, "xwininfo", "-name", dialogTitle)
		if same++; now != viewable {
			viewable, same = now, 0
		}
		return same >= 5 && strings.Contains(viewable, "IsViewable")
	})
	number := func(label string) int {
		_, rest, _ := strings.Cut(viewable, label)
		rest, _, _ = strings.Cut(rest, "\n")
		n, err := strconv.Atoi(strings.TrimSpace(rest))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	edge := number("Border width:") // xwininfo counts it in
	at.Min = image.Pt(number("Absolute upper-left X:")+edge, number("Absolute upper-left Y:")+edge)
	at.Max = at.Min.Add(image.Pt(number("Width:"), number("Height:")))
	return at
}

// clickOn clicks on a part of a dialog.
func clickOn(t *testing.T, x *screentest.Server, dialog, part image.Rectangle, button string) {
	t.Helper()
	p := dialog.Min.Add(part.Min).Add(part.Size().Div(2))
	x.Run(t, "xdotool", "mousemove", fmt.Sprint(p.X), fmt.Sprint(p.Y), "click", button)
}

type login struct {
	secret string
	save   bool
	code   string
	err    error
}

// askPassword opens the dialog; the login comes when it is answered. drawn is the
// dialog's state after it was drawn once, for its places.
func askPassword(t *testing.T, x *screentest.Server, form PasswordForm) (chan login, *password) {
	t.Helper()
	done := make(chan login, 1)
	go func() {
		var l login
		l.secret, l.save, l.code, l.err = AskPassword(t.Context(), Options{Display: x.Display, Title: dialogTitle}, form)
		done <- l
	}()
	th, err := newTheme(1)
	if err != nil {
		t.Fatal(err)
	}
	drawn := &password{form: form}
	drawn.draw(th)
	return done, drawn
}

func answer[T any](t *testing.T, done chan T) T {
	t.Helper()
	select {
	case v := <-done:
		return v
	case <-time.After(20 * time.Second):
		t.Fatal("no answer")
		panic("unreachable")
	}
}

func TestAPasswordIsTypedAndTheLoginSavedOnlyWhenTicked(t *testing.T) {
	for name, server := range map[string]func() *screentest.Server{
		"managed": func() *screentest.Server { return desktop(t, 900, 700) },
		"alone":   func() *screentest.Server { return screentest.Xvfb(t, 900, 700) },
	} {
		t.Run(name, func(t *testing.T) {
			x := server()
			lent := lend(t, x, 0xf6, 0x20ac) // ö€
			done, drawn := askPassword(t, x, PasswordForm{Host: "office", MaySave: true})
			at := placed(t, x)
			focused(t, x)
			clickOn(t, x, at, drawn.places[partSave], "1")
			x.Run(t, "xdotool", "type", "pass w")
			x.Run(t, "xdotool", append([]string{"key"}, lent...)...)
			x.Run(t, "xdotool", "type", "!?")
			x.Run(t, "xdotool", "key", "BackSpace", "Return")
			if got, want := answer(t, done), (login{secret: "pass wö€!", save: true}); got != want {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// focused waits until some window has the keyboard for itself.
func focused(t *testing.T, x *screentest.Server) {
	t.Helper()
	c := dial(t, x)
	eventually(t, "the dialog has the focus", func() bool {
		r, err := xproto.GetInputFocus(c.Conn).Reply()
		return err == nil && r.Focus > xproto.InputFocusPointerRoot
	})
}

func TestAHostThatForbidsSavingGreysTheTick(t *testing.T) {
	x := screentest.Xvfb(t, 900, 700)
	done, drawn := askPassword(t, x, PasswordForm{Host: "office", SaveReason: "not allowed", Retry: "wrong"})
	at := placed(t, x)
	focused(t, x)
	clickOn(t, x, at, drawn.places[partSave], "1")
	x.Run(t, "xdotool", "type", "--delay", "20", "secret")
	x.Run(t, "xdotool", "key", "Tab", "Tab", "space") // Cancel, Connect
	if got, want := answer(t, done), (login{secret: "secret"}); got != want {
		t.Errorf("got %+v", got)
	}
}

func TestACodeIsAskedForByItself(t *testing.T) {
	x := screentest.Xvfb(t, 900, 700)
	done, _ := askPassword(t, x, PasswordForm{Host: "office", MaySave: true, TOTP: true})
	placed(t, x)
	focused(t, x)
	x.Run(t, "xdotool", "key", "Return") // nothing yet: stays
	x.Run(t, "xdotool", "type", "--delay", "20", "123456")
	x.Run(t, "xdotool", "key", "Return")
	if got, want := answer(t, done), (login{code: "123456"}); got != want {
		t.Errorf("got %+v", got)
	}
}

func TestAPasswordIsPastedFromClipboardAndSelection(t *testing.T) {
	x := screentest.Xvfb(t, 900, 700)
	offer(t, x, map[string]string{"CLIPBOARD": "aus der Ablage: ä€日\n", "PRIMARY": " und mit der Maus"})
	done, drawn := askPassword(t, x, PasswordForm{Host: "office"})
	at := placed(t, x)
	focused(t, x)
	x.Run(t, "xdotool", "key", "ctrl+v")
	clickOn(t, x, at, drawn.places[partPassword], "2")
	const both = "aus der Ablage: ä€日 und mit der Maus"
	drawn.secret = []rune(both)
	shows(t, x, at, drawn)
	x.Run(t, "xdotool", "key", "Return")
	if got, want := answer(t, done), (login{secret: both}); got != want {
		t.Errorf("got %+v", got)
	}
}

// shows waits until the dialog looks as drawn.
func shows(t *testing.T, x *screentest.Server, at image.Rectangle, drawn *password) {
	t.Helper()
	th, err := newTheme(1)
	if err != nil {
		t.Fatal(err)
	}
	c, want := dial(t, x), drawn.draw(th)
	eventually(t, "the dialog shows what was typed", func() bool { return equal(grab(t, c, c.Root).Sub(at), want) })
}

// offer owns selections, as the program from which somebody has copied.
func offer(t *testing.T, x *screentest.Server, texts map[string]string) {
	t.Helper()
	c := dial(t, x)
	win, err := xproto.NewWindowId(c.Conn)
	if err != nil {
		t.Fatal(err)
	}
	xproto.CreateWindow(c.Conn, 0, win, c.Root, 0, 0, 1, 1, 0, xproto.WindowClassInputOutput, c.Screen.RootVisual, 0, nil)
	byAtom := map[xproto.Atom]string{}
	for name, text := range texts {
		a, err := c.Atom(name)
		if err != nil {
			t.Fatal(err)
		}
		byAtom[a] = text
		xproto.SetSelectionOwner(c.Conn, win, a, xproto.TimeCurrentTime)
	}
	go func() {
		for {
			ev, err := c.NextEvent(context.Background())
			if err != nil {
				return
			}
			if r, ok := ev.(xproto.SelectionRequestEvent); ok {
				text := byAtom[r.Selection]
				xproto.ChangeProperty(c.Conn, xproto.PropModeReplace, r.Requestor, r.Property, r.Target, 8, uint32(len(text)), []byte(text))
				note := xproto.SelectionNotifyEvent{Time: r.Time, Requestor: r.Requestor, Selection: r.Selection, Target: r.Target, Property: r.Property}
				xproto.SendEvent(c.Conn, false, r.Requestor, 0, string(note.Bytes()))
			}
		}
	}()
}

func TestEscapeAndTheEndOfTheCallerCloseThePasswordDialog(t *testing.T) {
	x := screentest.Xvfb(t, 900, 700)
	done, _ := askPassword(t, x, PasswordForm{Host: "office"})
	placed(t, x)
	focused(t, x)
	x.Run(t, "xdotool", "type", "abc")
	x.Run(t, "xdotool", "key", "Escape")
	if got := answer(t, done); !errors.Is(got.err, ErrClosed) || got.secret != "" {
		t.Errorf("got %+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, _, err := AskPassword(ctx, Options{Display: x.Display}, PasswordForm{}); !errors.Is(err, context.Canceled) {
		t.Errorf("without a caller: %v", err)
	}
}

func TestEveryLetterOfOldKeysyms(t *testing.T) {
	for sym, want := range map[uint32]rune{
		'a': 'a', 0xe4: 'ä', 0x20ac: '€', 0x1a3: 'Ł', 0x1ea: 'ę', 0x2a1: 'Ħ', 0x3bd: 'Ŋ', 0x5c7: 'ا', 0x6d1: 'я', 0x6f1: 'Я', 0x6a4: 'є', 0x6b1: 'Ђ',
		0x7b1: 'ά', 0x7e1: 'α', 0x7f2: 'σ', 0x7f3: 'ς', 0x7f4: 'τ', 0x7d2: 'Σ', 0x7d9: 'Ω', 0xce0: 'א', 0xda1: 'ก', 0x13bd: 'œ',
		0x10065e5: '日', 0xffb7: '7', 0xffae: '.', 0xff0d: 0, 0xfe03: 0, 0x4b1: 0, 0xffe1: 0,
	} {
		if got := runeOf(sym); got != want {
			t.Errorf("%#x: %q, want %q", sym, got, want)
		}
	}
	var c composer
	if got := c.text(0xfe51) + c.text('e') + c.text('e'); got != "ée" {
		t.Errorf("a dead acute makes %q", got)
	}
}

func TestAFieldTakesNoMoreThanItsLimitAndForgets(t *testing.T) {
	p := &password{}
	p.insert(strings.Repeat("x", 5000) + "\x00\r\n")
	if len(p.secret) != maxSecret {
		t.Errorf("%d characters", len(p.secret))
	}
	all := p.secret
	p.erase(maxSecret)
	for _, r := range all {
		if r != 0 {
			t.Fatal("an erased password is still in memory")
		}
	}
	if p.key(x11.SymReturn, false) != going {
		t.Error("an empty password was accepted")
	}
}

func BenchmarkDrawPassword(b *testing.B) {
	th, err := newTheme(1)
	if err != nil {
		b.Fatal(err)
	}
	p := &password{form: PasswordForm{Host: "office", Words: "one two three", MaySave: true, Retry: "That was wrong."}}
	for b.Loop() {
		p.draw(th)
	}
}
