//go:build unix && !darwin

package input

// Typing texts.

import (
	"slices"
	"strings"

	"maps"
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
	fixed, shifters := d.fixed(m, st), m.shifters()
	places := map[uint32]place{}
	down := byte(0) // the modifiers that differ from st's
	for _, sym := range syms {
		p, seen := places[sym]
		if !seen {
			p, _ = m.find(sym, st, 0, fixed) // prepare has seen to it; if the map has changed since, 0
			places[sym] = p
		}
		if p.code == 0 {
			continue
		}
		d.shift(shifters, down^p.mods^st.Mods, p.mods)
		down = p.mods ^ st.Mods
		d.stroke(p.code, true)
		d.stroke(p.code, false)
	}
	d.shift(shifters, down, st.Mods)
	d.used(slices.Collect(maps.Values(places))...)
	return nil
}

// shift brings the modifiers of change to their state in mods.
func (d *desk) shift(shifters map[byte]byte, change, mods byte) {
	for mod, code := range shifters {
		if change&mod != 0 {
			d.stroke(code, mods&mod != 0)
		}
	}
}
