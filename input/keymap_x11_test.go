//go:build unix && !darwin

package input

import (
	"os"
	"testing"

	"rac/screen/x11"
)

const layouts = "../screen/x11/testdata/"

// load reads a map as Xvfb has sent it.
func load(t testing.TB, layout string) *keymap {
	t.Helper()
	b, err := os.ReadFile(layouts + layout + ".xkbmap")
	if err != nil {
		t.Fatal(err)
	}
	m, err := x11.ParseKeymap(b)
	if err != nil {
		t.Fatal(err)
	}
	return newKeymap(m)
}

const (
	noMods = 0
	num    = 1 << 4
	altGr  = 1 << 7
)

func TestAKeyMakesWhatTheLayoutSays(t *testing.T) {
	for _, c := range []struct {
		layout string
		code   byte
		mods   byte
		group  int
		want   uint32
	}{
		{"us", 38, noMods, 0, 'a'}, {"us", 38, modShift, 0, 'A'}, {"us", 38, modLock, 0, 'A'}, {"us", 38, modLock | modShift, 0, 'a'},
		{"us", 38, modControl, 0, 'a'}, {"us", 10, modLock, 0, '1'}, {"us", 38, noMods, 3, 'a'},
		{"us", 87, noMods, 0, 0xff9c}, {"us", 87, num, 0, 0xffb1}, {"us", 36, noMods, 0, x11.SymReturn}, {"us", 8, noMods, 0, 0},
		{"de", 24, altGr, 0, '@'}, {"de", 29, noMods, 0, 'z'}, {"de", 48, modShift, 0, 'Ä'}, {"de", 26, altGr, 0, '€'},
		{"de", 48, modLock, 0, 'Ä'}, {"de", 48, modLock | modShift, 0, 'ä'},
		{"us_ru", 38, noMods, 1, 'ф'}, {"us_ru", 38, modShift, 1, 'Ф'}, {"us_ru", 38, noMods, 0, 'a'}, {"us_ru", 38, noMods, 2, 'a'},
	} {
		want := c.want
		if want >= 0x20 && want < 0xfe00 {
			want += x11.SymUnicode
		}
		if got := load(t, c.layout).sym(c.code, c.mods, c.group); got != want {
			t.Errorf("%s: key %d with modifiers %08b, group %d makes %x, want %x", c.layout, c.code, c.mods, c.group, got, want)
		}
	}
}

func TestTheKeyWithTheFewestModifiersIsFound(t *testing.T) {
	for _, c := range []struct {
		layout string
		r      rune
		st     x11.KeyState
		fixed  byte
		want   place
		ok     bool
	}{
		{"us", 'a', x11.KeyState{}, 0, place{38, 0}, true},
		{"us", 'A', x11.KeyState{}, 0, place{38, modShift}, true},
		{"us", 'A', x11.KeyState{Mods: modLock}, modLock, place{38, modLock}, true},
		{"us", 'a', x11.KeyState{Mods: modLock}, modLock, place{38, modLock | modShift}, true},
		{"us", 'a', x11.KeyState{Mods: modShift}, modShift, place{}, false}, // somebody at the host holds Shift
		{"us", 'a', x11.KeyState{Mods: modControl | modShift}, modControl, place{38, modControl}, true},
		{"us", 'ä', x11.KeyState{}, 0, place{}, false},
		{"de", '@', x11.KeyState{}, 0, place{24, altGr}, true},
		{"de", '/', x11.KeyState{Mods: altGr}, 0, place{16, modShift}, true},
		{"us_ru", 'ж', x11.KeyState{Group: 1}, 0, place{47, 0}, true},
		{"us_ru", 'a', x11.KeyState{Group: 1}, 0, place{}, false},
	} {
		m := load(t, c.layout)
		if got, ok := m.find(symOf(c.r), c.st, 0, c.fixed); got != c.want || ok != c.ok {
			t.Errorf("%s: %q from %+v: %+v, %v, want %+v, %v", c.layout, c.r, c.st, got, ok, c.want, c.ok)
		}
	}
}

func TestSpareKeycodesAreThoseThatDoNothing(t *testing.T) {
	m, spare := load(t, "us"), 0
	for code := 8; code < 256; code++ {
		if m.empty(byte(code)) {
			spare++
		}
	}
	if spare != 19 || !m.empty(248) || m.empty(38) || m.empty(50) {
		t.Errorf("%d spare keycodes, want 19", spare)
	}
}

// FuzzKeymap: whatever a server says, asking the map does not panic.
func FuzzKeymap(f *testing.F) {
	for _, layout := range []string{"us", "de", "us_ru"} {
		b, err := os.ReadFile(layouts + layout + ".xkbmap")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		parsed, err := x11.ParseKeymap(b)
		if err != nil {
			return
		}
		m := newKeymap(parsed)
		for code := range 256 {
			for group := range 5 {
				m.sym(byte(code), byte(group*37), group)
			}
			m.modsOf(byte(code))
		}
		m.find(symOf('x'), x11.KeyState{Mods: 0xff, Group: 3}, 38, 0)
		m.shortcuts()
	})
}

func BenchmarkFindWhatIsNotThere(b *testing.B) {
	m := load(b, "us_ru")
	for b.Loop() {
		m.find(symOf('日'), x11.KeyState{}, 0, 0)
	}
}
