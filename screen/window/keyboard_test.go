package window

import (
	"log/slog"
	"testing"

	"rac/input"
)

// twoKeys is a map with one type (Shift makes the second level), a key with two
// groups, and one with none.
func twoKeys() []byte {
	reply := make([]byte, 40)
	reply[15], reply[17], reply[20] = 1, 38, 2 // types; first key; keys
	reply = append(reply, 1, 1, 0, 0, 2, 1, 0, 0)
	reply = append(reply, 1, 1, 1, 1, 0, 0, 0, 0)
	reply = append(reply, 0, 0, 0, 0, 2, 2, 4, 0)
	for _, sym := range []byte{'a', 'A', 'q', 'Q'} {
		reply = append(reply, sym, 0, 0, 0)
	}
	return append(reply, 0, 0, 0, 0, 0, 0, 0, 0)
}

func TestShiftAndGroupChooseTheSymbol(t *testing.T) {
	m, err := parseKeymap(twoKeys())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code  byte
		state uint16
		want  uint32
	}{
		{38, 0, 'a'}, {38, 1, 'A'}, {38, 4, 'a'}, {38, 1 << 13, 'q'}, {38, 1<<13 | 5, 'Q'},
		{38, 2 << 13, 'a'}, // beyond the last group: from the start again
		{39, 0, 0}, {200, 1, 0},
	} {
		if got := m.sym(c.code, c.state); got != c.want {
			t.Errorf("key %d in state %#x: %#x, want %#x", c.code, c.state, got, c.want)
		}
	}
}

func TestAMapIsNotReadAgainForEventsFromBeforeIt(t *testing.T) {
	reply := twoKeys()
	reply[2], reply[3] = 0x10, 0xff // the map was request 65,296
	m, err := parseKeymap(reply)
	if err != nil {
		t.Fatal(err)
	}
	m.heard = 3
	for _, c := range []struct {
		seq  uint16
		nth  uint64
		want bool
	}{
		{0xff0f, 3, true}, {0xff00, 1, true},
		{0xff10, 3, false},                     // came right after the reply
		{0x0010, 4, false}, {0xff00, 9, false}, // much later: numbers have begun again
	} {
		if got := m.knows(mapNotify{seq: c.seq, nth: c.nth}); got != c.want {
			t.Errorf("event %d after request %#x: known %v, want %v", c.nth, c.seq, got, c.want)
		}
	}
}

func FuzzParseKeymap(f *testing.F) {
	f.Add(twoKeys(), byte(38), uint16(1))
	f.Add(twoKeys()[:57], byte(38), uint16(1<<13))
	f.Fuzz(func(t *testing.T, reply []byte, code byte, state uint16) {
		m, err := parseKeymap(reply)
		if err == nil {
			m.sym(code, state)
		}
	})
}

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
	m, _ := parseKeymap(twoKeys())
	k := &keyboard{log: slog.New(slog.DiscardHandler), keymap: m, usages: usageTable(), held: map[byte]input.Key{}}
	down, ok := k.press(38, 1)
	if want := (input.Key{Usage: 4, Down: true, Sym: 'A'}); !ok || down != want {
		t.Errorf("pressed %v", down)
	}
	if _, again := k.press(38, 1); again {
		t.Error("a repeat was sent")
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
