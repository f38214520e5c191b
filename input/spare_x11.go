//go:build unix && !darwin

package input

// Spare keycodes: numbers that no key of the keyboard has, borrowed for what the
// layout lacks.

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/jezek/xgb/xproto"

	"rac/screen/x11"
)

const (
	// learn is how long programs get to learn of a new binding before it is
	// typed. Without it 50 of 69 characters went wrong, with 2 ms none.
	learn = 5 * time.Millisecond
	// digest is how long they get to look a typed key up before it is bound to
	// something else, at least; those that do not say when they have done so get
	// more.
	digest, digestUnsaid = 150 * time.Millisecond, 400 * time.Millisecond
)

func (d *desk) noSpare(sym uint32) error {
	return fmt.Errorf("input: the layout of %s has no key for %s, and no keycode is free for it: %w", d.Name, symName(sym), ErrNotNow)
}

func symName(sym uint32) string {
	if r := x11.RuneOf(sym); r != 0 {
		return fmt.Sprintf("%q", r)
	}
	return fmt.Sprintf("keysym 0x%x", sym)
}

// free lists the keycodes that can be bound, without those in keep: the empty
// ones, then ours, the one that rested longest first.
func (d *desk) free(m *keymap, keep map[byte]bool) (codes []byte) {
	var ours []byte
	for c := int(d.Setup.MaxKeycode); c > int(d.idle()); c-- {
		code := byte(c)
		_, bound := d.spares[code]
		switch {
		case keep[code] || d.holders(code) > 0:
		case m.empty(code):
			codes = append(codes, code)
		case bound && m.constant(code):
			ours = append(ours, code)
		}
	}
	slices.SortStableFunc(ours, func(a, b byte) int { return cmp.Compare(d.spares[a].UnixNano(), d.spares[b].UnixNano()) })
	return append(codes, ours...)
}

// bind binds symbols to free keycodes, which make them with any modifiers, and
// waits until programs know.
func (d *desk) bind(syms []uint32, m *keymap, keep map[byte]bool) error {
	if len(syms) == 0 {
		return nil
	}
	codes := d.free(m, keep)
	if len(codes) < len(syms) {
		return d.noSpare(syms[len(codes)])
	}
	codes = codes[:len(syms)]
	d.letDigest(codes)
	d.claim(codes)
	for i, code := range codes {
		if err := d.remap(code, xproto.Keysym(plain(syms[i]))); err != nil {
			return fmt.Errorf("input: bind keycode %d: %w", code, err)
		}
		d.spares[code] = time.Time{}
	}
	time.Sleep(learn)
	return nil
}

// letDigest waits until what was typed with codes has been read.
func (d *desk) letDigest(codes []byte) {
	var last time.Time
	for _, code := range codes {
		if t := d.spares[code]; t.After(last) {
			last = t
		}
	}
	if last.IsZero() {
		return
	}
	wait := digestUnsaid
	if d.awaitReader(last) {
		wait = digest
	}
	time.Sleep(time.Until(last.Add(wait)))
}

// remap gives a keycode one symbol with and without Shift, or none at all (0).
func (d *desk) remap(code byte, sym xproto.Keysym) error {
	defer d.bound()()
	return xproto.ChangeKeyboardMappingChecked(d.Conn.Conn, 1, xproto.Keycode(code), 2, []xproto.Keysym{sym, sym}).Check()
}

// used notes that keys have just been typed.
func (d *desk) used(places ...place) {
	for _, p := range places {
		if _, ok := d.spares[p.code]; ok {
			d.spares[p.code] = time.Now()
		}
	}
}

// unbind empties the keycodes that we have bound.
func (d *desk) unbind() {
	if len(d.spares) == 0 {
		return
	}
	_, m, err := d.now()
	if err != nil {
		return
	}
	for code := range d.spares {
		if m.constant(code) {
			d.remap(code, 0)
		}
	}
	clear(d.spares)
}
