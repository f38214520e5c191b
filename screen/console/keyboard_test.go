package console

import (
	"testing"

	"rac/input"
)

// TestKeys compares the bytes of keys with those of xterm (infocmp
// xterm-256color; ctlseqs, "PC-Style Function Keys").
func TestKeys(t *testing.T) {
	const (
		shiftL, ctrlL, altL, altR = 0xe1, 0xe0, 0xe2, 0xe6
	)
	for _, c := range []struct {
		name string
		held []input.Usage
		key  input.Key
		mode modes
		want string
	}{
		{"a letter", nil, input.Key{Usage: 0x04}, modes{}, "a"},
		{"a letter with Shift", []input.Usage{shiftL}, input.Key{Usage: 0x04}, modes{}, "A"},
		{"the layout wins", nil, input.Key{Usage: 0x1c, Sym: 'z'}, modes{}, "z"},
		{"Latin-1", nil, input.Key{Usage: 0x34, Sym: 0xe4}, modes{}, "ä"},
		{"the euro sign", nil, input.Key{Usage: 0x08, Sym: 0x20ac}, modes{}, "€"},
		{"Unicode", nil, input.Key{Usage: 0x08, Sym: 0x010065e5}, modes{}, "日"},
		{"Polish", nil, input.Key{Usage: 0x0f, Sym: 0x1b3}, modes{}, "ł"},
		{"Russian", nil, input.Key{Usage: 0x1d, Sym: 0x6d1}, modes{}, "я"},
		{"Ukrainian", nil, input.Key{Usage: 0x16, Sym: 0x6a6}, modes{}, "і"},
		{"Greek", nil, input.Key{Usage: 0x04, Sym: 0x7e1}, modes{}, "α"},
		{"Greek, with an accent", nil, input.Key{Usage: 0x04, Sym: 0x7b1}, modes{}, "ά"},
		{"Greek, the last", nil, input.Key{Usage: 0x19, Sym: 0x7f9}, modes{}, "ω"},
		{"Hebrew", nil, input.Key{Usage: 0x17, Sym: 0xce0}, modes{}, "א"},
		{"right Alt of a US keyboard", []input.Usage{altR}, input.Key{Usage: 0x14, Sym: '@'}, modes{}, "\x1b@"},
		{"Ctrl", []input.Usage{ctrlL}, input.Key{Usage: 0x06, Sym: 'c'}, modes{}, "\x03"},
		{"Ctrl by place", []input.Usage{ctrlL}, input.Key{Usage: 0x06}, modes{}, "\x03"},
		{"Ctrl and Shift", []input.Usage{ctrlL, shiftL}, input.Key{Usage: 0x06, Sym: 'C'}, modes{}, "\x03"},
		{"Ctrl on a Russian keyboard", []input.Usage{ctrlL}, input.Key{Usage: 0x06, Sym: 0x6d3}, modes{}, "\x03"},
		{"Ctrl and space", []input.Usage{ctrlL}, input.Key{Usage: 0x2c}, modes{}, "\x00"},
		{"Ctrl and backslash", []input.Usage{ctrlL}, input.Key{Usage: 0x31}, modes{}, "\x1c"},
		{"Ctrl and slash", []input.Usage{ctrlL}, input.Key{Usage: 0x38}, modes{}, "\x1f"},
		{"Ctrl and a digit", []input.Usage{ctrlL}, input.Key{Usage: 0x23}, modes{}, "\x1e"},
		{"Alt", []input.Usage{altL}, input.Key{Usage: 0x05}, modes{}, "\x1bb"},
		{"Alt and Ctrl", []input.Usage{altL, ctrlL}, input.Key{Usage: 0x05}, modes{}, "\x1b\x02"},
		{"Enter", nil, input.Key{Usage: 0x28}, modes{}, "\r"},
		{"Enter in line feed mode", nil, input.Key{Usage: 0x28}, modes{newLine: true}, "\r\n"},
		{"Alt and Enter", []input.Usage{altL}, input.Key{Usage: 0x28}, modes{}, "\x1b\r"},
		{"Escape", nil, input.Key{Usage: 0x29}, modes{}, "\x1b"},
		{"Backspace", nil, input.Key{Usage: 0x2a}, modes{}, "\x7f"},
		{"Ctrl and Backspace", []input.Usage{ctrlL}, input.Key{Usage: 0x2a}, modes{}, "\b"},
		{"Alt and Backspace", []input.Usage{altL}, input.Key{Usage: 0x2a}, modes{}, "\x1b\x7f"},
		{"Tab", nil, input.Key{Usage: 0x2b}, modes{}, "\t"},
		{"Shift and Tab", []input.Usage{shiftL}, input.Key{Usage: 0x2b}, modes{}, "\x1b[Z"},
		{"Shift and Tab as X has it", []input.Usage{shiftL}, input.Key{Usage: 0x2b, Sym: symLeftTab}, modes{}, "\x1b[Z"},
		{"up", nil, input.Key{Usage: 0x52}, modes{}, "\x1b[A"},
		{"up for a program", nil, input.Key{Usage: 0x52}, modes{cursorKeys: true}, "\x1bOA"},
		{"Ctrl and right", []input.Usage{ctrlL}, input.Key{Usage: 0x4f}, modes{cursorKeys: true}, "\x1b[1;5C"},
		{"Shift and left", []input.Usage{shiftL}, input.Key{Usage: 0x50}, modes{}, "\x1b[1;2D"},
		{"Alt and down", []input.Usage{altL}, input.Key{Usage: 0x51}, modes{}, "\x1b[1;3B"},
		{"Home", nil, input.Key{Usage: 0x4a}, modes{}, "\x1b[H"},
		{"End for a program", nil, input.Key{Usage: 0x4d}, modes{cursorKeys: true}, "\x1bOF"},
		{"Insert", nil, input.Key{Usage: 0x49}, modes{}, "\x1b[2~"},
		{"Delete", nil, input.Key{Usage: 0x4c}, modes{}, "\x1b[3~"},
		{"Ctrl and Delete", []input.Usage{ctrlL}, input.Key{Usage: 0x4c}, modes{}, "\x1b[3;5~"},
		{"Page Up", nil, input.Key{Usage: 0x4b}, modes{}, "\x1b[5~"},
		{"Page Down", nil, input.Key{Usage: 0x4e, Sym: symPageDown}, modes{}, "\x1b[6~"},
		{"F1", nil, input.Key{Usage: 0x3a}, modes{}, "\x1bOP"},
		{"F4", nil, input.Key{Usage: 0x3d}, modes{}, "\x1bOS"},
		{"F5", nil, input.Key{Usage: 0x3e}, modes{}, "\x1b[15~"},
		{"F10", nil, input.Key{Usage: 0x43}, modes{}, "\x1b[21~"},
		{"F12", nil, input.Key{Usage: 0x45}, modes{}, "\x1b[24~"},
		{"Shift and F1", []input.Usage{shiftL}, input.Key{Usage: 0x3a}, modes{}, "\x1b[1;2P"},
		{"Ctrl and F5", []input.Usage{ctrlL}, input.Key{Usage: 0x3e}, modes{}, "\x1b[15;5~"},
		{"F13", nil, input.Key{Usage: 0x68}, modes{}, "\x1b[1;2P"},
		{"keypad 7", nil, input.Key{Usage: 0x5f}, modes{}, "7"},
		{"keypad 7 as X has it", nil, input.Key{Usage: 0x5f, Sym: 0xffb7}, modes{}, "7"},
		{"keypad Home as X has it", nil, input.Key{Usage: 0x5f, Sym: 0xff95}, modes{}, "\x1b[H"},
		{"keypad plus", nil, input.Key{Usage: 0x57}, modes{}, "+"},
		{"keypad divide", nil, input.Key{Usage: 0x54}, modes{}, "/"},
		{"keypad Enter", nil, input.Key{Usage: 0x58}, modes{}, "\r"},
		{"keypad with Num Lock in application mode", nil, input.Key{Usage: 0x57}, modes{keypad: true}, "+"},
		{"a key of its own name", nil, input.Key{Sym: symDown}, modes{}, "\x1b[B"},
		{"Escape on Caps Lock", nil, input.Key{Usage: 0x39, Sym: symEscape}, modes{}, "\x1b"},
		{"ISO key", nil, input.Key{Usage: 0x64}, modes{}, "\\"},
		{"a key that types nothing", nil, input.Key{Usage: 0x46}, modes{}, ""},
		{"an unknown key", nil, input.Key{Usage: 0xffff, Sym: 0x1008ff11}, modes{}, ""},
	} {
		k := newKeyboard()
		for _, u := range c.held {
			if !k.modifier(input.Key{Usage: u, Down: true}) {
				t.Errorf("%s: key 0x%x is no modifier", c.name, u)
			}
		}
		c.key.Down = true
		if got := string(k.bytes(c.key, c.mode)); k.modifier(c.key) || got != c.want {
			t.Errorf("%s: types %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTheKeypadWithoutNumLock(t *testing.T) {
	k := newKeyboard()
	k.num = false
	for _, c := range []struct {
		usage  input.Usage
		keypad bool
		want   string
	}{
		{0x5f, false, "\x1b[H"}, {0x60, false, "\x1b[A"}, {0x62, false, "\x1b[2~"},
		{0x57, false, "+"}, {0x57, true, "\x1bOk"}, {0x58, true, "\x1bOM"}, {0x54, true, "\x1bOo"},
	} {
		if got := string(k.bytes(input.Key{Usage: c.usage}, modes{keypad: c.keypad})); got != c.want {
			t.Errorf("key 0x%x (application %v) types %q, want %q", c.usage, c.keypad, got, c.want)
		}
	}
}

func TestModifiersAreFollowed(t *testing.T) {
	k := newKeyboard()
	step := func(e input.Key, want mod) {
		t.Helper()
		k.modifier(e)
		if got := k.mods(); got != want {
			t.Errorf("after %+v: %b, want %b", e, got, want)
		}
	}
	step(input.Key{Usage: 0xe1, Down: true}, shift)
	step(input.Key{Usage: 0xe5, Down: true}, shift)
	step(input.Key{Usage: 0xe1}, shift) // the right one is still down
	step(input.Key{Usage: 0xe5}, 0)
	step(input.Key{Usage: 0x39, Sym: symControlL, Down: true}, control) // Ctrl on Caps Lock
	step(input.Key{Usage: 0x39, Sym: symControlL}, 0)
	step(input.Key{Usage: 0xe6, Sym: 0xfe03, Down: true}, 0) // AltGr
	step(input.Key{Usage: 0xe6, Sym: symAltR, Down: true}, alt)
	step(input.Key{Usage: 0xe6, Sym: 0xffe8}, 0) // another name by now: Shift has come in between
	step(input.Key{Usage: 0xe3, Sym: 0xffeb, Down: true}, 0)
}

func TestCapsLockIsTheViewers(t *testing.T) {
	k := newKeyboard()
	k.caps = true
	if got := string(k.bytes(input.Key{Usage: 0x04}, modes{})); got != "A" {
		t.Errorf("A with Caps Lock types %q", got)
	}
	if got := string(k.bytes(input.Key{Usage: 0x1e}, modes{})); got != "1" {
		t.Errorf("1 with Caps Lock types %q", got)
	}
}

func FuzzKeys(f *testing.F) {
	f.Add(uint16(0x04), uint32('a'), uint8(0))
	f.Add(uint16(0x64), uint32(0), uint8(3))
	f.Add(uint16(0), uint32(0x7f9), uint8(7))
	f.Add(uint16(0x73), uint32(0x06ff), uint8(255))
	f.Fuzz(func(t *testing.T, usage uint16, sym uint32, flags uint8) {
		k := newKeyboard()
		k.held[keyID{sym: 1}] = mod(flags & 7)
		k.num = flags&8 != 0
		e := input.Key{Usage: input.Usage(usage), Sym: sym, Down: true}
		if got := k.bytes(e, modes{cursorKeys: flags&16 != 0, keypad: flags&32 != 0}); len(got) > 8 {
			t.Errorf("%+v types %q", e, got)
		}
		k.modifier(e)
	})
}
