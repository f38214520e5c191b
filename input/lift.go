package input

// Keys that a silent viewer holds must not repeat.

import "slices"

// hands is what a viewer holds.
type hands struct {
	held    []Event         // ids of what is down, in the order of pressing
	presses map[Event]Event // of what is held, by id
	lifted  []Event         // ids of what is held there, and up here since the viewer was silent
}

// lift releases the keys that repeat while they are down. They count as held.
func (g *guest) lift() error {
	for _, id := range g.held {
		k, ok := id.(Key)
		if !ok || k.modifies() || g.presses[id] == nil || slices.Contains(g.lifted, id) {
			continue
		}
		g.lifted = append(g.lifted, id)
		if err := g.inject(up(id)); err != nil {
			return err
		}
	}
	return nil
}

// pressAgain presses what was lifted and is held still.
func (g *guest) pressAgain() error {
	lifted := g.lifted
	g.lifted = nil
	for _, id := range lifted {
		if err := g.inject(g.presses[id]); err != nil {
			return err
		}
	}
	return nil
}

// dropLifted tells whether id was lifted, and forgets it.
func (h *hands) dropLifted(id Event) bool {
	i := slices.Index(h.lifted, id)
	if i >= 0 {
		h.lifted = slices.Delete(h.lifted, i, i+1)
	}
	return i >= 0
}

// modifies tells of a key that changes what others do, and does not repeat.
func (k Key) modifies() bool {
	switch {
	case k.Usage >= 0xe0 && k.Usage <= 0xe7: // Control, Shift, Alt, Super on both sides
		return true
	case k.Usage != 0:
		return false
	}
	return k.Sym >= 0xffe1 && k.Sym <= 0xffee || k.Sym >= 0xfe01 && k.Sym <= 0xfe13 || k.Sym == 0xff7e || k.Sym == 0xff7f // XK_Shift_L to XK_Hyper_R, ISO levels and groups, Mode_switch, Num_Lock
}
