//go:build linux || freebsd || netbsd || openbsd || dragonfly

package window

// The host's picture lives in a pixmap of the X server, and the server paints
// the window from it.

import (
	"errors"
	"fmt"
	"image"
	"sync"

	"github.com/jezek/xgb/render"
	"github.com/jezek/xgb/xproto"

	"rac/screen/codec"
	"rac/screen/x11"
)

// painter draws the window: Show on the viewer's goroutine, the rest on the
// window's loop.
type painter struct {
	conn    *x11.Conn
	win     xproto.Window
	formats *formats
	gc      xproto.Gcontext // of the window: black, no events
	scale   Scale
	winPic  render.Picture // the window, for scaling; 0 without RENDER

	mu     sync.Mutex
	up     *uploader
	closed bool
	size   image.Point // of the picture; zero: none yet
	origin image.Point // where it is on the host's desktop
	pixmap xproto.Pixmap
	pixGC  xproto.Gcontext // draws on pixmap
	pixPic render.Picture  // reads pixmap
	pan    image.Point
	layout layout
}

// newPainter prepares to paint win, of size pixels.
func newPainter(c *x11.Conn, win xproto.Window, f *formats, scale Scale, size image.Point) (*painter, error) {
	p := &painter{conn: c, win: win, formats: f, scale: scale, layout: layout{win: size}}
	var err error
	if p.gc, err = newGC(c, xproto.Drawable(win)); err != nil {
		return nil, err
	}
	if f.has() {
		if p.winPic, err = render.NewPictureId(c.Conn); err != nil {
			return nil, err
		}
		render.CreatePicture(c.Conn, p.winPic, xproto.Drawable(win), f.window, 0, nil)
	}
	p.up, err = newUploader(c)
	return p, err
}

// newGC returns a context that draws black and causes no events.
func newGC(c *x11.Conn, d xproto.Drawable) (xproto.Gcontext, error) {
	gc, err := xproto.NewGcontextId(c.Conn)
	if err != nil {
		return 0, err
	}
	xproto.CreateGC(c.Conn, gc, d, xproto.GcForeground|xproto.GcGraphicsExposures, []uint32{c.Screen.BlackPixel, 0})
	return gc, nil
}

// show takes the dirty rectangles of a picture over, which is at origin on the host's
// desktop, and paints them. fresh says that the picture has another size than before.
func (p *painter) show(pic *codec.Picture, origin image.Point, dirty []image.Rectangle) (fresh bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false, ErrClosed
	}
	p.origin = origin
	if size := image.Pt(pic.W, pic.H); size != p.size {
		if err := p.setSizeLocked(size); err != nil {
			return false, err
		}
		fresh, dirty = true, []image.Rectangle{pic.Bounds()}
	}
	draw := func() { err = p.drawLocked(pic, dirty, fresh) }
	if p.up.shared() && pixels(dirty) <= batchPixels {
		p.conn.Batch(draw)
	} else {
		draw()
	}
	return fresh, err
}

// batchPixels is how much goes to the server in one write: it wakes once, and we are
// not woken by each request that it takes. Of more it copies a part while the next is
// made ready.
const batchPixels = 1 << 16

func pixels(list []image.Rectangle) (n int) {
	for _, r := range list {
		n += r.Dx() * r.Dy()
	}
	return n
}

// drawLocked brings the dirty rectangles to the server; fresh: and paints everything.
func (p *painter) drawLocked(pic *codec.Picture, dirty []image.Rectangle, fresh bool) error {
	to := p.targetsLocked()
	for _, r := range dirty {
		if err := p.up.put(pic, r.Intersect(pic.Bounds()), to...); err != nil {
			return err
		}
	}
	switch {
	case fresh:
		p.paintAllLocked()
	case len(to) == 1:
		p.paintDirtyLocked(dirty)
	}
	return p.up.endFrame()
}

// targetsLocked returns where new pixels go: at their own size to the window first,
// where they are looked at, and to the pixmap afterwards. Scaled ones, and those
// that would cross a socket twice, go to the pixmap alone, from which the window is
// painted.
func (p *painter) targetsLocked() []target {
	keep := target{xproto.Drawable(p.pixmap), p.pixGC, 24, image.Point{}}
	if p.layout.exact() && p.formats.plain && p.up.shared() {
		return []target{{xproto.Drawable(p.win), p.gc, 24, p.layout.dst.Min}, keep}
	}
	return []target{keep}
}

// setSizeLocked makes room for a picture of another size.
func (p *painter) setSizeLocked(size image.Point) (err error) {
	if !p.formats.has() && !p.formats.plain {
		return errors.New("this display has no 24-bit colours and no RENDER extension to convert to its own")
	}
	if size.X <= 0 || size.Y <= 0 || size.X > maxDrawn || size.Y > maxDrawn {
		return fmt.Errorf("picture of %d by %d pixels", size.X, size.Y)
	}
	p.freeLocked()
	c := p.conn.Conn
	if p.pixmap, err = xproto.NewPixmapId(c); err != nil {
		return err
	}
	if err := xproto.CreatePixmapChecked(c, 24, p.pixmap, xproto.Drawable(p.win), uint16(size.X), uint16(size.Y)).Check(); err != nil {
		p.pixmap = 0
		return fmt.Errorf("the X server has no room for a picture of %d by %d pixels: %w", size.X, size.Y, err)
	}
	if p.pixGC, err = newGC(p.conn, xproto.Drawable(p.pixmap)); err != nil {
		return err
	}
	if p.formats.has() {
		if p.pixPic, err = render.NewPictureId(c); err != nil {
			return err
		}
		// Repeating the edge keeps smoothing from mixing it with black.
		render.CreatePicture(c, p.pixPic, xproto.Drawable(p.pixmap), p.formats.rgb24, render.CpRepeat, []uint32{render.RepeatPad})
	}
	p.size, p.pan = size, image.Point{}
	p.placeLocked()
	return nil
}

// freeLocked gives the old picture back.
func (p *painter) freeLocked() {
	if p.pixmap == 0 {
		return
	}
	if p.pixPic != 0 {
		render.FreePicture(p.conn.Conn, p.pixPic)
	}
	xproto.FreeGC(p.conn.Conn, p.pixGC)
	xproto.FreePixmap(p.conn.Conn, p.pixmap)
	p.pixmap, p.pixPic, p.pixGC, p.size = 0, 0, 0, image.Point{}
}

// placeLocked computes the layout and tells the server how to scale.
func (p *painter) placeLocked() {
	scale := p.scale
	if !p.formats.has() {
		scale = 1
	}
	p.layout = place(scale, p.size, p.layout.win, p.pan)
	if p.pixPic == 0 {
		return
	}
	filter := "nearest"
	if p.layout.whole() == 0 {
		filter = "bilinear"
	}
	render.SetPictureFilter(p.conn.Conn, p.pixPic, uint16(len(filter)), filter, nil)
	render.SetPictureTransform(p.conn.Conn, p.pixPic, render.Transform{
		Matrix11: ratio(p.size.X, p.layout.dst.Dx()), Matrix22: ratio(p.size.Y, p.layout.dst.Dy()), Matrix33: 1 << 16,
	})
}

// ratio is n/d as RENDER's 16.16 fixed point, rounded.
func ratio(n, d int) render.Fixed {
	return render.Fixed((int64(n)<<16 + int64(d)/2) / int64(d))
}

// paintDirtyLocked paints what has changed in the picture. Many small rectangles
// close together cost less as one.
func (p *painter) paintDirtyLocked(dirty []image.Rectangle) {
	var box image.Rectangle
	for _, r := range dirty {
		box = box.Union(r)
	}
	if area := pixels(dirty); box.Dx()*box.Dy() <= area+area/2 {
		dirty = []image.Rectangle{box}
	}
	for _, r := range dirty {
		p.paintLocked(p.layout.toWindow(r))
	}
}

// paintLocked paints a rectangle of the window that lies inside the picture.
func (p *painter) paintLocked(r image.Rectangle) {
	if r.Empty() || p.pixmap == 0 {
		return
	}
	from := r.Min.Sub(p.layout.dst.Min)
	w, h := uint16(r.Dx()), uint16(r.Dy())
	if p.layout.exact() && p.formats.plain {
		xproto.CopyArea(p.conn.Conn, xproto.Drawable(p.pixmap), xproto.Drawable(p.win), p.gc, int16(from.X), int16(from.Y), int16(r.Min.X), int16(r.Min.Y), w, h)
		return
	}
	render.Composite(p.conn.Conn, render.PictOpSrc, p.pixPic, 0, p.winPic, int16(from.X), int16(from.Y), 0, 0, int16(r.Min.X), int16(r.Min.Y), w, h)
}

// paintAllLocked paints the whole window.
func (p *painter) paintAllLocked() {
	p.paintLocked(p.layout.visible())
	if bars := p.layout.bars(); len(bars) > 0 {
		p.blacken(bars)
	}
}

func (p *painter) blacken(list []image.Rectangle) {
	out := make([]xproto.Rectangle, len(list))
	for i, r := range list {
		out[i] = xproto.Rectangle{X: int16(r.Min.X), Y: int16(r.Min.Y), Width: uint16(r.Dx()), Height: uint16(r.Dy())}
	}
	xproto.PolyFillRectangle(p.conn.Conn, xproto.Drawable(p.win), p.gc, out)
}

// expose paints a part of the window that has come to light.
func (p *painter) expose(r image.Rectangle) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paintLocked(r.Intersect(p.layout.visible()))
	var bars []image.Rectangle
	for _, b := range p.layout.bars() {
		if b = b.Intersect(r); !b.Empty() {
			bars = append(bars, b)
		}
	}
	if len(bars) > 0 {
		p.blacken(bars)
	}
}

// resize follows the window's size.
func (p *painter) resize(size image.Point) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if size == p.layout.win {
		return
	}
	p.layout.win = size
	p.placeLocked()
	p.paintAllLocked()
}

// point is the host's pixel under a point of the window, after the visible part
// has followed the pointer there.
func (p *painter) point(at image.Point) (host image.Point, inside bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	size := p.layout.dst.Size()
	pan := image.Pt(follow(p.pan.X, at.X, p.layout.win.X, size.X), follow(p.pan.Y, at.Y, p.layout.win.Y, size.Y))
	if pan != p.pan {
		p.pan = pan
		p.placeLocked()
		p.paintAllLocked()
	}
	host, inside = p.layout.toHost(at)
	return host.Add(p.origin), inside
}

// close gives the shared memory back, after the connection has been closed: a
// show that waits for the server has then ended.
func (p *painter) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.up.close()
}

// state returns the size of the picture and the present layout.
func (p *painter) state() (size image.Point, l layout) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.size, p.layout
}
