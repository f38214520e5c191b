package window

// From keysyms to text, for the fields of our own dialogs (X11 protocol,
// appendix A). What goes to the host is the keysym itself.

import (
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// Keysyms of keys that a dialog knows.
const (
	symBackSpace = 0xff08
	symTab       = 0xff09
	symReturn    = 0xff0d
	symEscape    = 0xff1b
	symKPEnter   = 0xff8d
	symLeftTab   = 0xfe20
	symInsert    = 0xff63
	symDelete    = 0xffff
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

// runeOf is the character of a keysym, 0 if it has none. The old sets of 0x0100
// to 0x13ff are ISO 8859 and its relatives, the set in the upper byte.
func runeOf(sym uint32) rune {
	switch {
	case sym >= 0x20 && sym <= 0x7e, sym >= 0xa0 && sym <= 0xff:
		return rune(sym)
	case sym >= 0x01000100 && sym <= 0x0110ffff:
		return rune(sym - 0x01000000)
	case sym == 0x20ac: // EuroSign
		return '€'
	case sym >= 0xffaa && sym <= 0xffb9, sym == 0xffbd: // keypad: * + , - . / digits =
		return rune(sym - 0xff80)
	case sym >= 0x07a1 && sym <= 0x07f9:
		return greek(sym)
	}
	if slavic := []rune("ђѓёєѕіїјљњћќґўџ№ЂЃЁЄЅІЇЈЉЊЋЌҐЎЏ"); sym-0x06a1 < uint32(len(slavic)) {
		return slavic[sym-0x06a1]
	}
	set := map[uint32]*charmap.Charmap{1: charmap.ISO8859_2, 2: charmap.ISO8859_3, 3: charmap.ISO8859_4, 5: charmap.ISO8859_6, 6: charmap.KOI8R, 12: charmap.ISO8859_8, 13: charmap.Windows874, 19: charmap.ISO8859_15}[sym>>8]
	if set == nil || sym&0xff < 0xa0 {
		return 0
	}
	if r := set.DecodeByte(byte(sym)); r != '\ufffd' {
		return r
	}
	return 0
}

// greek is runeOf for the Greek letters: the order is Unicode's but for sigma,
// and for the letters with accents.
func greek(sym uint32) rune {
	accents := []rune("ΆΈΉΊΪ\x00ΌΎΫ\x00Ώ\x00\x00\x00\x00\x00άέήίϊΐόύϋΰώ")
	switch {
	case sym == 0x07d2:
		return 'Σ'
	case sym == 0x07f2:
		return 'σ'
	case sym == 0x07f3:
		return 'ς'
	case sym >= 0x07e1:
		return 'α' + rune(sym-0x07e1)
	case sym >= 0x07c1:
		return 'Α' + rune(sym-0x07c1)
	case sym-0x07a1 < uint32(len(accents)):
		return accents[sym-0x07a1]
	}
	return 0
}

// deadMark is the combining character of a dead key (dead_grave and on).
func deadMark(sym uint32) rune {
	marks := []rune{0x300, 0x301, 0x302, 0x303, 0x304, 0x306, 0x307, 0x308, 0x30a, 0x30b, 0x30c, 0x327, 0x328}
	if i := int(sym) - 0xfe50; i >= 0 && i < len(marks) {
		return marks[i]
	}
	return 0
}
