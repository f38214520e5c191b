//go:build linux || freebsd || netbsd || openbsd || dragonfly

package window

// The keys that end a session at the host, for whoever has no mouse at hand.

import (
	"github.com/jezek/xgb/xproto"

	"rac/screen/x11"
)

// endKeys is Ctrl+Alt+Shift+End. Nothing else is taken from the person's keyboard,
// and this only while the banner stands.
const (
	endKeys   = xproto.ModMaskControl | xproto.ModMask1 | xproto.ModMaskShift
	symEnd    = 0xff57
	endKeyTip = "Ctrl+Alt+Shift+End"
)

// grabEndKeys asks the server for these keys, with each state of Caps and Num Lock.
// It returns the key; 0: the keyboard has none. Where another program has the keys
// already the button is left.
func grabEndKeys(c *x11.Conn) xproto.Keycode {
	key := keycodeOf(c, symEnd)
	if key == 0 {
		return 0
	}
	for _, locks := range []uint16{0, xproto.ModMaskLock, xproto.ModMask2, xproto.ModMaskLock | xproto.ModMask2} {
		err := xproto.GrabKeyChecked(c.Conn, false, c.Root, endKeys|locks, key, xproto.GrabModeAsync, xproto.GrabModeAsync).Check()
		if err != nil {
			return 0
		}
	}
	return key
}

// keycodeOf returns the first key that has a symbol.
func keycodeOf(c *x11.Conn, sym xproto.Keysym) xproto.Keycode {
	first, last := c.Setup.MinKeycode, c.Setup.MaxKeycode
	m, err := xproto.GetKeyboardMapping(c.Conn, first, byte(last-first+1)).Reply()
	if err != nil || m.KeysymsPerKeycode == 0 {
		return 0
	}
	for i, s := range m.Keysyms {
		if s == sym {
			return first + xproto.Keycode(i/int(m.KeysymsPerKeycode))
		}
	}
	return 0
}
