//go:build linux

package window

import (
	"fmt"
	"image"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"rac/input"
	"rac/screen/screentest"
)

// scene is a window on an X server of its own, without a window manager.
func scene(t *testing.T, o Options) (*screentest.Server, *Window) {
	t.Helper()
	x := screentest.Xvfb(t, 800, 600)
	o.Display = x.Display
	w := open(t, o)
	show(t, w, whole(noise(seeded(), 640, 480)))
	viewable(t, w)
	return x, w
}

// next returns the next event that is no motion and no state of the locks.
func next(t *testing.T, w *Window) input.Event {
	t.Helper()
	for {
		select {
		case ev := <-w.Events():
			switch ev.(type) {
			case input.Motion, input.Locks:
				continue
			}
			return ev
		case <-time.After(20 * time.Second):
			t.Fatal("no event came")
		}
	}
}

// expect compares the next events.
func expect(t *testing.T, w *Window, want ...input.Event) {
	t.Helper()
	for _, ev := range want {
		if got := next(t, w); !reflect.DeepEqual(got, ev) {
			t.Errorf("got %#v, want %#v", got, ev)
		}
	}
}

func stroke(u input.Usage, sym uint32) []input.Event {
	return []input.Event{input.Key{Usage: u, Down: true, Sym: sym}, input.Key{Usage: u, Sym: sym}}
}

func TestKeysArriveWithTheirPlaceAndTheirSymbol(t *testing.T) {
	x, w := scene(t, Options{Scale: 1})
	x.Run(t, "xdotool", "key", "q")
	expect(t, w, stroke(0x14, 'q')...)
	x.Run(t, "xdotool", "key", "F5", "KP_Home", "Prior", "Menu", "Print")
	expect(t, w, stroke(0x3e, 0xffc2)...)
	expect(t, w, stroke(0x5f, 0xff95)...)
	expect(t, w, stroke(0x4b, 0xff55)...)
	expect(t, w, stroke(0x65, 0xff67)...)
	expect(t, w, stroke(0x46, 0xff61)...)
	x.Run(t, "xdotool", "keydown", "shift", "keydown", "a", "keyup", "shift", "keyup", "a")
	expect(t, w,
		input.Key{Usage: 0xe1, Down: true, Sym: 0xffe1},
		input.Key{Usage: 0x04, Down: true, Sym: 'A'},
		input.Key{Usage: 0xe1, Sym: 0xffe1},
		input.Key{Usage: 0x04, Sym: 'A'})
}

// typed collects the symbols of n characters that go down, Shift apart.
func typed(t *testing.T, w *Window, n int) (syms []string) {
	t.Helper()
	for len(syms) < n {
		k, ok := next(t, w).(input.Key)
		if !ok || !k.Down || !printable(k.Sym) {
			continue
		}
		s := fmt.Sprintf("%x", k.Sym)
		if k.Usage == 0 {
			s += "?"
		}
		syms = append(syms, s)
	}
	return syms
}

// lend gives characters that the layout lacks a key each that had none, and returns
// these keys in xdotool's words. It would lend one itself, for a moment: who looks
// later, on a busy machine, sees nothing there.
func lend(t *testing.T, x *screentest.Server, syms ...xproto.Keysym) (codes []string) {
	t.Helper()
	c := dial(t, x)
	last := c.Setup.MaxKeycode
	for ; len(syms) > 0; last-- {
		had, err := xproto.GetKeyboardMapping(c.Conn, last, 1).Reply()
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(had.Keysyms, func(s xproto.Keysym) bool { return s != 0 }) {
			continue
		}
		if err := xproto.ChangeKeyboardMappingChecked(c.Conn, 1, last, 1, syms[:1]).Check(); err != nil {
			t.Fatal(err)
		}
		syms, codes = syms[1:], append(codes, fmt.Sprint(last))
	}
	return codes
}

func TestCharactersThatTheLayoutLacksArriveAsSymbolsWithoutAPlace(t *testing.T) {
	x, w := scene(t, Options{Scale: 1})
	// Lent to Ä, the protocol calls it an ä key, and nobody presses Shift.
	x.Run(t, "xdotool", append([]string{"key", "a"}, lend(t, x, 0xc4, 0xdf, 0x10020ac, 0x100044f, 0x10065e5)...)...)
	got := strings.Join(typed(t, w, 6), " ")
	if want := "61 e4? df? 10020ac? 100044f? 10065e5?"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAltGrAndSecondLayoutMakeTheirSymbols(t *testing.T) {
	x, w := scene(t, Options{Scale: 1})
	x.Run(t, "setxkbmap", "-layout", "de,ru")
	x.Run(t, "xdotool", "keydown", "108", "key", "q", "keyup", "108", "key", "udiaeresis")
	expect(t, w,
		input.Key{Usage: 0xe6, Down: true, Sym: 0xfe03},
		input.Key{Usage: 0x14, Down: true, Sym: '@'},
		input.Key{Usage: 0x14, Sym: '@'},
		input.Key{Usage: 0xe6, Sym: 0xfe03})
	expect(t, w, stroke(0x2f, 0xfc)...)
	x.Run(t, "setxkbmap", "-layout", "ru,de")
	x.Run(t, "xdotool", "key", "Cyrillic_ya")
	expect(t, w, stroke(0x1d, 0x6d1)...)
}

func TestAHeldKeyRepeatsAsThisKeyboardIsSetAndIsReleasedWhenTheFocusGoes(t *testing.T) {
	x, w := scene(t, Options{Scale: 1})
	press := input.Key{Usage: 0x1b, Down: true, Sym: 'x'}
	again := press
	again.Again = true
	x.Run(t, "xset", "r", "rate", "20", "100")
	x.Run(t, "xdotool", "keydown", "x")
	expect(t, w, press, again, again, again)
	x.Run(t, "xset", "r", "off")
	x.Run(t, "xdotool", "keydown", "z", "keyup", "z", "mousemove", "300", "300", "mousedown", "1") // z ends the repeats
	for ev := next(t, w); ev != (input.Button{Button: 1, Down: true}); ev = next(t, w) {
		if k, ok := ev.(input.Key); !ok || k.Again && k != again {
			t.Fatalf("got %v", ev)
		}
	}
	other := open(t, Options{Display: x.Display, Scale: 1})
	show(t, other, whole(noise(seeded(), 100, 100))) // takes the focus
	rest := func() input.Event {                     // what comes beside a last repeat
		for {
			if ev := next(t, w); ev != again {
				return ev
			}
		}
	}
	got := []input.Event{rest(), rest()}
	want := []input.Event{input.Key{Usage: 0x1b, Sym: 'x'}, input.Button{Button: 1}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestThePointerArrivesInPixelsOfTheHost(t *testing.T) {
	x, w := scene(t, Options{Scale: 1}) // 640x480 in the middle of 800x600
	motion := func(want input.Motion) {
		t.Helper()
		eventually(t, fmt.Sprint(want), func() bool { return <-w.Events() == input.Event(want) })
	}
	x.Run(t, "xdotool", "mousemove", "180", "161")
	motion(input.Motion{X: 100, Y: 101})
	x.Run(t, "xdotool", "click", "3", "click", "8", "click", "5", "click", "4", "click", "7")
	expect(t, w,
		input.Button{Button: 3, Down: true}, input.Button{Button: 3},
		input.Button{Button: 8, Down: true}, input.Button{Button: 8},
		input.Wheel{DY: 120}, input.Wheel{DY: -120}, input.Wheel{DX: 120})
	x.Run(t, "xdotool", "mousedown", "1", "mousemove", "10", "10")
	motion(input.Motion{X: 0, Y: 0}) // a drag beyond the window
	x.Run(t, "xdotool", "mouseup", "1")
	expect(t, w, input.Button{Button: 1})
	right := whole(noise(seeded(), 640, 480))
	right.Display.Origin = image.Pt(1000, 20) // now it shows the monitor on the right
	show(t, w, right)
	x.Run(t, "xdotool", "mousemove", "180", "161")
	motion(input.Motion{X: 1100, Y: 121})
}

func TestAFullScreenPictureIsScaledAndThePointerWithIt(t *testing.T) {
	x := screentest.Xvfb(t, 1300, 960)
	w := open(t, Options{Display: x.Display, Scale: 2, Fullscreen: true})
	pic := noise(seeded(), 640, 480)
	show(t, w, whole(pic))
	viewable(t, w)
	want := enlarged(pic, 2, image.Pt(1300, 960))
	eventually(t, "each pixel is a square", func() bool { return equal(grab(t, w.conn, w.win), want) })
	x.Run(t, "xdotool", "mousemove", "1289", "959")
	eventually(t, "the last pixel", func() bool { return <-w.Events() == input.Event(input.Motion{X: 639, Y: 479}) })
}
