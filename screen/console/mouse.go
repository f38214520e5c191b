package console

import (
	"fmt"

	"rac/input"
)

// The wheel: three lines a notch where it scrolls, as everywhere; one event has
// at most ten notches.
const (
	notch      = 120
	notchLines = 3
	maxNotches = 10
)

// mouse makes reports of the pointer as xterm does (ctlseqs, "Mouse Tracking").
type mouse struct {
	cols, rows int
	x, y       int   // the cell that the pointer is in
	held       uint8 // the buttons that are down, by xterm's numbers
	dx, dy     int   // what the wheel has turned, less than a notch
}

// motion returns the report of a move, if the program wants one.
func (m *mouse) motion(e input.Motion, mods mod, mode modes) []byte {
	x, y := m.x, m.y
	m.x = min(max(e.X/cellW, 0), m.cols-1)
	m.y = min(max(e.Y/cellH, 0), m.rows-1)
	if m.x == x && m.y == y {
		return nil
	}
	if mode.mouse == mouseAll || mode.mouse == mouseDrag && m.held != 0 {
		return m.report(32+m.lowestHeld(), mods, true, mode)
	}
	return nil
}

// lowestHeld is the button that a drag is reported with; 3 is none.
func (m *mouse) lowestHeld() int {
	for b := range 3 {
		if m.held>>b&1 != 0 {
			return b
		}
	}
	return 3
}

// button returns the report of a press or release, if the program wants one.
func (m *mouse) button(e input.Button, mods mod, mode modes) []byte {
	code := int(e.Button) - 1
	switch {
	case e.Button >= 1 && e.Button <= 3:
		m.held &^= 1 << code
		if e.Down {
			m.held |= 1 << code
		}
	case e.Button == 8 || e.Button == 9:
		code = 128 + int(e.Button) - 8
	default:
		return nil
	}
	if mode.mouse == mouseOff || mode.mouse == mousePress && !e.Down {
		return nil
	}
	return m.report(code, mods, e.Down, mode)
}

// report writes one event: by 1006, or as it was before.
func (m *mouse) report(code int, mods mod, down bool, mode modes) []byte {
	if mode.mouse != mousePress {
		code |= int(mods) << 2
	}
	if mode.mouseSGR {
		final := 'M'
		if !down {
			final = 'm'
		}
		return fmt.Appendf(nil, "\x1b[<%d;%d;%d%c", code, m.x+1, m.y+1, final)
	}
	if !down {
		code |= 3 // it does not say which
	}
	if code > 222 || m.x > 221 || m.y > 221 {
		return nil // a byte cannot hold it
	}
	return []byte{0x1b, '[', 'M', byte(32 + code), byte(33 + m.x), byte(33 + m.y)}
}

// wheel adds a turn and returns the whole steps: per is how many make a notch.
func (m *mouse) wheel(e input.Wheel, per int) (dx, dy int) {
	limit := maxNotches * notch
	m.dx += min(max(e.DX, -limit), limit)
	m.dy += min(max(e.DY, -limit), limit)
	step := notch / per
	dx, dy = m.dx/step, m.dy/step
	m.dx, m.dy = m.dx%step, m.dy%step
	return dx, dy
}

// wheelReports are the presses of buttons 4 to 7, one for each notch.
func (m *mouse) wheelReports(dx, dy int, mods mod, mode modes) (out []byte) {
	turn := func(n, negative int) {
		code := negative
		if n > 0 {
			code++
		}
		for range max(n, -n) {
			out = append(out, m.report(code, mods, true, mode)...)
		}
	}
	turn(dy, 64)
	turn(dx, 66)
	return out
}
