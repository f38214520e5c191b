package console

// This file draws what the font lacks: a box with the number of the character
// in it, as Firefox does it, so that one sees which it is.

// alike are characters that the font has for some that it lacks and that the
// prompts and tools of today are fond of.
var alike = map[rune]rune{
	'△': '▲', '▽': '▼', '▷': '►', '▶': '►', '▸': '►', '◁': '◄', '◀': '◄', '◂': '◄', '▾': '▼', '▴': '▲',
	'❯': '›', '❮': '‹', '➜': '→', '➤': '►', '⟩': '›', '⟨': '‹', '✓': '√', '✔': '√', '✗': '×', '✘': '×', '✕': '×', '✖': '×',
	'‐': '-', '‑': '-', '⁃': '•', '∙': '·', '⋅': '·', '⋯': '…', '★': '*', '☆': '*', '✱': '*', '−': '-', '◯': '○', '⬤': '●', '◆': '♦', '∣': '|', '⏎': '↵',
}

// hexDigits are 3x5 pixels each, row by row from the top, in 15 bits.
var hexDigits = [16]uint16{
	0b111_101_101_101_111, 0b010_110_010_010_111, 0b111_001_111_100_111, 0b111_001_111_001_111,
	0b101_101_111_001_001, 0b111_100_111_001_111, 0b111_100_111_101_111, 0b111_001_010_010_010,
	0b111_101_111_101_111, 0b111_101_111_001_111, 0b111_101_111_101_101, 0b110_101_110_101_110,
	0b111_100_100_100_111, 0b110_101_101_101_110, 0b111_100_110_100_111, 0b111_100_110_100_100,
}

// missing returns the box for r, one or two columns wide, with two or four
// digits in a row; a plain box where the number does not fit.
func missing(r rune, columns int) mask {
	m := newMask(columns)
	w := columns * cellW
	m.frame(w)
	perRow, rows := 2*columns, 1
	for rows < 3 && int(r)>>(4*perRow*rows) != 0 {
		rows++
	}
	if rows == 3 {
		return m
	}
	x0, y0 := (w-4*perRow+1)/2, (cellH-7*rows)/2+1
	for i := range rows * perRow {
		digit := r >> (4 * (rows*perRow - 1 - i)) & 15
		m.digit(w, x0+4*(i%perRow), y0+7*(i/perRow), int(digit))
	}
	return m
}

func (m mask) frame(w int) {
	const top, bottom = 1, cellH - 2
	for x := 0; x < w-1; x++ {
		m[top*w+x], m[bottom*w+x] = oneThird, oneThird
	}
	for y := top; y <= bottom; y++ {
		m[y*w], m[y*w+w-2] = oneThird, oneThird
	}
}

func (m mask) digit(w, x, y, value int) {
	for i := range 15 {
		if hexDigits[value]>>(14-i)&1 != 0 {
			m[(y+i/3)*w+x+i%3] = twoThirds
		}
	}
}
