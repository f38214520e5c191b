package console

// modes are the switches that a program sets by CSI h and CSI ? h.
type modes struct {
	insert     bool // IRM
	newLine    bool // LNM: Enter sends CR LF, a line feed returns too
	cursorKeys bool // DECCKM: ESC O A in place of ESC [ A
	keypad     bool // DECKPAM
	reverse    bool // DECSCNM
	autowrap   bool // DECAWM
	showCursor bool // DECTCEM
	paste      bool // 2004; kept for DECRQM only: what is typed here are keys
	focus      bool // 1004; likewise
	mouse      mouseMode
	mouseSGR   bool // 1006
}

// mouseMode says which events of the pointer the program wants.
type mouseMode uint8

const (
	mouseOff   mouseMode = iota
	mousePress           // 9, X10: presses only
	mouseClick           // 1000: presses, releases, wheel
	mouseDrag            // 1002: and motion while a button is down
	mouseAll             // 1003: and motion
)

// flag returns the switch of an ANSI or DEC private mode, or nil.
func (t *vt) flag(private bool, n int) *bool {
	m := &t.mode
	if !private {
		return map[int]*bool{4: &m.insert, 20: &m.newLine}[n]
	}
	switch n {
	case 1:
		return &m.cursorKeys
	case 5:
		return &m.reverse
	case 6:
		return &t.cur.origin
	case 7:
		return &m.autowrap
	case 25:
		return &m.showCursor
	case 66:
		return &m.keypad
	case 1004:
		return &m.focus
	case 1006:
		return &m.mouseSGR
	case 2004:
		return &m.paste
	}
	return nil
}

func (t *vt) setModes(q *sequence, on bool) {
	for _, p := range q.params {
		t.setMode(q.private == '?', p.value, on)
	}
}

func (t *vt) setMode(private bool, n int, on bool) {
	if f := t.flag(private, n); f != nil {
		*f = on
		if private && n == 6 {
			t.moveTo(0, 0)
		}
		return
	}
	if !private {
		return
	}
	switch n {
	case 9, 1000, 1002, 1003:
		t.setMouse(n, on)
	case 47, 1047:
		t.showPage(on, n == 1047)
	case 1048:
		t.saveOrRestore(on)
	case 1049: // save, other page, clear; back: the page, then the cursor
		if on {
			t.saveOrRestore(true)
			t.showPage(true, true)
			t.eraseRows(0, t.rows)
			return
		}
		t.showPage(false, false)
		t.saveOrRestore(false)
	}
}

func (t *vt) setMouse(n int, on bool) {
	t.mode.mouse = mouseOff
	if on {
		t.mode.mouse = map[int]mouseMode{9: mousePress, 1000: mouseClick, 1002: mouseDrag, 1003: mouseAll}[n]
	}
}

// showPage switches between the main screen and the alternate one; clear blanks
// the alternate one as it is left.
func (t *vt) showPage(alt, clear bool) {
	if alt == t.alt {
		return
	}
	if clear && !alt {
		t.eraseRows(0, t.rows)
	}
	t.alt = alt
	t.back = 0
}

func (t *vt) page01() int {
	if t.alt {
		return 1
	}
	return 0
}

func (t *vt) saveOrRestore(save bool) {
	if save {
		t.saved[t.page01()] = t.cur
		return
	}
	t.cur = t.saved[t.page01()]
}

// modeReport is the answer to DECRQM: 1 set, 2 reset, 0 not known.
func (t *vt) modeReport(private bool, n int) int {
	on, known := t.modeState(private, n)
	switch {
	case !known:
		return 0
	case on:
		return 1
	}
	return 2
}

func (t *vt) modeState(private bool, n int) (on, known bool) {
	if f := t.flag(private, n); f != nil {
		return *f, true
	}
	if !private {
		return false, false
	}
	switch n {
	case 9:
		return t.mode.mouse == mousePress, true
	case 1000:
		return t.mode.mouse == mouseClick, true
	case 1002:
		return t.mode.mouse == mouseDrag, true
	case 1003:
		return t.mode.mouse == mouseAll, true
	case 47, 1047, 1049:
		return t.alt, true
	}
	return false, false
}
