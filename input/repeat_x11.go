//go:build unix && !darwin

package input

// Held keys repeat when the viewer says so, and never by the X server: that would
// go on while nobody holds them, when the line stalls or we stand still or are
// killed.
//
// A server decides when a key goes down whether it will repeat it, by a setting
// of all its keyboards. (The XTEST keyboard has its own, but that counts only
// after it has taken over from another.) So it is switched off and on again around
// each press, in one write: nothing is left switched off if we are killed.

import "slices"

// press presses a key. repeats asks the server how it repeats that one.
func (d *desk) press(code byte, repeats func(byte) (bool, error)) error {
	would, err := d.would(code, repeats)
	if err != nil {
		return err
	}
	d.Batch(func() {
		defer d.unrepeated(would)()
		d.stroke(code, true)
	})
	return nil
}

// again repeats a key that is down, with what is bent for it. What this server
// does not repeat (xset r off, a modifier) is left alone.
func (d *desk) again(id Event) error {
	code := d.held[id]
	if code == 0 || slices.Contains(d.bent.lifted, code) {
		return nil
	}
	would, err := d.would(code, d.askRepeats())
	if err != nil || !would {
		return err
	}
	d.Batch(func() {
		defer d.unrepeated(would)()
		d.stroke(code, false)
		d.stroke(code, true)
	})
	return d.sync()
}

// askRepeats asks about the keyboard that we press: Xvnc's own repeats nothing.
func (d *desk) askRepeats() func(byte) (bool, error) {
	d.comeForward()
	return d.keyboard.AskRepeats()
}

// anyRepeats asks whether the server repeats any of some keys.
func (d *desk) anyRepeats(keys []place) (bool, error) {
	repeats := d.askRepeats()
	for _, p := range keys {
		if would, err := d.would(p.code, repeats); would || err != nil {
			return would, err
		}
	}
	return false, nil
}

func (d *desk) would(code byte, repeats func(byte) (bool, error)) (bool, error) {
	defer d.bound()()
	return repeats(code)
}

// unrepeated keeps the server from repeating what goes down until the returned
// function is called; where it would not, it is left alone.
func (d *desk) unrepeated(would bool) (done func()) {
	if !would {
		return func() {}
	}
	d.keyboard.SetRepeats(false)
	return func() { d.keyboard.SetRepeats(true) }
}
