package window

import (
	"log/slog"
	"os"
	"testing"

	"rac/input"
	"rac/screen/x11"
)

func TestAllKeysOfAKeyboardHaveAPlaceOfTheirOwn(t *testing.T) {
	seen := map[input.Usage]int{}
	for code, u := range usageTable() {
		if u == 0 {
			continue
		}
		// The page has one comma on the keypad that the kernel has twice.
		if before, ok := seen[u]; ok {
			t.Errorf("keycodes %d and %d both are usage %#x", before, code, u)
		}
		seen[u] = code
	}
	for u := input.Usage(0x04); u <= 0x73; u++ {
		if _, ok := seen[u]; !ok && u != 0x32 { // Europe 1 is the backslash's place
			t.Errorf("no key is usage %#x", u)
		}
	}
	for u := input.Usage(0xe0); u <= 0xe7; u++ {
		if _, ok := seen[u]; !ok {
			t.Errorf("no key is usage %#x", u)
		}
	}
}

func TestAKeyIsReleasedAsItWasPressed(t *testing.T) {
	reply, err := os.ReadFile("../x11/testdata/us.xkbmap")
	if err != nil {
		t.Fatal(err)
	}
	m, err := x11.ParseKeymap(reply)
	if err != nil {
		t.Fatal(err)
	}
	k := &keyboard{log: slog.New(slog.DiscardHandler), keymap: m, usages: usageTable(), held: map[byte]input.Key{}}
	down, ok := k.press(38, 1)
	if want := (input.Key{Usage: 4, Down: true, Sym: 'A'}); !ok || down != want {
		t.Errorf("pressed %v", down)
	}
	down.Again = true
	if again, ok := k.press(38, 0); !ok || again != down {
		t.Errorf("repeated %v", again)
	}
	up, ok := k.release(38)
	if want := (input.Key{Usage: 4, Sym: 'A'}); !ok || up != want {
		t.Errorf("released %v", up)
	}
	if _, ok := k.release(38); ok {
		t.Error("released twice")
	}
	k.press(38, 0)
	if n := len(k.withholdAll()); n != 1 {
		t.Errorf("%d keys were released", n)
	}
	if _, ok := k.press(38, 0); ok {
		t.Error("the repeat of a withheld key was sent")
	}
	if _, ok := k.release(38); ok {
		t.Error("the release of a withheld key was sent")
	}
}

// Keys by their usage, for the hotkeys.
const keyC, keyF, keyQ input.Usage = 0x06, 0x09, 0x14

func TestHotkeysNeedAllThreeAndNothingInBetween(t *testing.T) {
	press := func(h *hotkeys, list ...input.Usage) (last action) {
		for _, u := range list {
			last = h.press(input.Key{Usage: u, Down: true})
		}
		return last
	}
	var h hotkeys
	press(&h, ctrlL, altL, shiftR)
	if got := h.release(altL); got != toggleGrab {
		t.Errorf("three pressed, one released: %v", got)
	}
	if got := h.release(ctrlL); got != none {
		t.Errorf("the second released: %v", got)
	}
	h.release(shiftR)

	press(&h, ctrlL, altL, shiftL, keyC)
	if got := h.release(altL); got != none {
		t.Errorf("with C in between: %v", got)
	}
	h.reset()
	if got := press(&h, ctrlR, shiftL, keyF); got != none {
		t.Errorf("without Alt: %v", got)
	}
	h.reset()
	if got := press(&h, ctrlR, shiftL, altL, keyF); got != toggleFull {
		t.Errorf("F: %v", got)
	}
	if got := press(&h, keyQ); got != closeWindow {
		t.Errorf("Q: %v", got)
	}
	if got := press(&h, altR); got != none || h.release(altR) != none {
		t.Error("AltGr counts as Alt")
	}
}
