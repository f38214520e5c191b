//go:build linux || freebsd || netbsd || openbsd || dragonfly

package window

// Full screen, with a window manager that knows it and without one.

import (
	"image"

	"github.com/jezek/xgb/xproto"
)

// fillScreen makes the window fill the monitor, or gives it its size back. w.mu
// is held.
func (w *Window) fillScreen(on bool) {
	switch {
	case !w.hints.supports("_NET_WM_STATE_FULLSCREEN") || !managed(w.conn):
		w.cover(on)
	case !w.shown:
		w.hints.atoms("_NET_WM_STATE", "_NET_WM_STATE_FULLSCREEN")
	default:
		full, err := w.conn.Atom("_NET_WM_STATE_FULLSCREEN")
		if err != nil {
			return
		}
		const remove, add, application = 0, 1, 1
		what := uint32(remove)
		if on {
			what = add
		}
		w.hints.ask("_NET_WM_STATE", what, uint32(full), 0, application)
	}
}

// cover does by itself what no window manager does.
func (w *Window) cover(on bool) {
	to := monitor(w.conn)
	if !on {
		pic, _ := w.paint.state()
		if pic == (image.Point{}) {
			pic = firstSize()
		}
		room := workArea(w.conn)
		to = middle(room, windowSize(w.o.Scale, pic, room.Size()))
		w.ownLocked(to.Size())
	}
	xproto.ConfigureWindow(w.conn.Conn, w.win,
		xproto.ConfigWindowX|xproto.ConfigWindowY|xproto.ConfigWindowWidth|xproto.ConfigWindowHeight|xproto.ConfigWindowStackMode,
		[]uint32{uint32(to.Min.X), uint32(to.Min.Y), uint32(to.Dx()), uint32(to.Dy()), xproto.StackModeAbove})
}
