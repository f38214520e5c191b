package console

import (
	"strings"

	"rac/input"
)

// terminal is what an injector needs of the Console.
type terminal interface {
	send(keys []byte) error
	wake() bool // starts a shell if there is none; false: there is one
	idle() bool // nothing that was sent is waiting
	scroll(lines int)
	modes() (m modes, full bool) // full: the program has the whole screen, with no history
}

// injector is one person's keyboard and mouse.
type injector struct {
	to    terminal
	rows  int
	keys  *keyboard
	mouse mouse
	last  keyID // the key that may repeat
}

// Injector returns a new keyboard and mouse for the console.
func (c *Console) Injector() input.Injector { return newInjector(c, c.o.Cols, c.o.Rows) }

func newInjector(to terminal, cols, rows int) *injector {
	return &injector{
		to:    to,
		rows:  rows,
		keys:  newKeyboard(),
		mouse: mouse{cols: cols, rows: rows},
	}
}

// Inject returns when the terminal has taken the event. The error is that the
// console is closed.
func (i *injector) Inject(event input.Event) error {
	switch e := event.(type) {
	case input.Key:
		return i.key(e)
	case input.Text:
		i.to.wake()
		text := strings.NewReplacer("\r\n", "\r", "\n", "\r").Replace(strings.ToValidUTF8(e.Text, "\ufffd"))
		return i.send([]byte(text))
	case input.Motion:
		mode, _ := i.to.modes()
		return i.send(i.mouse.motion(e, i.keys.mods(), mode))
	case input.Button:
		mode, _ := i.to.modes()
		return i.send(i.mouse.button(e, i.keys.mods(), mode))
	case input.Wheel:
		return i.wheel(e)
	case input.Locks:
		i.keys.caps, i.keys.num = e.Caps, e.Num
	}
	return nil
}

func (i *injector) Close() error { return nil }

func (i *injector) send(keys []byte) error {
	if len(keys) == 0 {
		return nil
	}
	return i.to.send(keys)
}

func (i *injector) key(e input.Key) error {
	if i.keys.modifier(e) || !e.Down {
		return nil
	}
	act := i.action(e)
	if act == nil {
		return nil
	}
	if e.Again {
		return i.again(idOf(e), act)
	}
	i.last = keyID{}
	if i.to.wake() { // the key that starts a shell is not for the shell
		return nil
	}
	i.last = idOf(e)
	return act()
}

// again does what a key does once more; who does not read its keyboard is not
// sent more of the same.
func (i *injector) again(id keyID, act func() error) error {
	if id != i.last || !i.to.idle() {
		return nil
	}
	return act()
}

// action returns what a key does.
func (i *injector) action(e input.Key) func() error {
	mode, full := i.to.modes()
	if lines := i.pages(e); lines != 0 && !full {
		return func() error {
			i.to.scroll(lines)
			return nil
		}
	}
	keys := i.keys.bytes(e, mode)
	if len(keys) == 0 {
		return nil
	}
	return func() error { return i.to.send(keys) }
}

// pages is how far Shift with Page Up or Page Down scrolls.
func (i *injector) pages(e input.Key) int {
	name, _ := i.keys.meaning(e)
	switch {
	case i.keys.mods() != shift:
	case name == symPageUp || name == symPageUp-symHome+symKPHome:
		return i.rows - 1
	case name == symPageDown || name == symPageDown-symHome+symKPHome:
		return 1 - i.rows
	}
	return 0
}

// wheel goes to the program if it asked for the mouse. Otherwise, or with Shift,
// it scrolls: the history, or by cursor keys what has the whole screen (less,
// man), as other terminals do.
func (i *injector) wheel(e input.Wheel) error {
	mode, full := i.to.modes()
	mods := i.keys.mods()
	if mode.mouse > mousePress && mods&shift == 0 {
		dx, dy := i.mouse.wheel(e, 1)
		return i.send(i.mouse.wheelReports(dx, dy, mods, mode))
	}
	_, lines := i.mouse.wheel(e, notchLines)
	if !full {
		i.to.scroll(-lines)
		return nil
	}
	final := byte('B')
	if lines < 0 {
		final, lines = 'A', -lines
	}
	key := string(cursorKey(final, 0, mode.cursorKeys))
	return i.send([]byte(strings.Repeat(key, lines)))
}
