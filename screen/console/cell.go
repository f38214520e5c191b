package console

import (
	"unicode"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// color is a colour as the program named it: the terminal's own, one of the
// palette, or red, green and blue.
type color uint32

const (
	colorDefault color = 0
	colorPalette color = 1 << 24 // | index
	colorRGB     color = 2 << 24 // | 0xRRGGBB
)

type attr uint16

const (
	bold attr = 1 << iota
	dim
	italic
	underline
	blink // shown as it is: nothing blinks here, so that an idle screen is still
	inverse
	hidden
	strike
	wide // the left half of a wide character
	tail // its right half: r is 0
)

// pen is how a character looks.
type pen struct {
	fg, bg color
	attr   attr
}

// cell is one place of the screen. r is 0 where nothing was written.
type cell struct {
	r    rune
	mark [2]rune // combining marks that no single character covers
	pen
}

// blank is what erasing leaves: the background of the pen and nothing else
// (back colour erase, as terminfo's bce promises).
func (p pen) blank() cell { return cell{pen: pen{bg: p.bg}} }

// combine puts mark m over the cell's character.
func (c *cell) combine(m rune) {
	if c.mark[0] == 0 {
		joined := []rune(norm.NFC.String(string([]rune{c.r, m})))
		if len(joined) == 1 {
			c.r = joined[0]
			return
		}
	}
	for i := range c.mark {
		if c.mark[i] == 0 {
			c.mark[i] = m
			return
		}
	}
}

// columns returns how many cells r takes: 0 for combining marks, 2 for what
// East Asian typography makes wide (UAX #11; ambiguous characters are narrow,
// as wcwidth has them).
func columns(r rune) int {
	switch {
	case r < 0x300 || r >= 0x2500 && r < 0x2600: // Latin; boxes and blocks
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf), r >= 0x1160 && r < 0x1200: // and the Hangul vowels
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}
