package x11

// Keysyms: what a layout makes of a key, as X11 numbers it (X Window System
// Protocol, appendix A).

import (
	"sort"
	"unicode"
)

// The keysyms that have a meaning to rac.
const (
	SymBackSpace  = 0xff08
	SymTab        = 0xff09
	SymReturn     = 0xff0d
	SymScrollLock = 0xff14
	SymEscape     = 0xff1b
	SymMulti      = 0xff20 // Compose
	SymInsert     = 0xff63
	SymModeSwitch = 0xff7e // AltGr of old layouts
	SymNumLock    = 0xff7f
	SymKPEnter    = 0xff8d
	SymShift      = 0xffe1 // left
	SymCapsLock   = 0xffe5
	SymAlt        = 0xffe9
	SymSuper      = 0xffeb
	SymDelete     = 0xffff
	SymLevel3     = 0xfe03 // AltGr
	SymLevel5     = 0xfe11
	SymLeftTab    = 0xfe20
	SymUnicode    = 0x01000000 // plus the code point
)

// RuneOf returns the character of a keysym; 0: it has none. The keypad's keys
// have none, since they are more than what they type.
func RuneOf(sym uint32) rune {
	switch {
	case sym >= 0x20 && sym <= 0x7e, sym >= 0xa0 && sym <= 0xff:
		return rune(sym)
	case sym > SymUnicode && sym <= SymUnicode+unicode.MaxRune:
		return rune(sym - SymUnicode)
	}
	return legacyRune(sym)
}

// Canonical makes keysyms comparable: each character has one, SymUnicode plus
// its code point, instead of the several that X11 has for some. Others stay.
func Canonical(sym uint32) uint32 {
	if r := RuneOf(sym); r != 0 {
		return SymUnicode + uint32(r)
	}
	return sym
}

// legacyRune returns the character of a keysym older than Unicode; 0: none.
func legacyRune(sym uint32) rune {
	blocks := legacyBlocks()
	after := sort.Search(len(blocks), func(i int) bool { return blocks[i].first > sym })
	if after == 0 {
		return 0
	}
	n := sym - blocks[after-1].first
	for _, r := range blocks[after-1].runes {
		if n == 0 && r != '·' {
			return r
		}
		n--
	}
	return 0
}

// legacyBlock is the characters of first, first+1, …; · is a gap.
type legacyBlock struct {
	first uint32
	runes string
}

// legacyBlocks is in ascending order. Layouts still use these numbers: those of
// Polish, Russian, Greek, Hebrew, … are written in them.
func legacyBlocks() *[36]legacyBlock {
	return &[...]legacyBlock{
		{0x1a1, "Ą˘Ł·ĽŚ··ŠŞŤŹ·ŽŻ·ą˛ł·ľśˇ·šşťź˝žżŔ··Ă·ĹĆ·Č·Ę·Ě··ĎĐŃŇ··Ő··ŘŮ·Ű··Ţ·ŕ··ă·ĺć·č·ę·ě··ďđńň··ő··řů·ű··ţ˙"},
		{0x2a1, "Ħ"},
		{0x2a6, "Ĥ··İ·ĞĴ"},
		{0x2b1, "ħ"},
		{0x2b6, "ĥ··ı·ğĵ"},
		{0x2c5, "ĊĈ"},
		{0x2d5, "Ġ··Ĝ"},
		{0x2dd, "ŬŜ"},
		{0x2e5, "ċĉ"},
		{0x2f5, "ġ··ĝ"},
		{0x2fd, "ŭŝ"},
		{0x3a2, "ĸŖ·ĨĻ···ĒĢŦ"},
		{0x3b3, "ŗ·ĩļ···ēģŧŊ·ŋĀ"},
		{0x3c7, "Į"},
		{0x3cc, "Ė··Ī·ŅŌĶ"},
		{0x3d9, "Ų···ŨŪ·ā"},
		{0x3e7, "į"},
		{0x3ec, "ė··ī·ņōķ"},
		{0x3f9, "ų···ũū"},
		{0x4a1, "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン゛゜"},
		{0x5ac, "،"},
		{0x5bb, "\u061b···\u061f·\u0621\u0622\u0623\u0624\u0625\u0626\u0627\u0628\u0629\u062a\u062b\u062c\u062d\u062e\u062f\u0630\u0631\u0632\u0633\u0634\u0635\u0636\u0637\u0638\u0639\u063a"},
		{0x5e0, "\u0640\u0641\u0642\u0643\u0644\u0645\u0646\u0647\u0648\u0649\u064a\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652"},
		{0x6a1, "ђѓёєѕіїјљњћќґўџ№ЂЃЁЄЅІЇЈЉЊЋЌҐЎЏюабцдефгхийклмнопярстужвьызшэщчъЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ"},
		{0x7a1, "ΆΈΉΊΪ·ΌΎΫ·Ώ··΅―·άέήίϊΐόύϋΰώ"},
		{0x7c1, "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣ·ΤΥΦΧΨΩ"},
		{0x7e1, "αβγδεζηθικλμνξοπρσςτυφχψω"},
		{0x8bc, "≤≠≥∫∴∝∞··∇··∼≃···⇔⇒≡"},
		{0x8fb, "←↑→↓"},
		{0xaa9, "—–···…"},
		{0xad0, "‘’“”℞‰′″"},
		{0xcdf, "‗\u05d0\u05d1\u05d2\u05d3\u05d4\u05d5\u05d6\u05d7\u05d8\u05d9\u05da\u05db\u05dc\u05dd\u05de\u05df\u05e0\u05e1\u05e2\u05e3\u05e4\u05e5\u05e6\u05e7\u05e8\u05e9\u05ea"},
		{0xda1, "กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรฤลฦวศษสหฬอฮฯะ\u0e31าำ\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e3a"},
		{0xddf, "฿เแโใไๅๆ\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d··๐๑๒๓๔๕๖๗๘๙"},
		{0x13bc, "ŒœŸ"},
		{0x20ac, "€"},
	}
}
