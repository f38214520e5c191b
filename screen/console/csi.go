package console

import "fmt"

// csi acts on a control sequence (ECMA-48; the DEC ones from the VT510's
// manual; the rest from xterm's ctlseqs). What is not known is ignored.
func (t *vt) csi(q *sequence) {
	switch {
	case q.inter == "" && q.private == 0:
		t.plainCSI(q)
	case q.inter == "" && q.private == '?':
		t.privateCSI(q)
	case q.inter == "" && q.private == '>' && q.final == 'c': // DA2: a VT220 of no maker's
		t.answer("\x1b[>1;10;0c")
	case q.inter == "!" && q.final == 'p':
		t.softReset()
	case q.inter == " " && q.final == 'q':
		t.shape = q.at(0, 0)
	case q.inter == "$" && q.final == 'p' && len(q.params) == 1:
		t.reportMode(q)
	}
}

// answer queues what the program asked for, as long as it reads it: 4 KiB of
// unread answers are enough for anybody.
func (t *vt) answer(format string, args ...any) {
	if len(t.answers) < 4096 {
		t.answers = fmt.Appendf(t.answers, format, args...)
	}
}

func (t *vt) reportMode(q *sequence) {
	n, mark := q.params[0].value, ""
	if q.private == '?' {
		mark = "?"
	}
	t.answer("\x1b[%s%d;%d$y", mark, n, t.modeReport(q.private == '?', n))
}

func (t *vt) privateCSI(q *sequence) {
	switch q.final {
	case 'h', 'l':
		t.setModes(q, q.final == 'h')
	case 'J':
		t.eraseDisplay(q.at(0, 0))
	case 'K':
		t.eraseLine(q.at(0, 0))
	case 'n':
		if q.at(0, 0) == 6 { // DECXCPR
			t.answer("\x1b[?%d;%d;1R", t.cursorRow(), t.cur.x+1)
		}
	}
}

func (t *vt) plainCSI(q *sequence) {
	n := q.at(0, 1)
	if t.moveCSI(q, n) || t.editCSI(q, n) {
		return
	}
	switch q.final {
	case 'm':
		t.setPen(q.params)
	case 'h', 'l':
		t.setModes(q, q.final == 'h')
	case 'r':
		t.setRegion(q.at(0, 1)-1, q.at(1, t.rows)-1)
	case 's':
		t.saveOrRestore(true)
	case 'u':
		t.saveOrRestore(false)
	case 'c': // DA1: a VT220 with ANSI colours
		if q.at(0, 0) == 0 {
			t.answer("\x1b[?62;22c")
		}
	case 'n':
		t.reportStatus(q.at(0, 0))
	case 't':
		if q.at(0, 0) == 18 {
			t.answer("\x1b[8;%d;%dt", t.rows, t.cols)
		}
	}
}

func (t *vt) moveCSI(q *sequence, n int) bool {
	switch q.final {
	case 'A', 'k':
		t.up(n)
	case 'B', 'e':
		t.down(n)
	case 'C', 'a':
		t.move(t.cur.x+n, t.cur.y)
	case 'D', 'j':
		t.move(t.cur.x-n, t.cur.y)
	case 'E':
		t.down(n)
		t.move(0, t.cur.y)
	case 'F':
		t.up(n)
		t.move(0, t.cur.y)
	case 'G', '`':
		t.move(n-1, t.cur.y)
	case 'H', 'f':
		t.moveTo(q.at(1, 1)-1, n-1)
	case 'd':
		t.moveTo(t.cur.x, n-1)
	case 'I':
		t.tab(n)
	case 'Z':
		t.backTab(n)
	case 'g':
		t.clearTabs(q.at(0, 0))
	default:
		return false
	}
	return true
}

func (t *vt) editCSI(q *sequence, n int) bool {
	inside := t.cur.y >= t.top && t.cur.y <= t.bot
	switch q.final {
	case '@':
		t.insertCells(n)
	case 'P':
		t.deleteCells(n)
	case 'X':
		t.eraseCells(t.cur.x, t.cur.x+n)
	case 'J':
		t.eraseDisplay(q.at(0, 0))
	case 'K':
		t.eraseLine(q.at(0, 0))
	case 'L':
		if inside {
			t.scrollDown(t.cur.y, n)
			t.move(0, t.cur.y)
		}
	case 'M':
		if inside {
			t.deleteLines(n)
		}
	case 'S':
		t.scrollUp(t.top, n)
	case 'T':
		if len(q.params) <= 1 { // with five it is mouse highlighting
			t.scrollDown(t.top, n)
		}
	case 'b':
		for range min(n, t.cols*t.rows) {
			if t.last != 0 {
				t.print(t.last)
			}
		}
	default:
		return false
	}
	return true
}

func (t *vt) eraseLine(what int) {
	switch what {
	case 0:
		t.eraseCells(t.cur.x, t.cols)
	case 1:
		t.eraseCells(0, t.cur.x+1)
	case 2:
		t.eraseCells(0, t.cols)
	}
}

func (t *vt) eraseDisplay(what int) {
	switch what {
	case 0:
		t.eraseCells(t.cur.x, t.cols)
		t.eraseRows(t.cur.y+1, t.rows)
	case 1:
		t.eraseCells(0, t.cur.x+1)
		t.eraseRows(0, t.cur.y)
	case 2:
		t.eraseRows(0, t.rows)
		t.cur.wrapNext = false
	case 3:
		t.history.clear()
		t.back = 0
	}
}

func (t *vt) setRegion(top, bot int) {
	bot = min(bot, t.rows-1)
	if top < 0 || top >= bot {
		return
	}
	t.top, t.bot = top, bot
	t.moveTo(0, 0)
}

func (t *vt) reportStatus(what int) {
	switch what {
	case 5:
		t.answer("\x1b[0n")
	case 6:
		t.answer("\x1b[%d;%dR", t.cursorRow(), t.cur.x+1)
	}
}

// cursorRow is the cursor's row as the program counts.
func (t *vt) cursorRow() int {
	if t.cur.origin {
		return t.cur.y - t.top + 1
	}
	return t.cur.y + 1
}

func (t *vt) tab(n int) {
	x := t.cur.x
	for ; n > 0 && x < t.cols-1; n-- {
		for x++; x < t.cols-1 && !t.tabs[x]; x++ {
		}
	}
	t.move(x, t.cur.y)
}

func (t *vt) backTab(n int) {
	x := t.cur.x
	for ; n > 0 && x > 0; n-- {
		for x--; x > 0 && !t.tabs[x]; x-- {
		}
	}
	t.move(x, t.cur.y)
}

func (t *vt) clearTabs(what int) {
	switch what {
	case 0:
		t.tabs[t.cur.x] = false
	case 3:
		clear(t.tabs)
	}
}
