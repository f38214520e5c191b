//go:build unix && !darwin

package input

// What can be made with the host's layout, and by which keys.

import (
	"math/bits"
	"slices"

	"rac/screen/x11"
)

// Modifier bits whose meaning is fixed.
const (
	modShift   = 1 << 0
	modLock    = 1 << 1
	modControl = 1 << 2
)

// keymap is a layout, or a part of one, with canonical keysyms.
type keymap struct{ *x11.Keymap }

func newKeymap(m *x11.Keymap) *keymap {
	for code := range len(m.Mods) {
		syms := m.Syms(byte(code))
		for i, sym := range syms {
			syms[i] = x11.Canonical(sym)
		}
	}
	return &keymap{m}
}

// place is a key, and the modifiers in effect with which it makes a symbol.
type place struct{ code, mods byte }

// sym returns what a key makes.
func (m *keymap) sym(code, mods byte, group int) uint32 {
	sym, used := m.Sym(code, mods, group)
	if mods&modLock&^used != 0 {
		return capital(sym) // what clients do with a lock that the key left over
	}
	return sym
}

// bears tells whether a key has a symbol in any position.
func (m *keymap) bears(code byte, sym uint32) bool { return slices.Contains(m.Syms(code), sym) }

// empty tells whether a key makes and does nothing: it is free to be bound.
func (m *keymap) empty(code byte) bool { return m.Mods[code] == 0 && m.Empty(code) }

// constant tells whether a key makes one symbol whatever the modifiers: our own
// bindings do.
func (m *keymap) constant(code byte) bool {
	syms := m.Syms(code)
	if len(syms) == 0 || syms[0] == 0 {
		return false
	}
	return !slices.ContainsFunc(syms, func(s uint32) bool { return s != syms[0] })
}

// first is the symbol of a key without modifiers.
func (m *keymap) first(code byte) uint32 {
	if syms := m.Syms(code); len(syms) > 0 {
		return syms[0]
	}
	return 0
}

// keyOf returns the key whose plain symbol is sym, one that is a modifier first;
// 0: there is none.
func (m *keymap) keyOf(sym uint32) (code byte) {
	for c := range m.Mods {
		if m.first(byte(c)) != sym {
			continue
		}
		if m.Mods[c] != 0 {
			return byte(c)
		}
		if code == 0 {
			code = byte(c)
		}
	}
	return code
}

// modsOf returns the modifiers that a key sets. AltGr is often on two keys, of
// which the map names one alone.
func (m *keymap) modsOf(code byte) byte {
	if m.Mods[code] != 0 || m.first(code) == 0 {
		return m.Mods[code]
	}
	return m.Mods[m.keyOf(m.first(code))]
}

// shifters returns the keys that choose between a key's characters, by the
// modifier that they set: Shift, AltGr, and the fifth level's.
func (m *keymap) shifters() map[byte]byte {
	keys := map[byte]byte{}
	for _, sym := range []uint32{x11.SymLevel5, x11.SymLevel3, x11.SymShift} {
		code := m.keyOf(sym)
		if mod := m.Mods[code]; code != 0 && bits.OnesCount8(mod) == 1 {
			keys[mod] = code
		}
	}
	return keys
}

// shortcuts returns the modifiers that make a command of a character.
func (m *keymap) shortcuts() byte {
	return modControl | m.Mods[m.keyOf(x11.SymAlt)] | m.Mods[m.keyOf(x11.SymSuper)]
}

// find looks for a key that makes sym, with as few of the shifters' modifiers
// changed as possible; those in fixed stay as they are. Among equals the key
// prefer wins.
func (m *keymap) find(sym uint32, st x11.KeyState, prefer, fixed byte) (place, bool) {
	for _, change := range m.changes(fixed) {
		mods := st.Mods ^ change
		if m.sym(prefer, mods, st.Group) == sym {
			return place{prefer, mods}, true
		}
		for code := 8; code < 256; code++ {
			if m.sym(byte(code), mods, st.Group) == sym {
				return place{byte(code), mods}, true
			}
		}
	}
	return place{}, false
}

// changes lists the sets of modifiers that can be changed, small ones first.
func (m *keymap) changes(fixed byte) []byte {
	sets := []byte{0}
	for mod := range m.shifters() {
		if mod&fixed != 0 {
			continue
		}
		for _, s := range sets {
			sets = append(sets, s|mod)
		}
	}
	slices.SortFunc(sets, func(a, b byte) int {
		if d := bits.OnesCount8(a) - bits.OnesCount8(b); d != 0 {
			return d
		}
		return int(a) - int(b)
	})
	return sets
}
