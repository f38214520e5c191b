//go:build linux || freebsd || netbsd || openbsd || dragonfly

package window

// The host's pointer, drawn by the viewer's own X server, so that it follows the
// hand without the way to the host and back.

import (
	"github.com/jezek/xgb/render"
	"github.com/jezek/xgb/xproto"

	"rac/screen"
	"rac/screen/codec"
	"rac/screen/x11"
)

// maxPointers bounds the pointers that the server keeps for us. An animated
// pointer has some twenty pictures, a desktop about as many kinds.
const maxPointers = 128

// maxPointerSide is the largest pointer that is shown; CLI and protocol allow
// no larger one.
const maxPointerSide = 256

// pointers makes X cursors of the host's. It is used by Show.
type pointers struct {
	conn    *x11.Conn
	win     xproto.Window
	formats *formats
	known   map[pointerKey]xproto.Cursor
	last    *screen.Cursor
	shown   pointerKey
}

// pointerKey: equal keys are equal pictures.
type pointerKey struct {
	serial uint32
	factor int
}

func newPointers(c *x11.Conn, win xproto.Window, f *formats) *pointers {
	return &pointers{conn: c, win: win, formats: f, known: map[pointerKey]xproto.Cursor{}}
}

// show gives the window the pointer cur, or keeps the last if that is nil, each
// of its pixels factor wide.
func (p *pointers) show(cur *screen.Cursor, factor int) error {
	if cur == nil {
		cur = p.last
	}
	if cur == nil || !p.formats.has() || p.formats.argb32 == 0 || !sane(cur) {
		return nil
	}
	factor = min(max(factor, 1), maxPointerSide/max(cur.W, cur.H, 1))
	key := pointerKey{cur.Serial, max(factor, 1)}
	if p.last != nil && key == p.shown {
		return nil
	}
	id, ok := p.known[key]
	if !ok {
		p.forget()
		var err error
		if id, err = p.make(cur, key.factor); err != nil {
			return err
		}
		p.known[key] = id
	}
	xproto.ChangeWindowAttributes(p.conn.Conn, p.win, xproto.CwCursor, []uint32{uint32(id)})
	p.last, p.shown = cur, key
	return nil
}

// sane tells whether the fields of a cursor, which has come over the network,
// fit together.
func sane(c *screen.Cursor) bool {
	return c.W >= 0 && c.H >= 0 && c.W <= maxPointerSide && c.H <= maxPointerSide && len(c.Pix) >= c.W*c.H
}

// forget gives all pointers back when there are too many. The server keeps the
// one that is in use.
func (p *pointers) forget() {
	if len(p.known) < maxPointers {
		return
	}
	for _, id := range p.known {
		xproto.FreeCursor(p.conn.Conn, id)
	}
	clear(p.known)
}

// make draws a pointer into a pixmap and turns that into a cursor.
func (p *pointers) make(cur *screen.Cursor, factor int) (xproto.Cursor, error) {
	pic := enlarge(cur, factor)
	pixmap, err := newPixmap(p.conn, p.win, 32, pic)
	if err != nil {
		return 0, err
	}
	defer xproto.FreePixmap(p.conn.Conn, pixmap)
	src, err := newPicture(p.conn, xproto.Drawable(pixmap), p.formats.argb32)
	if err != nil {
		return 0, err
	}
	defer render.FreePicture(p.conn.Conn, src)
	id, err := xproto.NewCursorId(p.conn.Conn)
	if err != nil {
		return 0, err
	}
	hotX, hotY := min(max(cur.HotX*factor, 0), pic.W-1), min(max(cur.HotY*factor, 0), pic.H-1)
	render.CreateCursor(p.conn.Conn, id, src, uint16(hotX), uint16(hotY))
	return id, nil
}

// enlarge turns each pixel of a cursor into a square. A cursor without pixels
// becomes one transparent pixel: X has no other way to hide it.
func enlarge(cur *screen.Cursor, factor int) *codec.Picture {
	if cur.W == 0 || cur.H == 0 {
		return codec.NewPicture(1, 1)
	}
	pic := codec.NewPicture(cur.W*factor, cur.H*factor)
	for y := range pic.H {
		row := pic.Row(y)
		for x := range row {
			row[x] = cur.Pix[y/factor*cur.W+x/factor]
		}
	}
	return pic
}
