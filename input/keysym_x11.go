//go:build unix && !darwin

package input

// What keysyms mean to injecting. They are canonical ones, so that they can be
// compared (x11.Canonical).

import (
	"unicode"

	"rac/screen/x11"
)

// symOf returns the canonical keysym of a character, or of the key for it.
func symOf(r rune) uint32 {
	switch r {
	case '\n', '\r':
		return x11.SymReturn
	case '\t':
		return x11.SymTab
	case '\b':
		return x11.SymBackSpace
	case 0x1b:
		return x11.SymEscape
	case 0x7f:
		return x11.SymDelete
	}
	return x11.SymUnicode + uint32(r)
}

// plain is the keysym to bind for a canonical one: old programs know the
// characters of Latin-1 by their old numbers alone.
func plain(sym uint32) uint32 {
	if r := x11.RuneOf(sym); r != 0 && r <= 0xff {
		return uint32(r)
	}
	return sym
}

// capital is what Caps Lock makes of a keysym whose key does not say itself.
func capital(sym uint32) uint32 {
	if r := x11.RuneOf(sym); r != 0 {
		return x11.SymUnicode + uint32(unicode.ToUpper(r))
	}
	return sym
}

// isKeypad tells the keysyms of the keypad, which Num Lock decides between.
func isKeypad(sym uint32) bool { return sym >= 0xff80 && sym <= 0xffbd }

// keypadDigit is the digit, as a character, of a keypad's keysym; 0: it has none.
func keypadDigit(sym uint32) uint32 {
	if sym >= 0xffb0 && sym <= 0xffb9 {
		return x11.SymUnicode + '0' + sym - 0xffb0
	}
	return 0
}

// twin is the same modifier on the other side of the keyboard; 0: it has none.
func twin(sym uint32) uint32 {
	const shiftLock = 0xffe6
	if sym < x11.SymShift || sym > 0xffee || sym == x11.SymCapsLock || sym == shiftLock {
		return 0
	}
	return (sym - 1) ^ 1 + 1 // 0xffe1 and 0xffe2 are left and right, and so on
}

// isAltGr tells the keysyms that choose a key's third character.
func isAltGr(sym uint32) bool { return sym == x11.SymLevel3 || sym == x11.SymModeSwitch }

// makesText tells whether a canonical keysym is worth another key than the one
// in its place: a character, a dead key, Compose.
func makesText(sym uint32) bool {
	dead := sym >= 0xfe50 && sym <= 0xfe93
	return x11.RuneOf(sym) != 0 || dead || sym == x11.SymMulti
}
