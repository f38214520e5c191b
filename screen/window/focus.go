//go:build linux || freebsd || netbsd || openbsd || dragonfly

package window

// Who has the keyboard: focus and grab, and the screen as a whole.

import (
	"image"

	"github.com/jezek/xgb/xproto"

	"rac/input"
)

// takeFocus asks for the keyboard where no window manager hands it out. One that
// runs gives it to a new window, or to one that is clicked, as its user likes.
func (l *loop) takeFocus() {
	if !managed(l.conn) {
		xproto.SetInputFocus(l.conn.Conn, xproto.InputFocusPointerRoot, l.win, xproto.TimeCurrentTime)
	}
}

// focus handles the keyboard coming to the window. That also happens when
// somebody's grab of the keyboard, or our own, ends.
func (l *loop) focus(ev xproto.FocusInEvent) {
	switch {
	case ev.Detail == xproto.NotifyDetailInferior, ev.Mode == xproto.NotifyModeGrab:
		return
	case ev.Mode != xproto.NotifyModeUngrab:
		l.focused = true
		l.sendLocks()
	}
	l.regrab()
}

// blur handles the keyboard going away. A grab by another client, such as a
// window manager's for its keys, takes it for a while only.
func (l *loop) blur(ev xproto.FocusOutEvent) {
	switch {
	case ev.Detail == xproto.NotifyDetailInferior, ev.Mode == xproto.NotifyModeUngrab:
	case ev.Mode != xproto.NotifyModeGrab:
		l.unfocus()
	case !l.grabbed:
		l.hot.reset()
		l.releaseAll()
	}
}

// unfocus lets go of all keys: their releases will go to somebody else.
func (l *loop) unfocus() {
	l.focused = false
	l.hot.reset()
	l.releaseAll()
	l.regrab()
}

func (l *loop) enter(ev xproto.EnterNotifyEvent) {
	l.inside = true
	l.motion(image.Pt(int(ev.EventX), int(ev.EventY)))
	const focusHere = 1 // of SameScreenFocus
	if !l.focused && ev.SameScreenFocus&focusHere != 0 {
		l.sendLocks() // keys will come by way of the pointer, without a FocusIn
	}
	l.regrab()
}

func (l *loop) leave(ev xproto.LeaveNotifyEvent) {
	if ev.Mode == xproto.NotifyModeNormal && ev.Detail != xproto.NotifyDetailInferior {
		l.inside = false
		l.regrab()
	}
}

// regrab takes or gives back the keyboard as the state wants it. With it, keys
// that a window manager would take for itself come to us and go to the host.
func (l *loop) regrab() {
	filling := l.isFull()
	want := l.focused && (l.inside || filling) && !l.free && !l.o.ViewOnly
	if want != l.grabbed {
		if want {
			want = l.grab()
		} else {
			xproto.UngrabKeyboard(l.conn.Conn, xproto.TimeCurrentTime)
		}
	}
	l.grabbed = want
	switch {
	case l.o.ViewOnly:
	case l.grabbed:
		l.annotate("Ctrl+Alt+Shift gives the keyboard back")
	case l.free:
		l.annotate("Ctrl+Alt+Shift takes the keyboard")
	default:
		l.annotate("")
	}
}

func (l *loop) grab() bool {
	r, err := xproto.GrabKeyboard(l.conn.Conn, true, l.win, xproto.TimeCurrentTime, xproto.GrabModeAsync, xproto.GrabModeAsync).Reply()
	return err == nil && r.Status == xproto.GrabStatusSuccess
}

// sendLocks tells the host which of Caps, Num and Scroll Lock are on here. The
// keyboard's first three lamps say so.
func (l *loop) sendLocks() {
	r, err := xproto.GetKeyboardControl(l.conn.Conn).Reply()
	if err != nil {
		return
	}
	l.send(input.Locks{Caps: r.LedMask&1 != 0, Num: r.LedMask&2 != 0, Scroll: r.LedMask&4 != 0})
}

// isFull tells whether the window fills, or is to fill, the screen.
func (l *loop) isFull() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.full
}

// stateChanged follows what the window manager has made of the window, with its
// own keys or menus.
func (l *loop) stateChanged(ev xproto.PropertyNotifyEvent) {
	state, err := l.conn.Atom("_NET_WM_STATE")
	if err != nil || ev.Atom != state || !managed(l.conn) {
		return
	}
	full, err := l.conn.Atom("_NET_WM_STATE_FULLSCREEN")
	if err != nil {
		return
	}
	on := hasAtom(l.conn, l.win, state, full)
	l.mu.Lock()
	if l.shown {
		l.full = on
	}
	l.mu.Unlock()
	l.regrab()
}

func (l *loop) toggleFullscreen() {
	l.mu.Lock()
	l.full = !l.full
	l.fillScreen(l.full)
	l.mu.Unlock()
	l.regrab()
}
