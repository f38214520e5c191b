//go:build linux || freebsd || netbsd || openbsd || dragonfly

package window

// How large a window may be, and where it goes.

import (
	"encoding/binary"
	"image"

	"github.com/jezek/xgb/randr"
	"github.com/jezek/xgb/xproto"

	"rac/screen/x11"
)

// frameWidth and frameHeight are what window managers add around a window, as
// a guess from above: asking them takes a round trip to a program that may not
// answer.
const (
	frameWidth  = 12
	frameHeight = 40
)

// managed tells whether a window manager runs: it is the one client that takes
// the root's map requests.
func managed(c *x11.Conn) bool {
	r, err := xproto.GetWindowAttributes(c.Conn, c.Root).Reply()
	return err == nil && r.AllEventMasks&xproto.EventMaskSubstructureRedirect != 0
}

// monitor is the monitor with the pointer, in root coordinates; the whole screen
// where the server does not tell monitors apart.
func monitor(c *x11.Conn) image.Rectangle {
	all := image.Rect(0, 0, int(c.Screen.WidthInPixels), int(c.Screen.HeightInPixels))
	if g, err := xproto.GetGeometry(c.Conn, xproto.Drawable(c.Root)).Reply(); err == nil {
		all = image.Rect(0, 0, int(g.Width), int(g.Height)) // the setup's size is that of the connection's start
	}
	at, err := xproto.QueryPointer(c.Conn, c.Root).Reply()
	if err != nil {
		return all
	}
	for _, m := range monitors(c) {
		if (image.Point{X: int(at.RootX), Y: int(at.RootY)}).In(m) && m.In(all) {
			return m
		}
	}
	return all
}

func monitors(c *x11.Conn) (list []image.Rectangle) {
	if !c.Has("RANDR") {
		return nil
	}
	if v, err := randr.QueryVersion(c.Conn, 1, 5).Reply(); err != nil || v.MajorVersion == 1 && v.MinorVersion < 5 {
		return nil
	}
	r, err := randr.GetMonitors(c.Conn, c.Root, true).Reply()
	if err != nil {
		return nil
	}
	for _, m := range r.Monitors {
		list = append(list, image.Rect(int(m.X), int(m.Y), int(m.X)+int(m.Width), int(m.Y)+int(m.Height)))
	}
	return list
}

// workArea is the part of the monitor that panels leave free and, with a window
// manager, that its frame leaves to the window.
func workArea(c *x11.Conn) image.Rectangle {
	area := monitor(c)
	if !managed(c) {
		return area
	}
	if w, ok := propertyWords(c, c.Root, "_NET_WORKAREA", 4); ok {
		free := image.Rect(int(w[0]), int(w[1]), int(w[0]+w[2]), int(w[1]+w[3])).Intersect(area)
		if !free.Empty() {
			area = free
		}
	}
	area.Max = area.Max.Sub(image.Pt(frameWidth, frameHeight))
	return area
}

// propertyWords reads the first n 32-bit words of a window's property.
func propertyWords(c *x11.Conn, win xproto.Window, name string, n int) ([]uint32, bool) {
	a, err := c.Atom(name)
	if err != nil {
		return nil, false
	}
	r, err := xproto.GetProperty(c.Conn, false, win, a, xproto.GetPropertyTypeAny, 0, uint32(n)).Reply()
	if err != nil || r.Format != 32 || len(r.Value) < 4*n {
		return nil, false
	}
	words := make([]uint32, n)
	for i := range words {
		words[i] = binary.LittleEndian.Uint32(r.Value[4*i:])
	}
	return words, true
}

// windowSize is the size of a window for a picture: that of the picture as it
// will be shown, as far as there is room.
func windowSize(s Scale, pic, room image.Point) image.Point {
	l := place(s, pic, room, image.Point{})
	size := l.dst.Size()
	return image.Pt(max(min(size.X, room.X), 1), max(min(size.Y, room.Y), 1))
}

// middle puts a size into the middle of an area.
func middle(area image.Rectangle, size image.Point) image.Rectangle {
	at := area.Min.Add(area.Size().Sub(size).Div(2))
	at.X, at.Y = max(at.X, area.Min.X), max(at.Y, area.Min.Y)
	return image.Rectangle{Min: at, Max: at.Add(size)}
}
