//go:build linux || freebsd || netbsd || openbsd || dragonfly

package window

// The dialogs on X11.

import (
	"context"
	"image"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"rac/screen/x11"
)

// Modifiers in the state of an event.
const (
	shiftMask   = 1
	controlMask = 4
)

// AskPassword asks for a host's password in a window. save says that the person
// wants the login saved; code is the second factor, if the form asks for one.
// Closing the window is ErrClosed.
func AskPassword(ctx context.Context, o Options, form PasswordForm) (secret string, save bool, code string, err error) {
	pane, err := openPane(ctx, o, paneAsks)
	if err != nil {
		return "", false, "", err
	}
	defer pane.close()
	d := &passwordPane{pane: pane, keys: newKeyboard(pane.conn, o.log()), password: newPassword(form)}
	defer d.wipe()
	if err := d.run(ctx); err != nil {
		return "", false, "", err
	}
	return string(d.secret), d.save, string(d.code), nil
}

type passwordPane struct {
	*pane
	password
	keys *keyboard
}

func (d *passwordPane) run(ctx context.Context) error {
	d.lamps()
	drawn := look{focus: -1}
	for {
		if now := d.look(); now != drawn {
			if err := d.show(d.draw(d.theme)); err != nil {
				return err
			}
			drawn = now
		}
		ev, err := d.next(ctx, time.Time{})
		if err != nil {
			return err
		}
		// All that waits comes before drawing: a change of the keyboard's map
		// must be seen before it is changed back.
		for ok := true; ok; ev, ok = d.conn.PollEvent() {
			switch d.handle(ev) {
			case accepted:
				return nil
			case cancelled:
				return ErrClosed
			}
		}
	}
}

func (d *passwordPane) handle(ev xgb.Event) outcome {
	switch ev := ev.(type) {
	case xproto.KeyPressEvent:
		return d.keyDown(ev)
	case xproto.KeyReleaseEvent:
		if d.keys.key(byte(ev.Detail), ev.State).Sym == x11.SymCapsLock {
			d.lamps()
		}
	case xproto.ButtonPressEvent:
		return d.buttonDown(ev)
	case xproto.SelectionNotifyEvent:
		text := d.pasted(ev)
		d.insert(string(text))
		clear(text)
	case xproto.MapNotifyEvent:
		d.takeFocus()
	case xproto.FocusInEvent:
		d.lamps()
	case x11.KeymapEvent:
		d.keys.changed(ev)
	case xproto.ClientMessageEvent:
		if d.hints.protocol(ev) {
			return cancelled
		}
	case xproto.DestroyNotifyEvent:
		return cancelled
	}
	return going
}

func (d *passwordPane) keyDown(ev xproto.KeyPressEvent) outcome {
	sym := d.keys.key(byte(ev.Detail), ev.State).Sym
	ctrl, shift := ev.State&controlMask != 0, ev.State&shiftMask != 0
	if ctrl && (sym == 'v' || sym == 'V') || shift && sym == x11.SymInsert {
		d.wantPaste("CLIPBOARD", ev.Time)
		return going
	}
	return d.key(sym, ctrl)
}

func (d *passwordPane) buttonDown(ev xproto.ButtonPressEvent) outcome {
	d.pane.takeFocus()
	at := image.Pt(int(ev.EventX), int(ev.EventY))
	switch ev.Detail {
	case 1:
		return d.click(at)
	case 2:
		if at.In(d.places[partPassword]) || at.In(d.places[partCode]) {
			d.click(at)
			d.wantPaste("PRIMARY", ev.Time)
		}
	}
	return going
}

// lamps looks whether Caps Lock is on.
func (d *passwordPane) lamps() {
	if r, err := xproto.GetKeyboardControl(d.conn.Conn).Reply(); err == nil {
		d.caps = r.LedMask&1 != 0
	}
}

// AskAccept asks the person at this computer to let somebody in. It takes no
// keys at all, so that what is being typed elsewhere cannot answer, and no click
// until it has been in plain sight for a second. Closing it, and the deadline,
// refuse.
func AskAccept(ctx context.Context, o Options, form AcceptForm) (Answer, error) {
	pane, err := openPane(ctx, o, paneNotices)
	if err != nil {
		return Refused, err
	}
	defer pane.close()
	a := &acceptPane{pane: pane, accept: accept{form: form}}
	a.disturbed(time.Now())
	return a.run(ctx)
}

type acceptPane struct {
	*pane
	accept
}

func (a *acceptPane) run(ctx context.Context) (Answer, error) {
	for {
		if a.now = time.Now(); !a.now.Before(a.form.Deadline) {
			return Refused, nil
		}
		if err := a.show(a.draw(a.theme)); err != nil {
			return Refused, err
		}
		ev, err := a.next(ctx, a.wake())
		if err != nil {
			return Refused, err
		}
		if answer, done := a.handle(ev); done {
			return answer, nil
		}
	}
}

// wake is when the picture changes by itself: the next second of the countdown,
// or the moment from which clicks count.
func (a *acceptPane) wake() time.Time {
	at := a.form.Deadline.Add(-time.Duration(a.left()-1) * time.Second)
	if !a.listens() && a.ready.Before(at) {
		return a.ready
	}
	return at
}

func (a *acceptPane) handle(ev xgb.Event) (Answer, bool) {
	switch ev := ev.(type) {
	case xproto.ButtonPressEvent:
		if ev.Detail == 1 {
			a.press(image.Pt(int(ev.EventX), int(ev.EventY)), time.Now())
		}
	case xproto.ButtonReleaseEvent:
		if ev.Detail == 1 {
			return a.release(image.Pt(int(ev.EventX), int(ev.EventY)), time.Now())
		}
	case xproto.VisibilityNotifyEvent:
		if ev.State != xproto.VisibilityUnobscured {
			a.raise()
		}
		a.disturbed(time.Now())
	case xproto.ConfigureNotifyEvent, xproto.MapNotifyEvent:
		a.disturbed(time.Now())
	case xproto.ClientMessageEvent:
		return Refused, a.hints.protocol(ev)
	case xproto.DestroyNotifyEvent:
		return Refused, true
	}
	return Refused, false
}

// ShowBanner shows who is connected, at the upper edge of the screen, until ctx
// ends or the display is gone. onEnd is called, once, when the person wants the
// session to end, by the button or by Ctrl+Alt+Shift+End; it must not block. Without
// onEnd there is neither.
func ShowBanner(ctx context.Context, o Options, text string, onEnd func()) error {
	pane, err := openPane(ctx, o, paneBanner)
	if err != nil {
		return err
	}
	defer pane.close()
	b := &bannerPane{pane: pane, banner: banner{text: text, plain: onEnd == nil}, onEnd: onEnd}
	if onEnd != nil {
		if b.key = grabEndKeys(pane.conn); b.key != 0 {
			b.tip = endKeyTip
		}
	}
	if err := b.show(b.draw(b.theme)); err != nil {
		return err
	}
	for {
		ev, err := b.next(ctx, b.again)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if err := b.handle(ev); err != nil {
			return err
		}
	}
}

type bannerPane struct {
	*pane
	banner
	onEnd func()
	key   xproto.Keycode // of endKeys; 0: none
	again time.Time      // when to come to the top again; zero: it is there
}

func (b *bannerPane) handle(ev xgb.Event) error {
	switch ev := ev.(type) {
	case nil:
		b.again = time.Time{}
		b.raise()
	case xproto.VisibilityNotifyEvent:
		// At most once a second: another window may want the same place.
		b.again = time.Time{}
		if ev.State != xproto.VisibilityUnobscured {
			b.again = time.Now().Add(time.Second)
		}
	case xproto.ButtonReleaseEvent:
		if ev.Detail == 1 && image.Pt(int(ev.EventX), int(ev.EventY)).In(b.end) {
			return b.endSession()
		}
	case xproto.KeyPressEvent:
		if ev.Detail == b.key && ev.State&endKeys == endKeys {
			return b.endSession()
		}
	}
	return nil
}

func (b *bannerPane) endSession() error {
	if b.ended || b.onEnd == nil {
		return nil
	}
	b.ended = true
	b.onEnd()
	return b.show(b.draw(b.theme))
}
