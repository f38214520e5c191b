//go:build unix && !darwin

package input

// Typing texts.

import (
	"slices"
	"strings"

	"rac/screen/x11"
)

// text types a text. Modifiers that we hold are lifted meanwhile, and Caps Lock
// is off.
func (d *desk) text(text string) error {
	d.straighten()
	st, m, err := d.now()
	if err != nil {
		return err
	}
	d.lift(m, 0xff)
	defer d.straighten()
	if st.Locked&modLock != 0 {
		d.keyboard.Lock(modLock, 0)
		defer d.keyboard.Lock(modLock, modLock)
	}
	for rest := symsOf(text); len(rest) > 0; {
		n, err := d.prepare(rest)
		if err != nil {
			return err
		}
		if err := d.typeSyms(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return d.sync()
}

// symsOf returns what to type for a text; a line's end, however written, is one
// Enter.
func symsOf(text string) (syms []uint32) {
	for _, r := range strings.ReplaceAll(text, "\r\n", "\n") {
		syms = append(syms, symOf(r))
	}
	return syms
}

// prepare binds what the layout lacks to spare keycodes, for as much of syms as
// they suffice for, and returns for how much.
func (d *desk) prepare(syms []uint32) (n int, err error) {
	st, m, err := d.now()
	if err != nil {
		return 0, err
	}
	fixed := d.fixed(m, st)
	places := map[uint32]byte{} // 0: to be bound
	total, needed := len(d.free(m, nil)), map[byte]bool{}
	var lack []uint32
	for n < len(syms) {
		sym := syms[n]
		if _, seen := places[sym]; !seen {
			p, ok := m.find(sym, st, 0, fixed)
			_, spare := d.spares[p.code]
			if (!ok || spare) && len(lack)+len(needed) == total {
				break
			}
			if !ok {
				lack = append(lack, sym)
			} else if spare {
				needed[p.code] = true
			}
			places[sym] = p.code
		}
		n++
	}
	if n == 0 {
		return 0, d.noSpare(syms[0])
	}
	return n, d.bind(lack, m, needed)
}

// typeSyms types what the map can make now.
func (d *desk) typeSyms(syms []uint32) error {
	st, m, err := d.now()
	if err != nil {
		return err
	}
	keys := m.places(syms, st, d.fixed(m, st))
	repeats, err := d.anyRepeats(keys)
	if err != nil {
		return err
	}
	shifters := m.shifters()
	mods := st.Mods
	for some := range slices.Chunk(keys, together) {
		d.Batch(func() {
			defer d.unrepeated(repeats)()
			for _, p := range some {
				d.shift(shifters, mods^p.mods, p.mods)
				mods = p.mods
				d.stroke(p.code, true)
				d.stroke(p.code, false)
			}
		})
	}
	d.shift(shifters, mods^st.Mods, st.Mods)
	d.used(keys...)
	return nil
}

// together is how many characters are typed in one write, in which the server
// repeats none: it may stand still for longer than a key is held that is to be
// repeated, between a press and its release.
const together = 16

// places returns the keys for syms. One whose key has gone since it was found
// (prepare) is left out.
func (m *keymap) places(syms []uint32, st x11.KeyState, fixed byte) (keys []place) {
	found := map[uint32]place{}
	for _, sym := range syms {
		p, seen := found[sym]
		if !seen {
			p, _ = m.find(sym, st, 0, fixed)
			found[sym] = p
		}
		if p.code != 0 {
			keys = append(keys, p)
		}
	}
	return keys
}

// shift brings the modifiers of change to their state in mods.
func (d *desk) shift(shifters map[byte]byte, change, mods byte) {
	for mod, code := range shifters {
		if change&mod != 0 {
			d.stroke(code, mods&mod != 0)
		}
	}
}
