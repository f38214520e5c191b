package console

import (
	"golang.org/x/text/encoding/charmap"

	"rac/input"
)

// The X11 keysyms of keys that are no characters (X11/keysymdef.h).
const (
	symBackSpace = 0xff08
	symTab       = 0xff09
	symReturn    = 0xff0d
	symEscape    = 0xff1b
	symHome      = 0xff50
	symLeft      = 0xff51
	symUp        = 0xff52
	symRight     = 0xff53
	symDown      = 0xff54
	symPageUp    = 0xff55
	symPageDown  = 0xff56
	symEnd       = 0xff57
	symBegin     = 0xff58
	symInsert    = 0xff63
	symNumLock   = 0xff7f
	symKPSpace   = 0xff80
	symKPTab     = 0xff89
	symKPEnter   = 0xff8d
	symKPF1      = 0xff91
	symKPHome    = 0xff95
	symKPDelete  = 0xff9f
	symKPStar    = 0xffaa // to symKPNine in the order of ASCII, from '*' on
	symKPNine    = 0xffb9
	symKPEqual   = 0xffbd
	symF1        = 0xffbe
	symF24       = 0xffd5
	symShiftL    = 0xffe1
	symShiftR    = 0xffe2
	symControlL  = 0xffe3
	symControlR  = 0xffe4
	symCapsLock  = 0xffe5
	symAltL      = 0xffe9
	symAltR      = 0xffea
	symHyperR    = 0xffee
	symDelete    = 0xffff
	symLeftTab   = 0xfe20
)

// keypadNames are what the keypad's keys from symKPHome on are elsewhere.
var keypadNames = [...]uint32{
	symHome, symLeft, symUp, symRight, symDown, symPageUp, symPageDown, symEnd, symBegin, symInsert, symDelete,
}

// usages are the keys of a US keyboard that are no characters.
var usages = map[input.Usage]uint32{
	0x28: symReturn, 0x29: symEscape, 0x2a: symBackSpace, 0x2b: symTab, 0x39: symCapsLock,
	0x49: symInsert, 0x4a: symHome, 0x4b: symPageUp, 0x4c: symDelete, 0x4d: symEnd, 0x4e: symPageDown,
	0x4f: symRight, 0x50: symLeft, 0x51: symDown, 0x52: symUp, 0x53: symNumLock,
	0x54: symKPStar + 5, 0x55: symKPStar, 0x56: symKPStar + 3, 0x57: symKPStar + 1, 0x58: symKPEnter, 0x67: symKPEqual,
	0xe0: symControlL, 0xe1: symShiftL, 0xe2: symAltL, 0xe3: symHyperR, 0xe4: symControlR, 0xe5: symShiftR, 0xe6: symAltR, 0xe7: symHyperR,
}

// The characters of the keys from usage 0x1e on and of 0x2c to 0x38, without and
// with Shift. 0x32 is the key beside Enter that ISO boards have, 0x64 the one
// beside the left Shift.
const (
	usDigits, usDigitsShift = "1234567890", "!@#$%^&*()"
	usSigns, usSignsShift   = " -=[]\\\\;'`,./", " _+{}||:\"~<>?"
)

// usRune is what a key types on a US keyboard.
func usRune(u input.Usage, shift, caps bool) rune {
	pick := func(plain, shifted string, from input.Usage) rune {
		if shift {
			plain = shifted
		}
		return rune(plain[u-from])
	}
	switch {
	case u >= 0x04 && u <= 0x1d:
		if shift != caps {
			return rune('A' + u - 0x04)
		}
		return rune('a' + u - 0x04)
	case u >= 0x1e && u <= 0x27:
		return pick(usDigits, usDigitsShift, 0x1e)
	case u >= 0x2c && u <= 0x38:
		return pick(usSigns, usSignsShift, 0x2c)
	case u == 0x64:
		return pick("\\", "|", 0x64)
	}
	return 0
}

// usName is the keysym of a US keyboard's key that types no character, 0 if it
// types one.
func usName(u input.Usage, num bool) uint32 {
	switch {
	case u >= 0x3a && u <= 0x45:
		return symF1 + uint32(u-0x3a)
	case u >= 0x68 && u <= 0x73:
		return symF1 + 12 + uint32(u-0x68)
	case u >= 0x59 && u <= 0x63: // keypad 1 to 9, 0, point
		if num {
			return symKPStar - '*' + uint32("1234567890."[u-0x59])
		}
		return [...]uint32{
			symEnd, symDown, symPageDown, symLeft, symBegin, symRight, symHome, symUp, symPageUp, symInsert, symDelete,
		}[u-0x59]
	}
	return usages[u]
}

// pages are the sets that keysyms of the form 0xPPcc take their characters from.
var pages = map[uint32]*charmap.Charmap{
	0x01: charmap.ISO8859_2, 0x02: charmap.ISO8859_3, 0x03: charmap.ISO8859_4, 0x05: charmap.ISO8859_6,
	0x06: charmap.KOI8R, 0x0c: charmap.ISO8859_8, 0x0d: charmap.Windows874, 0x13: charmap.ISO8859_15,
}

// cyrillic are the keysyms 0x6a1 to 0x6bf: the letters that Russian has not.
var cyrillic = []rune("ђѓёєѕіїјљњћќґўџ№ЂЃЁЄЅІЇЈЉЊЋЌҐЎЏ")

// greek are the keysyms 0x7a1 to 0x7f9; blanks are no characters.
var greek = []rune("ΆΈΉΊΪ ΌΎΫ ΏΑ΅―  άέήίϊΐόύϋΰώ     ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣ ΤΥΦΧΨΩ       αβγδεζηθικλμνξοπρσςτυφχψω")

// symRune is the character of a keysym, 0 if it has none.
func symRune(sym uint32) rune {
	switch {
	case sym >= 0x20 && sym <= 0x7e, sym >= 0xa0 && sym <= 0xff:
		return rune(sym)
	case sym >= 0x01000100 && sym <= 0x0110ffff:
		return rune(sym - 0x01000000)
	case sym == 0x20ac:
		return '€'
	case sym >= 0x6a1 && sym <= 0x6bf:
		return cyrillic[sym-0x6a1]
	case sym >= 0x7a1 && sym <= 0x7f9:
		return blankless(greek[sym-0x7a1])
	}
	if page := pages[sym>>8]; page != nil && sym&0xff >= 0xa0 {
		return page.DecodeByte(byte(sym))
	}
	return 0
}

func blankless(r rune) rune {
	if r == ' ' {
		return 0
	}
	return r
}
