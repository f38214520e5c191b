//go:build linux || freebsd || netbsd || openbsd || dragonfly

package window

// The loop takes the X server's events, one by one, until the window ends.

import (
	"context"
	"fmt"
	"image"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"rac/input"
	"rac/screen/x11"
)

// loop is the window's one goroutine for events, with what only that needs to
// know.
type loop struct {
	*Window
	keys    *keyboard
	hot     hotkeys
	buttons map[byte]bool // that the host believes to be down
	at      input.Motion  // where the host believes the pointer to be
	focused bool
	inside  bool // the pointer is in the window
	free    bool // the person wants the keyboard for his own computer
	grabbed bool // we have it
	closed  bool // the person has asked for the end
}

func newLoop(w *Window) *loop {
	return &loop{Window: w, keys: newKeyboard(w.conn, w.log), buttons: map[byte]bool{}, at: input.Motion{X: -1}}
}

// run returns ErrClosed, or why the display is gone.
func (l *loop) run(ctx context.Context) error {
	for !l.closed {
		ev, err := l.conn.NextEvent(ctx)
		if ctx.Err() != nil {
			return ErrClosed
		}
		if err != nil {
			return fmt.Errorf("display %s: %w", l.conn.Name, err)
		}
		l.handle(ev)
	}
	return ErrClosed
}

func (l *loop) handle(ev xgb.Event) {
	switch ev := ev.(type) {
	case xproto.KeyPressEvent:
		l.keyDown(ev)
	case xproto.KeyReleaseEvent:
		l.keyUp(ev)
	case xproto.MotionNotifyEvent:
		l.motion(image.Pt(int(ev.EventX), int(ev.EventY)))
	case xproto.ButtonPressEvent:
		l.buttonDown(ev)
	case xproto.ButtonReleaseEvent:
		l.buttonUp(byte(ev.Detail))
	case x11.KeymapEvent:
		l.keys.changed(ev)
	default:
		l.windowEvent(ev)
	}
}

// windowEvent handles what happens to the window rather than in it.
func (l *loop) windowEvent(ev xgb.Event) {
	switch ev := ev.(type) {
	case xproto.ExposeEvent:
		l.paint.expose(image.Rect(int(ev.X), int(ev.Y), int(ev.X)+int(ev.Width), int(ev.Y)+int(ev.Height)))
	case xproto.ConfigureNotifyEvent:
		l.resized(ev)
	case xproto.MapNotifyEvent:
		l.takeFocus()
	case xproto.UnmapNotifyEvent:
		if ev.Window == l.win {
			l.unfocus()
		}
	case xproto.FocusInEvent:
		l.focus(ev)
	case xproto.FocusOutEvent:
		l.blur(ev)
	case xproto.EnterNotifyEvent:
		l.enter(ev)
	case xproto.LeaveNotifyEvent:
		l.leave(ev)
	case xproto.PropertyNotifyEvent:
		l.stateChanged(ev)
	case xproto.ClientMessageEvent:
		l.closed = l.closed || l.hints.protocol(ev)
	case xproto.DestroyNotifyEvent:
		l.closed = l.closed || ev.Window == l.win
	}
}

func (l *loop) resized(ev xproto.ConfigureNotifyEvent) {
	if ev.Window != l.win {
		return
	}
	size := image.Pt(int(ev.Width), int(ev.Height))
	l.paint.resize(size)
	if err := l.over.resize(size, l.formats); err != nil {
		l.log.Debug("window: status", "err", err)
	}
}

// send gives an event to the viewer; ok tells whether it will get there.
func (l *loop) send(ev input.Event) (ok bool) {
	return !l.o.ViewOnly && l.out.add(ev)
}

func (l *loop) keyDown(ev xproto.KeyPressEvent) {
	key, ok := l.keys.press(byte(ev.Detail), ev.State)
	if !ok {
		return
	}
	if key.Again {
		l.send(key)
		return
	}
	if do := l.hot.press(key); do != none {
		l.keys.withhold(byte(ev.Detail))
		// What is held so far belongs to the hotkey: the host forgets it.
		l.sendReleases(l.keys.withholdAll())
		l.do(do)
		return
	}
	if !l.send(key) {
		l.keys.withhold(byte(ev.Detail))
	}
}

func (l *loop) keyUp(ev xproto.KeyReleaseEvent) {
	key, ok := l.keys.release(byte(ev.Detail))
	do := l.hot.release(l.keys.usages[ev.Detail])
	if ok {
		l.send(key)
	}
	l.do(do)
}

func (l *loop) motion(at image.Point) {
	if p, inside := l.paint.point(at); inside || len(l.buttons) > 0 {
		l.moveTo(p)
	}
}

func (l *loop) moveTo(p image.Point) {
	if m := (input.Motion{X: p.X, Y: p.Y}); m != l.at && l.send(m) {
		l.at = m
	}
}

// Buttons 4 to 7 of X11 are the wheel, one notch each.
const (
	wheelUp, wheelDown    = 4, 5
	wheelLeft, wheelRight = 6, 7
	notch                 = 120
	maxButton             = 9
)

func (l *loop) buttonDown(ev xproto.ButtonPressEvent) {
	l.hot.spoil()
	if !l.focused {
		l.takeFocus()
	}
	p, inside := l.paint.point(image.Pt(int(ev.EventX), int(ev.EventY)))
	if !inside {
		return
	}
	l.moveTo(p)
	switch b := byte(ev.Detail); b {
	case wheelUp:
		l.send(input.Wheel{DY: -notch})
	case wheelDown:
		l.send(input.Wheel{DY: notch})
	case wheelLeft:
		l.send(input.Wheel{DX: -notch})
	case wheelRight:
		l.send(input.Wheel{DX: notch})
	default:
		if b <= maxButton && l.send(input.Button{Button: b, Down: true}) {
			l.buttons[b] = true
		}
	}
}

func (l *loop) buttonUp(b byte) {
	if !l.buttons[b] {
		return
	}
	delete(l.buttons, b)
	l.send(input.Button{Button: b})
}

// releaseAll lets go of everything that the host believes to be held.
func (l *loop) releaseAll() {
	l.sendReleases(l.keys.releaseAll())
	for b := range l.buttons {
		l.buttonUp(b)
	}
}

func (l *loop) sendReleases(keys []input.Key) {
	for _, key := range keys {
		l.send(key)
	}
}

// do carries out a hotkey.
func (l *loop) do(a action) {
	switch a {
	case toggleGrab:
		l.free = !l.free
		l.regrab()
	case toggleFull:
		l.toggleFullscreen()
	case closeWindow:
		l.closed = true
	}
}
