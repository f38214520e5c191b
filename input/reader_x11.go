//go:build unix && !darwin

package input

// Whether the program that we type into has read what was typed. It asks what a
// keycode means when it reads the stroke, which on a busy machine is long after
// it was made: the keycode must mean the same until then.
//
// Window managers ask programs whether they still live, by a message that is
// answered in its turn, after the strokes before it (_NET_WM_PING, Extended
// Window Manager Hints 1.5). So do we. A program under a keyboard grab or with
// an input method in a process of its own may read later still: the wait is in
// addition to that by the clock (spare_x11.go).

import (
	"context"
	"encoding/binary"
	"slices"
	"time"

	"github.com/jezek/xgb/xproto"
)

const (
	// answerTime is how long a program gets to answer. One that hangs for longer
	// must not hold what goes to others.
	answerTime = 3 * time.Second
	// muteTime is for how long such a one is not asked again.
	muteTime = 30 * time.Second
)

// mute is the window that left a question unanswered.
type mute struct {
	window xproto.Window
	until  time.Time
}

// ping is the question, in the server's numbers.
type ping struct{ protocols, ask xproto.Atom }

// awaitReader waits until the program with the focus has read what we typed until
// then. It returns false where that cannot be known.
func (d *desk) awaitReader(then time.Time) bool {
	if then.Before(d.readTo) {
		return true
	}
	asked := time.Now()
	p, err := d.pingAtoms()
	if err != nil {
		return false
	}
	w := d.reader(p)
	if w == 0 || w == d.mute.window && time.Now().Before(d.mute.until) {
		return false
	}
	d.hear(xproto.EventMaskSubstructureNotify)
	defer d.hear(0)
	d.pings++
	data := []uint32{uint32(p.ask), d.pings, uint32(w), 0, 0}
	ev := xproto.ClientMessageEvent{Format: 32, Window: w, Type: p.protocols, Data: xproto.ClientMessageDataUnionData32New(data)}
	xproto.SendEvent(d.Conn.Conn, false, w, 0, string(ev.Bytes()))
	if !d.answered(data[:3]) {
		d.mute = mute{w, time.Now().Add(muteTime)}
		return false
	}
	d.readTo = asked
	return true
}

// hear selects the events of the root window, which is where answers go.
func (d *desk) hear(mask uint32) {
	xproto.ChangeWindowAttributes(d.Conn.Conn, d.Root, xproto.CwEventMask, []uint32{mask})
}

// answered waits for a message that begins with data.
func (d *desk) answered(data []uint32) bool {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	for {
		ev, err := d.NextEvent(ctx)
		if err != nil {
			return false
		}
		m, ok := ev.(xproto.ClientMessageEvent)
		if ok && m.Format == 32 && slices.Equal(m.Data.Data32[:len(data)], data) {
			return true
		}
	}
}

func (d *desk) pingAtoms() (p ping, err error) {
	if p.protocols, err = d.Atom("WM_PROTOCOLS"); err != nil {
		return p, err
	}
	p.ask, err = d.Atom("_NET_WM_PING")
	return p, err
}

// reader returns the window that answers for the one with the focus; 0: none does.
func (d *desk) reader(p ping) xproto.Window {
	defer d.bound()()
	for _, w := range d.focusPath() {
		r, err := xproto.GetProperty(d.Conn.Conn, false, w, p.protocols, xproto.AtomAtom, 0, 32).Reply()
		if err != nil || r.Format != 32 {
			continue
		}
		for atom := range slices.Chunk(r.Value[:len(r.Value)&^3], 4) {
			if binary.LittleEndian.Uint32(atom) == uint32(p.ask) {
				return w
			}
		}
	}
	return 0
}

// maxDepth bounds a path of windows: between two questions they may be rearranged.
const maxDepth = 16

// focusPath returns the window that has the focus and those around it, without
// the root, innermost first.
func (d *desk) focusPath() (path []xproto.Window) {
	focus, err := xproto.GetInputFocus(d.Conn.Conn).Reply()
	if err != nil {
		return nil
	}
	w := focus.Focus
	if w == xproto.InputFocusPointerRoot {
		return d.pointerPath()
	}
	for len(path) < maxDepth && w != xproto.InputFocusNone && w != d.Root {
		path = append(path, w)
		tree, err := xproto.QueryTree(d.Conn.Conn, w).Reply()
		if err != nil {
			break
		}
		w = tree.Parent
	}
	return path
}

// pointerPath is focusPath where the focus follows the pointer.
func (d *desk) pointerPath() (path []xproto.Window) {
	for w := d.Root; len(path) < maxDepth; {
		at, err := xproto.QueryPointer(d.Conn.Conn, w).Reply()
		if err != nil || at.Child == 0 {
			break
		}
		w = at.Child
		path = slices.Insert(path, 0, w)
	}
	return path
}
