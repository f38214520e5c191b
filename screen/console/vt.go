package console

import "unicode"

// vt is the screen of a terminal and its state: what VT220 and xterm do, as far
// as the programs of a Unix machine ask for it. This file has the writing of
// characters and the cursor; lines.go moves and erases, csi.go and esc.go have the
// sequences, sgr.go the looks, modes.go the switches, view.go what is to be seen.
//
// Every coordinate is kept inside: 0 <= x < cols, 0 <= y < rows.
type vt struct {
	parser     parser
	cols, rows int
	page       [2][][]cell // the main screen and the alternate one, row by row
	alt        bool        // which of them is shown
	cur        cursor
	saved      [2]cursor // DECSC, one for each page
	top, bot   int       // the scroll region, both ends inside
	tabs       []bool
	mode       modes
	shape      int  // DECSCUSR
	last       rune // for REP
	history    history
	back       int    // how many lines of history are shown above the screen
	answers    []byte // what the program is to read: bounded by its own questions in one feed
}

type cursor struct {
	x, y     int
	wrapNext bool // a character stands in the last column; the next one goes to a new line
	pen      pen
	charset  [2]byte // G0, G1: 'B' ASCII, '0' line drawing
	shift    int     // which of them is in use
	origin   bool
}

func newVT(cols, rows int) *vt {
	t := &vt{cols: cols, rows: rows, history: history{max: historyLines}}
	for i := range t.page {
		t.page[i] = make([][]cell, rows)
		for y := range t.page[i] {
			t.page[i][y] = make([]cell, cols)
		}
	}
	t.reset()
	return t
}

// reset is RIS: as switched on. The history stays.
func (t *vt) reset() {
	t.alt = true
	t.softReset()
	t.eraseRows(0, t.rows)
	t.alt = false
	t.eraseRows(0, t.rows)
	t.cur = newCursor()
	t.tabs = make([]bool, t.cols)
	for x := 8; x < t.cols; x += 8 {
		t.tabs[x] = true
	}
	t.mode = modes{autowrap: true, showCursor: true}
	t.back = 0
}

// softReset is DECSTR: what a crashed program leaves behind is put right, the
// text stays.
func (t *vt) softReset() {
	x, y := t.cur.x, t.cur.y
	t.cur = newCursor()
	t.cur.x, t.cur.y = x, y
	t.saved = [2]cursor{newCursor(), newCursor()}
	t.top, t.bot = 0, t.rows-1
	t.mode.insert, t.mode.cursorKeys, t.mode.keypad = false, false, false
	t.mode.autowrap, t.mode.showCursor = true, true
	t.shape = 0
}

// leave puts right what a program has left behind that is gone: its page, its
// modes, half a sequence.
func (t *vt) leave() {
	t.parser = parser{}
	t.showPage(false, false)
	t.softReset()
	t.mode = modes{autowrap: true, showCursor: true}
	t.back = 0
}

func newCursor() cursor { return cursor{charset: [2]byte{'B', 'B'}} }

// Write takes the program's output. It never fails.
func (t *vt) Write(data []byte) (int, error) {
	t.parser.feed(data, t)
	return len(data), nil
}

// takeAnswers returns what the program has asked for.
func (t *vt) takeAnswers() []byte {
	a := t.answers
	t.answers = nil
	return a
}

func (t *vt) lines() [][]cell {
	if t.alt {
		return t.page[1]
	}
	return t.page[0]
}

func (t *vt) ascii(run []byte) {
	if t.cur.charset[t.cur.shift] != 'B' || t.mode.insert {
		for _, c := range run {
			t.print(rune(c))
		}
		return
	}
	t.last = rune(run[len(run)-1])
	for len(run) > 0 {
		t.wrap(1)
		n := min(len(run), t.cols-t.cur.x)
		line := t.lines()[t.cur.y]
		t.split(line, t.cur.x)
		t.split(line, t.cur.x+n)
		for i, c := range run[:n] {
			line[t.cur.x+i] = cell{r: rune(c), pen: t.cur.pen}
		}
		t.advance(n)
		if !t.mode.autowrap && len(run) > n { // the rest piles up in the last column
			line[t.cols-1].r = rune(run[len(run)-1])
			return
		}
		run = run[n:]
	}
}

func (t *vt) print(r rune) {
	if t.cur.charset[t.cur.shift] == '0' {
		r = lineDrawing(r)
	}
	n := columns(r)
	if n == 0 {
		t.mark(r)
		return
	}
	if n > t.cols {
		return
	}
	t.last = r
	t.wrap(n)
	x, line := t.cur.x, t.lines()[t.cur.y]
	if t.mode.insert {
		t.insertCells(n)
	}
	t.split(line, x)
	t.split(line, x+n)
	line[x] = cell{r: r, pen: t.cur.pen}
	if n == 2 {
		line[x].attr |= wide
		line[x+1] = cell{pen: t.cur.pen}
		line[x+1].attr |= tail
	}
	t.advance(n)
}

// mark puts a combining mark over the character before the cursor.
func (t *vt) mark(r rune) {
	x, line := t.cur.x, t.lines()[t.cur.y]
	if !t.cur.wrapNext {
		x--
	}
	if x > 0 && line[x].attr&tail != 0 {
		x--
	}
	if x >= 0 && line[x].r != 0 && !unicode.Is(unicode.Cf, r) { // joiners and direction marks show nothing
		line[x].combine(r)
	}
}

// wrap makes room for n columns: by a new line when the last one is full.
func (t *vt) wrap(n int) {
	if !t.cur.wrapNext && t.cur.x+n <= t.cols {
		return
	}
	if !t.mode.autowrap {
		t.cur.x, t.cur.wrapNext = t.cols-n, false
		return
	}
	t.cur.x, t.cur.wrapNext = 0, false
	t.lineFeed()
}

func (t *vt) advance(n int) {
	t.cur.x += n
	if t.cur.x >= t.cols {
		t.cur.x = t.cols - 1
		t.cur.wrapNext = t.mode.autowrap
	}
}

// move puts the cursor to (x, y), or as near as the screen has it.
func (t *vt) move(x, y int) {
	t.cur.x = min(max(x, 0), t.cols-1)
	t.cur.y = min(max(y, 0), t.rows-1)
	t.cur.wrapNext = false
}

// moveTo is move in the coordinates of the program: with DECOM they count from
// the scroll region and do not leave it.
func (t *vt) moveTo(x, y int) {
	if t.cur.origin {
		y = min(y+t.top, t.bot)
	}
	t.move(x, y)
}

// up and down stop at the margin when they begin inside of it.
func (t *vt) up(n int) {
	limit := 0
	if t.cur.y >= t.top {
		limit = t.top
	}
	t.move(t.cur.x, max(t.cur.y-n, limit))
}

func (t *vt) down(n int) {
	limit := t.rows - 1
	if t.cur.y <= t.bot {
		limit = t.bot
	}
	t.move(t.cur.x, min(t.cur.y+n, limit))
}

func (t *vt) lineFeed() {
	switch {
	case t.cur.y == t.bot:
		t.scrollUp(t.top, 1)
	case t.cur.y < t.rows-1:
		t.cur.y++
	}
	t.cur.wrapNext = false
}

func (t *vt) reverseLineFeed() {
	switch {
	case t.cur.y == t.top:
		t.scrollDown(t.top, 1)
	case t.cur.y > 0:
		t.cur.y--
	}
	t.cur.wrapNext = false
}
