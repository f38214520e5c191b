//go:build linux || freebsd || netbsd || openbsd || dragonfly

package window

// A pane is the window of a dialog: it shows a still picture and waits for
// events.

import (
	"context"
	"fmt"
	"image"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"rac/screen/codec"
	"rac/screen/x11"
)

// paneKind is how a pane stands towards the person.
type paneKind int

const (
	paneAsks    paneKind = iota // wants the keyboard
	paneNotices                 // stays above, takes no key
	paneBanner                  // the same at the upper edge, beyond the window manager
)

const paneEvents = xproto.EventMaskKeyPress | xproto.EventMaskKeyRelease | xproto.EventMaskButtonPress | xproto.EventMaskButtonRelease |
	xproto.EventMaskStructureNotify | xproto.EventMaskVisibilityChange | xproto.EventMaskFocusChange

// pane is one goroutine's.
type pane struct {
	conn    *x11.Conn
	win     xproto.Window
	kind    paneKind
	formats *formats
	hints   hints
	theme   *theme
	size    image.Point
	stop    func() bool
}

func openPane(ctx context.Context, o Options, kind paneKind) (*pane, error) {
	c, err := x11.DialAuth(ctx, o.Display, o.Authority)
	if err != nil {
		return nil, err
	}
	p := &pane{conn: c, kind: kind}
	// A server that does not answer must not keep us beyond ctx.
	p.stop = context.AfterFunc(ctx, func() { c.Close() })
	if err := p.create(o.Title); err != nil {
		p.close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("display %s: %w", c.Name, err)
	}
	return p, nil
}

func (p *pane) create(title string) (err error) {
	if p.formats, err = newFormats(p.conn); err != nil {
		return err
	}
	if p.theme, err = newTheme(textScale(p.conn)); err != nil {
		return err
	}
	if p.win, err = xproto.NewWindowId(p.conn.Conn); err != nil {
		return err
	}
	free, edge := uint32(0), uint16(0)
	if p.kind == paneBanner {
		free = 1
	} else if !managed(p.conn) {
		edge = 1 // instead of a window manager's frame
	}
	err = xproto.CreateWindowChecked(p.conn.Conn, xproto.WindowClassCopyFromParent, p.win, p.conn.Root, 0, 0, 1, 1, edge,
		xproto.WindowClassInputOutput, p.conn.Screen.RootVisual, xproto.CwBorderPixel|xproto.CwOverrideRedirect|xproto.CwEventMask,
		[]uint32{p.conn.Screen.BlackPixel, free, paneEvents}).Check()
	if err != nil {
		return fmt.Errorf("no window: %w", err)
	}
	p.hints = hints{p.conn, p.win}
	p.hints.title(title)
	switch p.kind {
	case paneAsks:
		p.hints.introduce("_NET_WM_WINDOW_TYPE_DIALOG", true)
	case paneNotices:
		p.hints.introduce("_NET_WM_WINDOW_TYPE_DIALOG", false)
		p.hints.atoms("_NET_WM_STATE", "_NET_WM_STATE_ABOVE")
	case paneBanner:
		p.hints.introduce("_NET_WM_WINDOW_TYPE_NOTIFICATION", false)
	}
	return nil
}

// show shows a picture; the first one brings the pane to the screen.
func (p *pane) show(pic *codec.Picture) error {
	first := p.size == (image.Point{})
	if size := image.Pt(pic.W, pic.H); size != p.size {
		p.size = size
		p.place()
	}
	if err := setBackground(p.conn, p.win, pic, p.formats); err != nil {
		return err
	}
	if first {
		xproto.MapWindow(p.conn.Conn, p.win)
	}
	return nil
}

// place puts the pane where its kind belongs.
func (p *pane) place() {
	at := middle(workArea(p.conn), p.size)
	if p.kind == paneBanner {
		m := monitor(p.conn)
		at = middle(image.Rect(m.Min.X, m.Min.Y, m.Max.X, m.Min.Y+p.size.Y), p.size)
	}
	p.hints.sizes(p.size, p.size)
	xproto.ConfigureWindow(p.conn.Conn, p.win, xproto.ConfigWindowX|xproto.ConfigWindowY|xproto.ConfigWindowWidth|xproto.ConfigWindowHeight,
		[]uint32{uint32(at.Min.X), uint32(at.Min.Y), uint32(p.size.X), uint32(p.size.Y)})
}

// next waits for an event, or until the given time, when it returns nil; a zero
// time is never. The error is ctx's, or says that the display is gone.
func (p *pane) next(ctx context.Context, until time.Time) (xgb.Event, error) {
	var alarm <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		alarm = t.C
	}
	for {
		if ev, ok := p.conn.PollEvent(); ok {
			return ev, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !p.conn.Alive() {
			return nil, fmt.Errorf("display %s: %w", p.conn.Name, x11.ErrClosed)
		}
		select {
		case <-p.conn.Events():
		case <-alarm:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// takeFocus asks for the keyboard where there is no window manager to give it.
func (p *pane) takeFocus() {
	if !managed(p.conn) {
		xproto.SetInputFocus(p.conn.Conn, xproto.InputFocusPointerRoot, p.win, xproto.TimeCurrentTime)
	}
}

func (p *pane) raise() {
	xproto.ConfigureWindow(p.conn.Conn, p.win, xproto.ConfigWindowStackMode, []uint32{xproto.StackModeAbove})
}

// wantPaste asks for the text of a selection (CLIPBOARD, PRIMARY), which comes as
// a SelectionNotifyEvent.
func (p *pane) wantPaste(selection string, at xproto.Timestamp) {
	sel, err := p.conn.Atom(selection)
	if err != nil {
		return
	}
	text, err := p.conn.Atom("UTF8_STRING")
	if err != nil {
		return
	}
	to, err := p.conn.Atom("RAC_PASTE")
	if err != nil {
		return
	}
	xproto.ConvertSelection(p.conn.Conn, p.win, sel, text, to, at)
}

// pasted reads the text that has come, and takes it off the window, where every
// other program could read it. More than fits a field is cut.
func (p *pane) pasted(ev xproto.SelectionNotifyEvent) []byte {
	if ev.Property == 0 {
		return nil
	}
	r, err := xproto.GetProperty(p.conn.Conn, true, p.win, ev.Property, xproto.GetPropertyTypeAny, 0, maxSecret).Reply()
	if err != nil || r.Format != 8 {
		return nil
	}
	if r.BytesAfter > 0 {
		xproto.DeleteProperty(p.conn.Conn, p.win, ev.Property)
	}
	return r.Value
}

func (p *pane) close() {
	p.stop()
	p.conn.Close()
}
