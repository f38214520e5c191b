//go:build unix && !darwin

package input

// What the host's layout makes of each key: the map of the X Keyboard Extension
// (The X Keyboard Extension: Protocol Specification, chapters 7 and 15).

import (
	"encoding/binary"
	"errors"
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

// keymap is a layout, or a part of one.
type keymap struct {
	types []keyType
	keys  [256]keySyms
	mods  [256]byte // modifiers by key
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

// keySyms is a key's canonical symbols, group after group, width of each.
type keySyms struct {
	types [4]byte // by group
	info  byte    // number of groups, and what to do with a group beyond it
	width int
	syms  []uint32
}

// kbState is what is in effect at a moment.
type kbState struct {
	mods   byte // down, latched or locked
	locked byte
	group  int
}

// place is a key, and the modifiers in effect with which it makes a symbol.
type place struct{ code, mods byte }

// sym returns what a key makes.
func (m *keymap) sym(code byte, mods byte, group int) uint32 {
	k := &m.keys[code]
	group, ok := k.group(group)
	if !ok {
		return 0
	}
	level, used := 0, byte(0)
	if t := int(k.types[group]); t < len(m.types) {
		level, used = m.types[t].level(mods)
	}
	i := group*k.width + level
	if level >= k.width || i >= len(k.syms) {
		return 0
	}
	if mods&modLock&^used != 0 {
		return capital(k.syms[i]) // what clients do with a lock that the key left over
	}
	return k.syms[i]
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
		return min(int(k.info>>4&3), n-1), true
	case k.info&0xc0 == clamp:
		return n - 1, true
	}
	return g % n, true
}

// bears tells whether a key has a symbol in any position.
func (m *keymap) bears(code byte, sym uint32) bool { return slices.Contains(m.keys[code].syms, sym) }

// empty tells whether a key makes and does nothing: it is free to be bound.
func (m *keymap) empty(code byte) bool {
	return m.mods[code] == 0 && !slices.ContainsFunc(m.keys[code].syms, func(s uint32) bool { return s != 0 })
}

// constant tells whether a key makes one symbol whatever the modifiers: our own
// bindings do.
func (m *keymap) constant(code byte) bool {
	syms := m.keys[code].syms
	if len(syms) == 0 || syms[0] == 0 {
		return false
	}
	return !slices.ContainsFunc(syms, func(s uint32) bool { return s != syms[0] })
}

// first is the symbol of a key without modifiers.
func (m *keymap) first(code byte) uint32 {
	if syms := m.keys[code].syms; len(syms) > 0 {
		return syms[0]
	}
	return 0
}

// keyOf returns the key whose plain symbol is sym, one that is a modifier first;
// 0: there is none.
func (m *keymap) keyOf(sym uint32) (code byte) {
	for c := range m.keys {
		if m.first(byte(c)) != sym {
			continue
		}
		if m.mods[c] != 0 {
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
	if m.mods[code] != 0 || m.first(code) == 0 {
		return m.mods[code]
	}
	return m.mods[m.keyOf(m.first(code))]
}

// shifters returns the keys that choose between a key's characters, by the
// modifier that they set: Shift, AltGr, and the fifth level's.
func (m *keymap) shifters() map[byte]byte {
	keys := map[byte]byte{}
	for _, sym := range []uint32{x11.SymLevel5, x11.SymLevel3, x11.SymShift} {
		code := m.keyOf(sym)
		if mod := m.mods[code]; code != 0 && bits.OnesCount8(mod) == 1 {
			keys[mod] = code
		}
	}
	return keys
}

// shortcuts returns the modifiers that make a command of a character.
func (m *keymap) shortcuts() byte {
	return modControl | m.mods[m.keyOf(x11.SymAlt)] | m.mods[m.keyOf(x11.SymSuper)]
}

// find looks for a key that makes sym, with as few of the shifters' modifiers
// changed as possible; those in fixed stay as they are. Among equals the key
// prefer wins.
func (m *keymap) find(sym uint32, st kbState, prefer, fixed byte) (place, bool) {
	for _, change := range m.changes(fixed) {
		mods := st.mods ^ change
		if m.sym(prefer, mods, st.group) == sym {
			return place{prefer, mods}, true
		}
		for code := 8; code < 256; code++ {
			if m.sym(byte(code), mods, st.group) == sym {
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

// reply reads a server's message; past its end it gives zeros and sets short.
type reply struct {
	rest  []byte
	short bool
}

func (r *reply) take(n int) []byte {
	if n > len(r.rest) {
		r.rest, r.short = nil, true
		return make([]byte, n)
	}
	p := r.rest[:n]
	r.rest = r.rest[n:]
	return p
}

// parseKeymap reads the reply to XkbGetMap for types, symbols and modifiers.
func parseKeymap(b []byte) (*keymap, error) {
	if len(b) < 40 {
		return nil, errors.New("map of the keyboard is cut short")
	}
	m := &keymap{}
	types, firstKey, keys, mods := int(b[15]), int(b[17]), int(b[20]), int(b[33])
	r := &reply{rest: b[40:]}
	for range types {
		m.types = append(m.types, r.keyType())
	}
	for code := firstKey; code < firstKey+keys && code < 256; code++ {
		m.keys[code] = r.keySyms()
	}
	for range mods {
		p := r.take(2)
		m.mods[p[0]] = p[1]
	}
	if r.short {
		return nil, errors.New("map of the keyboard is cut short")
	}
	return m, nil
}

func (r *reply) keyType() (t keyType) {
	head := r.take(8)
	t.mask = head[0]
	entries, preserve := r.take(8*int(head[5])), head[6] != 0
	for e := range slices.Chunk(entries, 8) {
		l := levelOf{mods: e[1], level: e[2]}
		if preserve {
			l.preserve = r.take(4)[0]
		}
		if active := e[0] != 0; active { // else its virtual modifiers are not bound
			t.levels = append(t.levels, l)
		}
	}
	return t
}

func (r *reply) keySyms() (k keySyms) {
	head := r.take(8)
	k.types, k.info, k.width = [4]byte(head[:4]), head[4], int(head[5])
	n := int(binary.LittleEndian.Uint16(head[6:]))
	if 4*n > len(r.rest) {
		r.short = true
		return k
	}
	for range n {
		k.syms = append(k.syms, x11.Canonical(binary.LittleEndian.Uint32(r.take(4))))
	}
	return k
}
