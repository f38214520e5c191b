//go:build linux || freebsd || netbsd || openbsd || dragonfly

package window

// The overlay: a line of text in the middle of the window's lower edge, saying
// what is going on where the picture cannot. At the upper one it would lie over the
// host's banner, which looks alike. It is a window of its own inside the window, so
// that the server keeps picture and text apart.

import (
	"image"
	"sync"

	"github.com/jezek/xgb/xproto"

	"rac/screen/codec"
	"rac/screen/x11"
)

const overlayMost = 200 // characters

// overlay may be used by several goroutines.
type overlay struct {
	conn  *x11.Conn
	child xproto.Window

	mu   sync.Mutex
	face *typeface
	text string
	size image.Point // of the window
}

func newOverlay(c *x11.Conn, parent xproto.Window, size image.Point, scale float64) (*overlay, error) {
	face, err := newTypeface(false, 15*scale)
	if err != nil {
		return nil, err
	}
	child, err := xproto.NewWindowId(c.Conn)
	if err != nil {
		return nil, err
	}
	xproto.CreateWindow(c.Conn, xproto.WindowClassCopyFromParent, child, parent, 0, 0, 1, 1, 0,
		xproto.WindowClassInputOutput, c.Screen.RootVisual, 0, nil)
	return &overlay{conn: c, child: child, face: face, size: size}, nil
}

// show writes text, or takes the overlay away if it is empty.
func (o *overlay) show(text string, f *formats) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	text = plain(text, overlayMost)
	if text == o.text {
		return nil
	}
	o.text = text
	return o.drawLocked(f)
}

// resize keeps the overlay at its place in a window of another size.
func (o *overlay) resize(size image.Point, f *formats) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if size == o.size {
		return nil
	}
	o.size = size
	return o.drawLocked(f)
}

func (o *overlay) drawLocked(f *formats) error {
	c := o.conn.Conn
	if o.text == "" {
		xproto.UnmapWindow(c, o.child)
		return nil
	}
	pic := o.pictureLocked()
	xproto.ConfigureWindow(c, o.child, xproto.ConfigWindowX|xproto.ConfigWindowY|xproto.ConfigWindowWidth|xproto.ConfigWindowHeight,
		[]uint32{uint32(max((o.size.X-pic.W)/2, 0)), uint32(max(o.size.Y-pic.H, 0)), uint32(pic.W), uint32(pic.H)})
	if err := setBackground(o.conn, o.child, pic, f); err != nil {
		return err
	}
	xproto.MapWindow(c, o.child)
	return nil
}

func (o *overlay) pictureLocked() *codec.Picture {
	pad := o.face.height() / 2
	text := o.face.shorten(o.text, max(o.size.X-4*pad, pad))
	pic := codec.NewPicture(min(o.face.width(text)+4*pad, o.size.X), o.face.height()+pad)
	fill(pic, pic.Bounds(), night)
	fill(pic, image.Rect(0, 0, pic.W, max(pad/5, 1)), warnLine)
	o.face.draw(pic, image.Pt(2*pad, pad/2), text, white)
	return pic
}
