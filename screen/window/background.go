//go:build linux || freebsd || netbsd || openbsd || dragonfly

package window

// Still pictures as the background of a window: the server keeps them, and
// repairs the window by itself.

import (
	"image"

	"github.com/jezek/xgb/render"
	"github.com/jezek/xgb/xproto"

	"rac/screen/codec"
	"rac/screen/x11"
)

// setBackground shows a picture in a window that has its size.
func setBackground(c *x11.Conn, win xproto.Window, pic *codec.Picture, f *formats) error {
	pixmap, err := newPixmap(c, win, 24, pic)
	if err != nil {
		return err
	}
	defer xproto.FreePixmap(c.Conn, pixmap)
	if !f.plain {
		if pixmap, err = convert(c, win, pixmap, pic.Bounds().Size(), f); err != nil {
			return err
		}
		defer xproto.FreePixmap(c.Conn, pixmap)
	}
	xproto.ChangeWindowAttributes(c.Conn, win, xproto.CwBackPixmap, []uint32{uint32(pixmap)})
	xproto.ClearArea(c.Conn, false, win, 0, 0, 0, 0)
	return nil
}

// newPixmap makes a pixmap of a picture; depth 32 is for pixels with alpha.
func newPixmap(c *x11.Conn, like xproto.Window, depth byte, pic *codec.Picture) (xproto.Pixmap, error) {
	pixmap, err := xproto.NewPixmapId(c.Conn)
	if err != nil {
		return 0, err
	}
	xproto.CreatePixmap(c.Conn, depth, pixmap, xproto.Drawable(like), uint16(pic.W), uint16(pic.H))
	gc, err := newGC(c, xproto.Drawable(pixmap))
	if err != nil {
		return 0, err
	}
	defer xproto.FreeGC(c.Conn, gc)
	up := uploader{conn: c}
	return pixmap, up.put(pic, pic.Bounds(), target{d: xproto.Drawable(pixmap), gc: gc, depth: depth})
}

// convert makes a pixmap of the window's own kind of pixels.
func convert(c *x11.Conn, win xproto.Window, from xproto.Pixmap, size image.Point, f *formats) (xproto.Pixmap, error) {
	to, err := xproto.NewPixmapId(c.Conn)
	if err != nil {
		return 0, err
	}
	w, h := uint16(size.X), uint16(size.Y)
	xproto.CreatePixmap(c.Conn, c.Screen.RootDepth, to, xproto.Drawable(win), w, h)
	if !f.has() {
		return to, nil
	}
	src, err := newPicture(c, xproto.Drawable(from), f.rgb24)
	if err != nil {
		return 0, err
	}
	defer render.FreePicture(c.Conn, src)
	dst, err := newPicture(c, xproto.Drawable(to), f.window)
	if err != nil {
		return 0, err
	}
	defer render.FreePicture(c.Conn, dst)
	render.Composite(c.Conn, render.PictOpSrc, src, 0, dst, 0, 0, 0, 0, 0, 0, w, h)
	return to, nil
}

func newPicture(c *x11.Conn, d xproto.Drawable, f render.Pictformat) (render.Picture, error) {
	id, err := render.NewPictureId(c.Conn)
	if err != nil {
		return 0, err
	}
	render.CreatePicture(c.Conn, id, d, f, 0, nil)
	return id, nil
}
