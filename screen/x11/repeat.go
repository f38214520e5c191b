package x11

// How a server repeats a key that is held down (XkbGetControls and
// XkbSetControls; The X Keyboard Extension: Protocol Specification, chapter 4).

import (
	"encoding/binary"
	"fmt"
	"sync"
)

// Minor opcodes of XKEYBOARD, and the bit of the control.
const (
	xkbGetControls = 6
	xkbSetControls = 7
	xkbRepeatKeys  = 1
)

// AskRepeats asks how the server repeats keys. The function that it returns waits
// for the answer: whether that is done with the key code while it is down.
func (k *Keyboard) AskRepeats() (repeats func(code byte) (bool, error)) {
	answer := sync.OnceValues(k.conn.ask(k.major, xkbGetControls, xkbCoreKeyboard, 0).Reply)
	return func(code byte) (bool, error) {
		r, err := answer()
		if err != nil {
			return false, fmt.Errorf("XKEYBOARD: controls: %w", err)
		}
		if len(r) < 92 {
			return false, fmt.Errorf("XKEYBOARD: controls of %d bytes", len(r))
		}
		enabled, keys := binary.LittleEndian.Uint32(r[56:]), r[60:]
		return enabled&xkbRepeatKeys != 0 && keys[code/8]&(1<<(code%8)) != 0, nil
	}
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
