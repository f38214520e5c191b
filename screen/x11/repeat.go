package x11

// How a server repeats a key that is held down (XkbGetControls and
// XkbSetControls; The X Keyboard Extension: Protocol Specification, chapter 4).

import (
	"encoding/binary"
	"fmt"
)

// Minor opcodes of XKEYBOARD, and the bit of the control.
const (
	xkbGetControls = 6
	xkbSetControls = 7
	xkbRepeatKeys  = 1
)

// Repeats tells whether the server repeats a key while it is held down.
func (k *Keyboard) Repeats(code byte) (bool, error) {
	r, err := k.conn.ask(k.major, xkbGetControls, xkbCoreKeyboard, 0).Reply()
	if err != nil || len(r) < 92 {
		return false, fmt.Errorf("XKEYBOARD: controls: %w", err)
	}
	enabled, keys := binary.LittleEndian.Uint32(r[56:]), r[60:92]
	return enabled&xkbRepeatKeys != 0 && keys[code/8]&(1<<(code%8)) != 0, nil
}

// SetRepeats lets the server repeat keys, or none, on all keyboards. It looks at
// that when a key goes down.
func (k *Keyboard) SetRepeats(on bool) {
	body := [48]uint16{0: xkbCoreKeyboard, 10: xkbRepeatKeys} // what is affected, and how
	if on {
		body[12] = xkbRepeatKeys
	}
	k.conn.tell(k.major, xkbSetControls, body[:]...)
}
