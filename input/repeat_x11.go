//go:build unix && !darwin

package input

// Held keys repeat when the viewer says so, and never by the X server: that would
// go on while nobody holds them, when the line stalls or we stand still or are
// killed.
//
// A server decides when a key goes down whether it will repeat it, by a setting
// of all its keyboards; the XTEST keyboard has one, too, but hands it on when it
// takes over from another. So it is switched off and on again around each press,
// in one write of ours, which it carries out without looking at a keyboard in
// between or at the next press of a person's.

// press presses a key, and releases it before if again says that it is down.
func (d *desk) press(code byte, again bool) error {
	repeats, err := d.repeats(code)
	if err != nil || again && !repeats {
		return err
	}
	d.Batch(func() {
		defer d.unrepeated(repeats)()
		if again {
			d.stroke(code, false)
		}
		d.stroke(code, true)
	})
	return nil
}

// repeats tells whether a key repeats at this server: xset r off is heeded.
func (d *desk) repeats(code byte) (bool, error) {
	defer d.bound()()
	return d.keyboard.Repeats(code)
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
