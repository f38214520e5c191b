package console

import "strings"

// This file shows the screen: as cells to draw and as text.

// view copies what is to be seen, history and cursor included, into dst, which
// has rows*cols cells.
func (t *vt) view(dst []cell) {
	for y := range t.rows {
		copy(dst[y*t.cols:][:t.cols], t.seen(y))
	}
	if t.mode.reverse {
		for i := range dst {
			dst[i].attr ^= inverse
		}
	}
	if y := t.cur.y + t.back; t.mode.showCursor && y < t.rows {
		t.showCursor(dst[y*t.cols:][:t.cols])
	}
}

func (t *vt) showCursor(line []cell) {
	shape := cursorBlock
	switch t.shape {
	case 3, 4:
		shape = cursorLine
	case 5, 6:
		shape = cursorBar
	}
	x := t.cur.x
	if x > 0 && line[x].attr&tail != 0 {
		x--
	}
	line[x].attr |= shape
	if line[x].attr&wide != 0 && x+1 < len(line) {
		line[x+1].attr |= shape
	}
}

// seen is the line at row y of the picture.
func (t *vt) seen(y int) []cell {
	if y < t.back {
		return t.history.line(t.history.len() - t.back + y)
	}
	return t.lines()[y-t.back]
}

// text returns what is to be seen as lines without trailing blanks.
func (t *vt) text() string {
	var out strings.Builder
	for y := range t.rows {
		out.WriteString(lineText(t.seen(y)))
		out.WriteByte('\n')
	}
	return strings.TrimRight(out.String(), "\n")
}

func lineText(line []cell) string {
	var out strings.Builder
	for _, c := range line {
		switch {
		case c.attr&tail != 0:
		case c.r == 0:
			out.WriteByte(' ')
		default:
			out.WriteRune(c.r)
			for _, m := range c.mark {
				if m != 0 {
					out.WriteRune(m)
				}
			}
		}
	}
	return strings.TrimRight(out.String(), " ")
}
