//go:build unix && !darwin

package input

// Which of the host's keys a viewer's key becomes (the rule in keys.go).

import "rac/screen/x11"

// choose returns the key to press for k and bends the modifiers for it. Its code
// is 0 where nothing can be pressed.
func (d *desk) choose(k Key) (place, error) {
	code := k.Usage.Evdev()
	if code != 0 {
		code += x11.EvdevOffset
	}
	sym := x11.Canonical(k.Sym)
	if sym == 0 {
		return place{code: code}, nil
	}
	if code != 0 {
		// The case to keep fast: both layouts agree. One round trip.
		if p, ok, err := d.sameKey(code, sym); ok || err != nil {
			return p, err
		}
	}
	st, m, err := d.now()
	if err != nil {
		return place{}, err
	}
	if makesText(sym) || isKeypad(sym) {
		return d.chooseText(k.id(), code, sym, st, m)
	}
	return d.chooseOther(code, sym, m)
}

// sameKey returns the key in the same place if it makes sym.
func (d *desk) sameKey(code byte, sym uint32) (place, bool, error) {
	st, m, err := d.look(code, code)
	if err != nil {
		return place{}, false, err
	}
	same := m.sym(code, st.Mods, st.Group) == sym
	if !makesText(sym) && !isKeypad(sym) {
		same = m.bears(code, sym)
	}
	return place{code, st.Mods}, same, nil
}

// chooseText finds the key for a character.
func (d *desk) chooseText(id Event, code byte, sym uint32, st x11.KeyState, m *keymap) (place, error) {
	if p, ok := m.find(sym, st, code, d.fixed(m, st)); ok {
		d.used(p)
		d.bend(m, st, p.mods^st.Mods, id)
		return p, nil
	}
	if digit := keypadDigit(sym); digit != 0 { // Num Lock is off here
		return d.chooseText(id, code, digit, st, m)
	}
	command := st.Mods&m.shortcuts() != 0 && (sym > x11.SymUnicode+0x7f || m.bears(code, sym))
	if code != 0 && (isKeypad(sym) || command) {
		return place{code, st.Mods}, nil
	}
	if err := d.bind([]uint32{sym}, m, nil); err != nil {
		return place{}, err
	}
	return d.boundTo(sym)
}

// boundTo returns the key that a symbol was just bound to.
func (d *desk) boundTo(sym uint32) (place, error) {
	st, m, err := d.now()
	if err != nil {
		return place{}, err
	}
	p, _ := m.find(sym, st, 0, 0xff)
	d.used(p)
	return p, nil
}

// fixed returns the modifiers that are in effect without our holding their keys:
// we cannot lift them.
func (d *desk) fixed(m *keymap, st x11.KeyState) byte {
	ours := byte(0)
	for _, code := range d.held {
		ours |= m.modsOf(code)
	}
	return st.Mods &^ ours
}

// chooseOther finds the key for something that is no character.
func (d *desk) chooseOther(code byte, sym uint32, m *keymap) (place, error) {
	for _, s := range []uint32{sym, twin(sym)} {
		if other := m.keyOf(s); s != 0 && other != 0 {
			return place{code: other}, nil
		}
	}
	if isAltGr(sym) {
		// The layout has no AltGr: what the viewer makes with it comes as a
		// symbol of its own. The key in its place would be Alt.
		return place{}, nil
	}
	if code != 0 {
		return place{code: code}, nil
	}
	if err := d.bind([]uint32{sym}, m, nil); err != nil {
		return place{}, err
	}
	return d.boundTo(sym)
}
