package window

// The window's own keys: Ctrl+Alt+Shift and one more.

import "rac/input"

// action is what the person wants of the window itself.
type action int

const (
	none        action = iota
	toggleGrab         // Ctrl+Alt+Shift, pressed and released alone
	toggleFull         // Ctrl+Alt+Shift+F
	closeWindow        // Ctrl+Alt+Shift+Q
)

// Modifier keys by their place.
const (
	ctrlL, shiftL, altL input.Usage = 0xe0, 0xe1, 0xe2
	ctrlR, shiftR, altR input.Usage = 0xe4, 0xe5, 0xe6
)

// hotkeys watches the keys that go by.
//
//	idle ──all three down──▶ armed ──one of them up──▶ toggleGrab
//	                           │
//	                           └──any other key or button──▶ idle until all are up
type hotkeys struct {
	down  map[input.Usage]bool // modifiers that are down
	armed bool
	dead  bool // another key came in between
}

// press sees a key going down. With an action the key is not for the host.
func (h *hotkeys) press(k input.Key) action {
	if h.down == nil {
		h.down = map[input.Usage]bool{}
	}
	if modifierOf(k.Usage) != 0 {
		h.down[k.Usage] = true
		h.armed = h.all() && !h.dead
		return none
	}
	all := h.all()
	h.spoil()
	switch {
	case all && letter(k) == 'F':
		return toggleFull
	case all && letter(k) == 'Q':
		return closeWindow
	}
	return none
}

// release sees a key going up.
func (h *hotkeys) release(u input.Usage) action {
	if !h.down[u] {
		return none
	}
	fire := h.armed
	delete(h.down, u)
	h.armed = false
	if fire {
		h.dead = true // until all are up: the others must not fire again
	}
	if len(h.down) == 0 {
		h.dead = false
	}
	if fire {
		return toggleGrab
	}
	return none
}

// spoil says that something else was done while the modifiers were down.
func (h *hotkeys) spoil() { h.armed, h.dead = false, len(h.down) > 0 }

// reset forgets all keys, when the focus goes.
func (h *hotkeys) reset() { h.down, h.armed, h.dead = nil, false, false }

// all tells whether Ctrl, Alt and Shift are down, and no AltGr is counted: on
// many layouts it is a way to type.
func (h *hotkeys) all() bool {
	have := input.Usage(0)
	for u := range h.down {
		have |= modifierOf(u)
	}
	return have == 7
}

// modifierOf is a bit for Ctrl, Shift and Alt, 0 for any other key.
func modifierOf(u input.Usage) input.Usage {
	switch u {
	case ctrlL, ctrlR:
		return 1
	case shiftL, shiftR:
		return 2
	case altL:
		return 4
	}
	return 0
}

// letter is the Latin letter that a key makes, or the one that stands on its
// place on a US keyboard where the layout makes none (Cyrillic, Greek).
func letter(k input.Key) rune {
	switch {
	case k.Sym >= 'a' && k.Sym <= 'z':
		return rune(k.Sym) - 'a' + 'A'
	case k.Sym >= 'A' && k.Sym <= 'Z':
		return rune(k.Sym)
	case k.Usage >= 0x04 && k.Usage <= 0x1d:
		return 'A' + rune(k.Usage-0x04)
	}
	return 0
}
