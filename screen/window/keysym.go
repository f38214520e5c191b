package window

// From keysyms to text, for the fields of our own dialogs (X11 protocol,
// appendix A). What goes to the host is the keysym itself.

import (
	"golang.org/x/text/unicode/norm"

	"rac/screen/x11"
)

// composer makes text of keysyms; a dead key waits for its letter.
type composer struct{ dead rune }

// text is what a keysym adds, "" if it adds nothing (yet).
func (c *composer) text(sym uint32) string {
	if mark := deadMark(sym); mark != 0 {
		c.dead = mark
		return ""
	}
	r := runeOf(sym)
	if r == 0 {
		return ""
	}
	s := string(r)
	if c.dead != 0 {
		s = norm.NFC.String(s + string(c.dead))
		c.dead = 0
	}
	return s
}

// runeOf is the character that a keysym adds to a field, 0 if it adds none: the
// keypad's too, but no kana, for which there are input methods.
func runeOf(sym uint32) rune {
	switch {
	case sym >= 0xffaa && sym <= 0xffb9, sym == 0xffbd: // keypad: * + , - . / digits =
		return rune(sym - 0xff80)
	case sym>>8 == 4:
		return 0
	}
	return x11.RuneOf(sym)
}

// deadMark is the combining character of a dead key (dead_grave and on).
func deadMark(sym uint32) rune {
	marks := []rune{0x300, 0x301, 0x302, 0x303, 0x304, 0x306, 0x307, 0x308, 0x30a, 0x30b, 0x30c, 0x327, 0x328}
	if i := int(sym) - 0xfe50; i >= 0 && i < len(marks) {
		return marks[i]
	}
	return 0
}
