package console

// This file has the short sequences: controls, ESC and OSC.

func (t *vt) execute(c byte) {
	switch c {
	case '\b':
		t.move(t.cur.x-1, t.cur.y)
	case '\t':
		t.tab(1)
	case '\n', '\v', '\f':
		t.lineFeed()
		if t.mode.newLine {
			t.move(0, t.cur.y)
		}
	case '\r':
		t.move(0, t.cur.y)
	case 0x0e:
		t.cur.shift = 1
	case 0x0f:
		t.cur.shift = 0
	}
}

func (t *vt) esc(inter string, final byte) {
	switch inter {
	case "":
		t.plainESC(final)
	case "(", ")":
		t.designate(inter, final)
	case "#":
		if final == '8' {
			t.alignmentTest()
		}
	}
}

func (t *vt) plainESC(final byte) {
	switch final {
	case '7', '8':
		t.saveOrRestore(final == '7')
	case 'D':
		t.lineFeed()
	case 'E':
		t.lineFeed()
		t.move(0, t.cur.y)
	case 'H':
		t.tabs[t.cur.x] = true
	case 'M':
		t.reverseLineFeed()
	case 'Z':
		t.answer("\x1b[?62;22c")
	case '=', '>':
		t.mode.keypad = final == '='
	case 'c':
		t.reset()
	}
}

// designate puts a character set into G0 or G1. Only line drawing differs from
// Unicode; the national sets died with the hardware.
func (t *vt) designate(inter string, final byte) {
	set := byte('B')
	if final == '0' {
		set = '0'
	}
	t.cur.charset[map[string]int{"(": 0, ")": 1}[inter]] = set
}

// alignmentTest is DECALN: a screen of E.
func (t *vt) alignmentTest() {
	t.top, t.bot = 0, t.rows-1
	t.move(0, 0)
	for _, line := range t.lines() {
		for x := range line {
			line[x] = cell{r: 'E'}
		}
	}
}

// specialGraphics is the DEC Special Graphics set from 0x5f to 0x7e (VT220
// Programmer Reference Manual, table 2-4).
var specialGraphics = [...]rune{
	' ', '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼',
	'⎺', '⎻', '─', '⎼', '⎽', '├', '┤', '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
}

func lineDrawing(r rune) rune {
	if r >= 0x5f && r <= 0x7e {
		return specialGraphics[r-0x5f]
	}
	return r
}

// osc answers the questions for the two colours, by which editors choose
// between their dark and light looks. Titles, clipboards, links and palettes
// are none of our business and are dropped.
func (t *vt) osc(text string) {
	switch text {
	case "10;?":
		t.answer("\x1b]10;%s\x1b\\", xColor(foreground))
	case "11;?":
		t.answer("\x1b]11;%s\x1b\\", xColor(background))
	}
}
