package x11

// What each key makes, by the map of the X Keyboard Extension (The X Keyboard
// Extension: Protocol Specification, chapters 7 and 15).

import "slices"

// Keymap is a layout, or a part of one.
type Keymap struct {
	Mods [256]byte // the modifiers that a key sets, by keycode

	types []keyType
	keys  [256]keySyms
	seq   uint16 // of the request for it
	heard uint64 // KeymapEvents that had come soon after the reply
}

// keyType turns modifiers into a level, that is the column of a key's symbols.
// Modifiers outside mask do not matter.
type keyType struct {
	mask   byte
	levels []levelOf
}

// levelOf: with exactly these modifiers, this level. Those in preserve act on
// the symbol in spite of having chosen it.
type levelOf struct{ mods, level, preserve byte }

// keySyms is a key's symbols, group after group, width of each.
type keySyms struct {
	types [4]byte // by group
	info  byte    // number of groups, and what to do with a group beyond it
	width int
	syms  []uint32
}

// Sym returns the keysym that a key makes, 0 where the layout has nothing, and
// the modifiers that are used up by choosing it.
func (m *Keymap) Sym(code, mods byte, group int) (sym uint32, used byte) {
	k := &m.keys[code]
	group, ok := k.group(group)
	if !ok {
		return 0, 0
	}
	level := 0
	if t := int(k.types[group]); t < len(m.types) {
		level, used = m.types[t].level(mods)
	}
	if i := group*k.width + level; level < k.width && i < len(k.syms) {
		return k.syms[i], used
	}
	return 0, used
}

// level also returns the modifiers that are used up by the choice.
func (t *keyType) level(mods byte) (level int, used byte) {
	for _, l := range t.levels {
		if l.mods == mods&t.mask {
			return int(l.level), t.mask &^ l.preserve
		}
	}
	return 0, t.mask
}

// group brings the keyboard's group into the range that the key has.
func (k *keySyms) group(g int) (int, bool) {
	const redirect, clamp = 0x80, 0x40
	n := int(k.info & 0x0f)
	switch {
	case n == 0 || n > len(k.types):
		return 0, false
	case g < n:
		return g, true
	case k.info&0xc0 == redirect:
		if to := int(k.info >> 4 & 3); to < n {
			return to, true
		}
		return 0, true
	case k.info&0xc0 == clamp:
		return n - 1, true
	}
	return g % n, true
}

// Syms returns the keysyms of a key in all positions. The slice is the map's own.
func (m *Keymap) Syms(code byte) []uint32 { return m.keys[code].syms }

// Empty tells whether a key makes nothing at all.
func (m *Keymap) Empty(code byte) bool {
	return !slices.ContainsFunc(m.keys[code].syms, func(s uint32) bool { return s != 0 })
}

// Knows tells whether the map was read after ev. A change comes as several
// events; to ask for the map at each would take so long that a program which
// binds a key for one stroke (xdotool) has taken it back by then. The numbers of
// requests begin again after 65,535: they are compared only where ev came about
// when the map did.
func (m *Keymap) Knows(ev KeymapEvent) bool {
	return ev.nth <= m.heard && int16(ev.seq-m.seq) < 0
}
