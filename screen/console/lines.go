package console

// This file moves and erases lines and parts of them.

// scrollUp moves the lines from row `from` to the end of the region up by n. A
// line that leaves the main screen at its top goes into the history.
func (t *vt) scrollUp(from, n int) {
	region := t.lines()[from : t.bot+1]
	n = min(n, len(region))
	for range n {
		first := region[0]
		copy(region, region[1:])
		if from == 0 && !t.alt {
			first = t.remember(first)
		}
		t.clear(first)
		region[len(region)-1] = first
	}
}

// remember puts a line into the history and returns another one to use. Who is
// reading the history goes on seeing the same lines.
func (t *vt) remember(line []cell) []cell {
	old := t.history.push(line)
	if t.back > 0 {
		t.back = min(t.back+1, t.history.len())
	}
	if old == nil {
		old = make([]cell, t.cols)
	}
	return old
}

func (t *vt) scrollDown(from, n int) {
	region := t.lines()[from : t.bot+1]
	n = min(n, len(region))
	for range n {
		last := region[len(region)-1]
		copy(region[1:], region)
		t.clear(last)
		region[0] = last
	}
}

// deleteLines is DL: unlike a scroll it takes nothing into the history.
func (t *vt) deleteLines(n int) {
	region := t.lines()[t.cur.y : t.bot+1]
	n = min(n, len(region))
	gone := append([][]cell(nil), region[:n]...)
	copy(region, region[n:])
	copy(region[len(region)-n:], gone)
	for _, line := range gone {
		t.clear(line)
	}
	t.move(0, t.cur.y)
}

func (t *vt) clear(cells []cell) {
	blank := t.cur.pen.blank()
	for i := range cells {
		cells[i] = blank
	}
}

func (t *vt) eraseRows(from, to int) {
	for _, line := range t.lines()[from:to] {
		t.clear(line)
	}
}

// eraseCells blanks columns [from, to) of the cursor's line.
func (t *vt) eraseCells(from, to int) {
	line := t.lines()[t.cur.y]
	to = min(to, t.cols)
	t.split(line, from)
	t.split(line, to)
	t.clear(line[from:to])
	t.cur.wrapNext = false
}

func (t *vt) insertCells(n int) {
	line, x := t.lines()[t.cur.y], t.cur.x
	n = min(n, t.cols-x)
	t.split(line, x)
	t.split(line, t.cols-n)
	copy(line[x+n:], line[x:])
	t.clear(line[x : x+n])
	t.cur.wrapNext = false
}

func (t *vt) deleteCells(n int) {
	line, x := t.lines()[t.cur.y], t.cur.x
	n = min(n, t.cols-x)
	t.split(line, x)
	t.split(line, x+n)
	copy(line[x:], line[x+n:])
	t.clear(line[t.cols-n:])
	t.cur.wrapNext = false
}

// split blanks the wide character that has its halves on both sides of column
// x: what is written there would leave half of it.
func (t *vt) split(line []cell, x int) {
	if x <= 0 || x >= len(line) || line[x].attr&tail == 0 {
		return
	}
	line[x-1] = cell{r: ' ', pen: line[x-1].pen}
	line[x] = cell{r: ' ', pen: line[x].pen}
	line[x-1].attr &^= wide
	line[x].attr &^= tail
}
