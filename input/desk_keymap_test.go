//go:build unix && !darwin

package input_test

// The keyboard's map at the server: found again after a session, and used as it is.

import (
	"slices"
	"strings"
	"testing"

	"github.com/jezek/xgb/xproto"

	"rac/input"
	"rac/screen/screentest"
)

// spareCodes lists the keycodes that the server's map has nothing for.
func spareCodes(t testing.TB, s *screentest.Server) (spare []int) {
	t.Helper()
	c := dial(t, s)
	r, err := xproto.GetKeyboardMapping(c.Conn, 8, 248).Reply()
	if err != nil {
		t.Fatal(err)
	}
	n := int(r.KeysymsPerKeycode)
	for code := range 248 {
		if !slices.ContainsFunc(r.Keysyms[code*n:(code+1)*n], func(k xproto.Keysym) bool { return k != 0 }) {
			spare = append(spare, 8+code)
		}
	}
	return spare
}

func TestTheKeyboardsMapIsAsItWasAfterASession(t *testing.T) {
	s := screentest.Xvfb(t, 640, 480)
	before := spareCodes(t, s)
	inj := openX11(t, s)
	inject(t, inj, input.Text{Text: "日本"})
	if bound := spareCodes(t, s); len(bound) != len(before)-2 {
		t.Errorf("%d keycodes are spare, want %d less 2", len(bound), len(before))
	}
	inj.Close()
	if after := spareCodes(t, s); !slices.Equal(before, after) {
		t.Errorf("spare keycodes are %v, were %v", after, before)
	}
}

func TestAChangeOfTheLayoutInBetweenIsSeen(t *testing.T) {
	s := screentest.Xvfb(t, 640, 480)
	w, inj := watch(t, s), openX11(t, s)
	inject(t, inj, tap(0x1c, 'y')...)
	w.want(t, "+29/0 -29")
	inject(t, inj, input.Text{Text: "日"})
	w.story(t)
	s.Run(t, "setxkbmap", "de") // also takes our binding away
	inject(t, inj, tap(0x1c, 'y')...)
	w.want(t, "+52/0 -52")
	inject(t, inj, input.Text{Text: "日"})
	if got := w.story(t); !strings.HasPrefix(got, "+") {
		t.Errorf("saw %q", got)
	}
}

func TestAModifierThatTheLayoutLacksIsItsTwinOnTheOtherSide(t *testing.T) {
	s := screentest.Xvfb(t, 640, 480)
	s.Run(t, "setxkbmap", "de") // its right Alt is AltGr
	w, inj := watch(t, s), openX11(t, s)
	inject(t, inj, with(0xe6, 0xffea, tap(9, 'f'))...)
	w.want(t, "+64/0 +41/8 -41 -64")
}

func TestAKeyboardNumberedInAnotherWayIsUsedByItsSymbols(t *testing.T) {
	s := screentest.Xvfb(t, 640, 480)
	s.Run(t, "setxkbmap", "-keycodes", "xfree86")
	w, inj := watch(t, s), openX11(t, s)
	inject(t, inj, slices.Concat(tap(0x52, 0xff52), tap(0x4c, 0xffff), tap(4, 'a'))...) // Up, Delete
	w.want(t, "+98/0 -98 +107/0 -107 +38/0 -38")
}

func TestTheXTESTKeyboardMayHaveALayoutOfItsOwn(t *testing.T) {
	s := screentest.Xvfb(t, 640, 480)
	w, inj := watch(t, s), openX11(t, s)
	s.Run(t, "setxkbmap", "-device", "5", "-layout", "de") // the core pointer and keyboard are 2 and 3, XTEST's 4 and 5
	inject(t, inj, slices.Concat(tap(0x1c, 'y'), tap(0x1d, 'z'))...)
	w.want(t, "+52/0 -52 +29/0 -29")
}
