//go:build unix && !darwin

package input

// What an injector that was killed leaves at the X server: keys that stay down
// and repeat for ever, and bound spare keycodes.
//
// Each desk has a window, which dies with its connection, and notes it in a
// property of the root window with the keycodes that it binds. A new desk finds
// there what belonged to windows that are gone, and empties those keycodes. If
// no other desk lives, it also releases what is down on the server's XTEST
// devices. A key that a person holds is down on another device, so that it is
// not touched; one held by another XTEST program of the moment (xdotool
// keydown) is lifted, which is the lesser evil next to a Control or Enter that
// nobody can lift.

import (
	"encoding/binary"
	"slices"

	"github.com/jezek/xgb/xproto"
)

const noteName = "_RAC_INPUT"

// note is an entry of the property: a desk's window, and a keycode that it has
// bound or 0.
type note struct{ window, code uint32 }

// maxNotes bounds what is read of the property.
const maxNotes = 1024

// cleanUp does what the top of this file says, and leaves our own note.
func (d *desk) cleanUp() error {
	atom, err := d.Atom(noteName)
	if err != nil {
		return err
	}
	notes, err := d.notes(d.Root, atom)
	if err != nil {
		return err
	}
	var live []note
	var dead []byte
	for _, n := range notes {
		if own, err := d.notes(xproto.Window(n.window), atom); err == nil && len(own) > 0 {
			live = append(live, n)
		} else if n.code >= 8 && n.code < 256 {
			dead = append(dead, byte(n.code))
		}
	}
	if err := d.emptyKeys(dead); err != nil {
		return err
	}
	if len(live) == 0 {
		d.releaseLeftovers()
	}
	return d.leaveMark(atom, live)
}

// notes reads the property; it is empty where there is none.
func (d *desk) notes(w xproto.Window, atom xproto.Atom) (notes []note, err error) {
	r, err := xproto.GetProperty(d.Conn.Conn, false, w, atom, xproto.AtomCardinal, 0, 2*maxNotes).Reply()
	if err != nil {
		return nil, err
	}
	if r.Format != 32 {
		return nil, nil
	}
	for e := range slices.Chunk(r.Value[:len(r.Value)&^7], 8) {
		notes = append(notes, note{binary.LittleEndian.Uint32(e), binary.LittleEndian.Uint32(e[4:])})
	}
	return notes, nil
}

func (d *desk) write(mode byte, w xproto.Window, atom xproto.Atom, notes []note) {
	var b []byte
	for _, n := range notes {
		b = binary.LittleEndian.AppendUint32(b, n.window)
		b = binary.LittleEndian.AppendUint32(b, n.code)
	}
	xproto.ChangeProperty(d.Conn.Conn, mode, w, atom, xproto.AtomCardinal, 32, uint32(2*len(notes)), b)
}

// leaveMark makes our window, and the property anew with the notes that live.
func (d *desk) leaveMark(atom xproto.Atom, live []note) error {
	w, err := xproto.NewWindowId(d.Conn.Conn)
	if err != nil {
		return err
	}
	xproto.CreateWindow(d.Conn.Conn, 0, w, d.Root, -1, -1, 1, 1, 0, xproto.WindowClassInputOnly, 0, 0, nil)
	d.mark = w
	own := note{window: uint32(w)}
	d.write(xproto.PropModeReplace, w, atom, []note{own})
	d.write(xproto.PropModeReplace, d.Root, atom, append(live, own))
	return d.sync()
}

// claim notes that we are going to bind keycodes.
func (d *desk) claim(codes []byte) {
	atom, err := d.Atom(noteName)
	if err != nil {
		return // the connection is gone
	}
	for _, code := range codes {
		if _, ours := d.spares[code]; !ours {
			d.write(xproto.PropModeAppend, d.Root, atom, []note{{uint32(d.mark), uint32(code)}})
		}
	}
}

// withdraw takes our notes out of the property.
func (d *desk) withdraw() {
	atom, err := d.Atom(noteName)
	if err != nil {
		return
	}
	notes, err := d.notes(d.Root, atom)
	if err != nil {
		return
	}
	notes = slices.DeleteFunc(notes, func(n note) bool { return n.window == uint32(d.mark) })
	d.write(xproto.PropModeReplace, d.Root, atom, notes)
}

// emptyKeys takes the symbols off keycodes that are still as we bind them.
func (d *desk) emptyKeys(codes []byte) error {
	if len(codes) == 0 {
		return nil
	}
	_, m, err := d.now()
	if err != nil {
		return err
	}
	for _, code := range codes {
		if m.constant(code) && m.Mods[code] == 0 {
			if err := d.remap(code, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// releaseLeftovers releases what is down on the XTEST devices.
func (d *desk) releaseLeftovers() {
	defer d.bound()()
	keys, buttons := d.DownOnXTEST()
	for _, k := range keys {
		d.stroke(k, false)
	}
	for _, b := range buttons {
		d.button(b, false)
	}
}
