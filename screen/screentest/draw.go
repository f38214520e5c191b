package screentest

// Known pixels through X.

import (
	"image"
	"testing"

	"github.com/jezek/xgb/xproto"

	"rac/screen/codec"
	"rac/screen/x11"
)

// Painter draws onto a display's root window and over the windows on it.
type Painter struct {
	Conn *x11.Conn

	t  testing.TB
	gc xproto.Gcontext
}

// Painter connects to the server; the connection ends with the test.
func (s *Server) Painter(t testing.TB) *Painter {
	t.Helper()
	c, err := x11.DialAuth(t.Context(), s.Display, s.Authority)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	p := &Painter{Conn: c, t: t}
	if p.gc, err = xproto.NewGcontextId(c.Conn); err != nil {
		t.Fatal(err)
	}
	err = xproto.CreateGCChecked(c.Conn, p.gc, xproto.Drawable(c.Root), xproto.GcSubwindowMode|xproto.GcGraphicsExposures,
		[]uint32{xproto.SubwindowModeIncludeInferiors, 0}).Check()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Fill paints r with one colour, 0x00RRGGBB. It does not wait for the server.
func (p *Painter) Fill(r image.Rectangle, rgb uint32) {
	xproto.ChangeGC(p.Conn.Conn, p.gc, xproto.GcForeground, []uint32{rgb})
	xproto.PolyFillRectangle(p.Conn.Conn, xproto.Drawable(p.Conn.Root), p.gc, []xproto.Rectangle{{
		X: int16(r.Min.X), Y: int16(r.Min.Y), Width: uint16(r.Dx()), Height: uint16(r.Dy())}})
}

// Put paints a picture with its upper left corner at at. It does not wait for
// the server.
func (p *Painter) Put(at image.Point, pic *codec.Picture) {
	rows := max(1, 250_000/(4*pic.W)) // a request has at most 262,140 bytes
	for y := 0; y < pic.H; y += rows {
		n := min(rows, pic.H-y)
		data := make([]byte, 0, 4*pic.W*n)
		for i := range n {
			for _, v := range pic.Row(y + i) {
				data = append(data, byte(v), byte(v>>8), byte(v>>16), 0)
			}
		}
		xproto.PutImage(p.Conn.Conn, xproto.ImageFormatZPixmap, xproto.Drawable(p.Conn.Root), p.gc,
			uint16(pic.W), uint16(n), int16(at.X), int16(at.Y+y), 0, p.Conn.Screen.RootDepth, data)
	}
}

// Copy moves the pixels of r to at, as a scroll does. It does not wait for the
// server.
func (p *Painter) Copy(r image.Rectangle, at image.Point) {
	root := xproto.Drawable(p.Conn.Root)
	xproto.CopyArea(p.Conn.Conn, root, root, p.gc, int16(r.Min.X), int16(r.Min.Y), int16(at.X), int16(at.Y),
		uint16(r.Dx()), uint16(r.Dy()))
}

// SetCursor gives the root window a pointer of the cursor font (150 is the
// watch, 34 the cross-hair); -1 is an empty one. It lasts as long as p.
func (p *Painter) SetCursor(glyph int) {
	p.t.Helper()
	id, err := xproto.NewCursorId(p.Conn.Conn)
	if err == nil && glyph < 0 {
		err = p.emptyCursor(id)
	} else if err == nil {
		err = p.glyphCursor(id, uint16(glyph))
	}
	if err == nil {
		err = xproto.ChangeWindowAttributesChecked(p.Conn.Conn, p.Conn.Root, xproto.CwCursor, []uint32{uint32(id)}).Check()
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *Painter) glyphCursor(id xproto.Cursor, glyph uint16) error {
	font, err := xproto.NewFontId(p.Conn.Conn)
	if err != nil {
		return err
	}
	xproto.OpenFont(p.Conn.Conn, font, uint16(len("cursor")), "cursor")
	defer xproto.CloseFont(p.Conn.Conn, font)
	return xproto.CreateGlyphCursorChecked(p.Conn.Conn, id, font, font, glyph, glyph+1, 0, 0, 0, 0xffff, 0xffff, 0xffff).Check()
}

func (p *Painter) emptyCursor(id xproto.Cursor) error {
	pix, err := xproto.NewPixmapId(p.Conn.Conn)
	if err != nil {
		return err
	}
	gc, err := xproto.NewGcontextId(p.Conn.Conn)
	if err != nil {
		return err
	}
	xproto.CreatePixmap(p.Conn.Conn, 1, pix, xproto.Drawable(p.Conn.Root), 8, 8)
	xproto.CreateGC(p.Conn.Conn, gc, xproto.Drawable(pix), xproto.GcForeground, []uint32{0})
	xproto.PolyFillRectangle(p.Conn.Conn, xproto.Drawable(pix), gc, []xproto.Rectangle{{Width: 8, Height: 8}})
	return xproto.CreateCursorChecked(p.Conn.Conn, id, pix, pix, 0, 0, 0, 0, 0, 0, 0, 0).Check()
}

// Sync waits until the server has done everything.
func (p *Painter) Sync() { p.Conn.Sync() }

// Size is the size of the root window.
func (p *Painter) Size() (w, h int) {
	p.t.Helper()
	g, err := xproto.GetGeometry(p.Conn.Conn, xproto.Drawable(p.Conn.Root)).Reply()
	if err != nil {
		p.t.Fatal(err)
	}
	return int(g.Width), int(g.Height)
}

// Grab reads the whole screen with the plain GetImage request: what capture must
// equal. The upper bytes are zero.
func (p *Painter) Grab() *codec.Picture {
	p.t.Helper()
	w, h := p.Size()
	img, err := xproto.GetImage(p.Conn.Conn, xproto.ImageFormatZPixmap, xproto.Drawable(p.Conn.Root), 0, 0,
		uint16(w), uint16(h), 0xffffffff).Reply()
	if err != nil {
		p.t.Fatal(err)
	}
	pic := codec.NewPicture(w, h)
	for i := range pic.Pix {
		b := img.Data[4*i:]
		pic.Pix[i] = uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
	}
	return pic
}

// Differ returns the bounds of the pixels in which two pictures differ, without
// their upper bytes; all of the first if their sizes do.
func Differ(a, b *codec.Picture) image.Rectangle {
	if a.W != b.W || a.H != b.H {
		return a.Bounds()
	}
	var out image.Rectangle
	for y := range a.H {
		ra, rb := a.Row(y), b.Row(y)
		for x := range ra {
			if (ra[x]^rb[x])&0xffffff != 0 {
				out = out.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return out
}
