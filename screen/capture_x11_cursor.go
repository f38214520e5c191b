//go:build unix && !darwin

package screen

// The pointer's picture, by XFIXES.

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/jezek/xgb/xfixes"
	"github.com/jezek/xgb/xproto"

	"rac/screen/x11"
)

const (
	// maxCursor is the largest side of a pointer's picture that is sent on; more
	// is cut off.
	maxCursor = 256
	// maxCursors bounds the cache; a desktop has some 20 and an animated one a
	// few dozen more.
	maxCursors = 64
)

// cursorCache knows the pictures of the server's cursors by the serial that a
// CursorNotify event has, so that going back to the arrow needs no request.
type cursorCache struct {
	conn  *x11.Conn
	known map[uint32]*Cursor
	stale bool   // the pointer has changed since the last frame
	now   uint32 // to this serial; 0 is not known
}

// open asks for events. A server without XFIXES has an invisible pointer.
func (c *cursorCache) open(conn *x11.Conn) error {
	c.stale = true
	if !conn.Has("XFIXES") {
		return nil
	}
	c.conn, c.known = conn, map[uint32]*Cursor{}
	if _, err := xfixes.QueryVersion(conn.Conn, 5, 0).Reply(); err != nil {
		return fmt.Errorf("XFIXES: %w", err)
	}
	err := xfixes.SelectCursorInputChecked(conn.Conn, conn.Root, xfixes.CursorNotifyMaskDisplayCursor).Check()
	if err != nil {
		return fmt.Errorf("XFIXES: %w", err)
	}
	return nil
}

// changed notes a CursorNotify event.
func (c *cursorCache) changed(serial uint32) { c.stale, c.now = true, serial }

// ask asks for the pointer's picture if it has changed; the returned function
// waits for it, nil if it is as before.
func (c *cursorCache) ask() func() (*Cursor, error) {
	switch {
	case !c.stale:
		return func() (*Cursor, error) { return nil, nil }
	case c.conn == nil:
		c.stale = false
		return func() (*Cursor, error) { return &Cursor{}, nil }
	case c.known[c.now] != nil:
		c.stale = false
		return func() (*Cursor, error) { return c.known[c.now], nil }
	}
	asked := xfixes.GetCursorImage(c.conn.Conn)
	return func() (*Cursor, error) { return c.answer(asked) }
}

// answer waits for the picture and keeps it.
func (c *cursorCache) answer(asked xfixes.GetCursorImageCookie) (*Cursor, error) {
	r, err := asked.Reply()
	var none xproto.CursorError
	var denied xproto.AccessError
	switch {
	case errors.As(err, &none): // nobody has set one yet
		c.stale = false
		return &Cursor{}, nil
	case errors.As(err, &denied):
		// A server with the SECURITY extension (Debian's Xvfb) denies everybody
		// the cursor of a program that has ended, such as xsetroot.
		c.stale = false
		return arrow(), nil
	case err != nil:
		return nil, fmt.Errorf("reading the pointer: %w", err)
	}
	c.stale = false
	if r.CursorSerial == 0 {
		// An animated pointer: the server animates below XFIXES, which is left
		// with an empty picture that was given no serial.
		return arrow(), nil
	}
	cur := newCursor(r)
	if len(c.known) >= maxCursors {
		clear(c.known)
	}
	c.known[r.CursorSerial] = cur
	return cur, nil
}

// newCursor makes a Cursor of the server's answer.
func newCursor(r *xfixes.GetCursorImageReply) *Cursor {
	w, h := int(r.Width), int(r.Height)
	if len(r.CursorImage) < w*h || !visible(r.CursorImage[:w*h]) {
		return &Cursor{}
	}
	cur := &Cursor{W: min(w, maxCursor), H: min(h, maxCursor)}
	cur.HotX, cur.HotY = min(int(r.Xhot), cur.W-1), min(int(r.Yhot), cur.H-1)
	for y := range cur.H {
		cur.Pix = append(cur.Pix, r.CursorImage[y*w:][:cur.W]...)
	}
	cur.Serial = cursorSerial(cur)
	return cur
}

// visible tells whether any pixel is: programs hide the pointer with an empty
// picture.
func visible(pix []uint32) bool {
	for _, p := range pix {
		if p>>24 != 0 {
			return true
		}
	}
	return false
}

// cursorSerial is a hash of the picture. The X server's own serials begin anew
// with each server, and a Share lives longer than that.
func cursorSerial(c *Cursor) uint32 {
	h := fnv.New32a()
	var b [4]byte
	for _, v := range append([]uint32{uint32(c.W), uint32(c.H), uint32(c.HotX), uint32(c.HotY)}, c.Pix...) {
		binary.LittleEndian.PutUint32(b[:], v)
		h.Write(b[:])
	}
	return max(1, h.Sum32())
}

// arrowShape is what is shown for a pointer whose picture the server does not
// tell.
var arrowShape = strings.Fields(`
	#...........
	##..........
	#o#.........
	#oo#........
	#ooo#.......
	#oooo#......
	#ooooo#.....
	#oooooo#....
	#ooooooo#...
	#oooooooo#..
	#ooooo#####.
	#oo#oo#.....
	#o#.#oo#....
	##..#oo#....
	#....#oo#...
	.....#oo#...
	......##....`)

// arrow draws arrowShape, black within white.
func arrow() *Cursor {
	cur := &Cursor{W: len(arrowShape[0]), H: len(arrowShape)}
	for _, row := range arrowShape {
		for _, c := range row {
			cur.Pix = append(cur.Pix, map[rune]uint32{'#': 0xffffffff, 'o': 0xff000000}[c])
		}
	}
	cur.Serial = cursorSerial(cur)
	return cur
}
