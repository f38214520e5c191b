//go:build unix && !darwin

package screen

// The screen of an X server, as a Source. The path of a change: the server draws
// and sends DAMAGE rectangles; the goroutine that reads the connection adds them
// to a damageSet (capture_damage.go); Next wakes, asks for the pixels of just
// those rectangles (capture_x11_grab.go) and returns. Nothing runs while the
// screen is still: there is no timer and no polling, except on a server without
// DAMAGE; floods are held to a rate that no eye tells from more (frameBucket).

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"time"

	"github.com/jezek/xgb/damage"
	"github.com/jezek/xgb/randr"
	"github.com/jezek/xgb/xfixes"
	"github.com/jezek/xgb/xproto"

	"rac/screen/x11"
)

const (
	// pollInterval is for servers without DAMAGE: a whole picture is grabbed and
	// compared, some 3 ms of work at 1080p.
	pollInterval = 200 * time.Millisecond
	// replyGrace is how long Next waits for a reply of the server once its ctx
	// has ended; a server that is stopped would hold it for ever.
	replyGrace = time.Second
	// maxResizes bounds the attempts to grab a screen that changes its size at
	// the same time; each asks the server for the size again.
	maxResizes = 50
)

// errResized means that the server's screen has not the size that was assumed.
var errResized = errors.New("the screen has another size now")

// x11Source is the Source of one X display.
type x11Source struct {
	conn *x11.Conn
	log  *slog.Logger

	damage   damageSet
	damageID damage.Damage
	poll     bool // no DAMAGE: compare at every pollInterval
	next     time.Time
	pace     frameBucket

	display Display
	grab    *grabber
	stale   bool // display is to be read again
	whole   bool // all of the picture is dirty, whatever damage says

	cursor cursorCache
}

// OpenX11 opens an X display ("" is $DISPLAY) as a Source of its whole root
// window. Errors say what is wrong with the display.
func OpenX11(ctx context.Context, display string, log *slog.Logger) (Source, error) {
	return OpenX11Auth(ctx, display, "", log)
}

// OpenX11Auth is OpenX11 with the cookie from the given Xauthority file; "" is
// the usual one.
func OpenX11Auth(ctx context.Context, display, authority string, log *slog.Logger) (Source, error) {
	conn, err := x11.DialAuth(ctx, display, authority)
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	s := &x11Source{conn: conn, log: log, stale: true, whole: true}
	release := s.bound(ctx)
	err = s.open()
	release()
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("capture: display %s: %w", conn.Name, err)
	}
	return s, nil
}

// open checks that the display can be captured and asks for its events.
func (s *x11Source) open() error {
	if err := checkFormat(s.conn); err != nil {
		return err
	}
	if err := checkXwayland(s.conn); err != nil {
		return err
	}
	err := xproto.ChangeWindowAttributesChecked(s.conn.Conn, s.conn.Root, xproto.CwEventMask,
		[]uint32{xproto.EventMaskStructureNotify}).Check()
	if err != nil {
		return err
	}
	if err := s.selectRandr(); err != nil {
		return err
	}
	if err := s.cursor.open(s.conn); err != nil {
		return err
	}
	if err := s.openDamage(); err != nil {
		return err
	}
	return s.readDisplay()
}

// openDamage asks for rectangles that have not been reported since rearm. Of the
// other levels, raw rectangles make a flood of a program that draws on the same
// place again and again: capture took 29 % of a core while x11perf drew dots and
// 25 % while it drew text, with these 3 % and 5 %. For small rectangles that are
// all in different places raw ones are cheaper, 4.4 to 4.9 µs a rectangle for
// program, server and capture together against 8.8 to 9.4. Bounding boxes and
// "not empty" cost a round trip before the grab, for the region.
func (s *x11Source) openDamage() error {
	if !s.conn.Has("DAMAGE") || !s.conn.Has("XFIXES") { // DAMAGE needs XFIXES
		s.poll = true
		s.log.Warn("the X server has no DAMAGE extension: comparing pictures instead, which is slow", "display", s.conn.Name)
		return nil
	}
	if _, err := damage.QueryVersion(s.conn.Conn, 1, 1).Reply(); err != nil {
		return fmt.Errorf("DAMAGE: %w", err)
	}
	var err error
	if s.damageID, err = damage.NewDamageId(s.conn.Conn); err != nil {
		return err
	}
	s.conn.Divert("DAMAGE", damage.Notify, s.onDamage)
	err = damage.CreateChecked(s.conn.Conn, s.damageID, xproto.Drawable(s.conn.Root), damage.ReportLevelDeltaRectangles).Check()
	if err != nil {
		return fmt.Errorf("DAMAGE: %w", err)
	}
	return nil
}

// rearm lets the server report again what it has reported. It comes before the
// requests for pixels: what is drawn between the two is both read and reported.
func (s *x11Source) rearm() {
	if !s.poll {
		damage.Subtract(s.conn.Conn, s.damageID, 0, 0)
	}
}

// onDamage takes a DamageNotify event as it came; it is called by the goroutine that reads
// the connection. Its area is at byte 16: x, y, width, height.
func (s *x11Source) onDamage(raw []byte) {
	at := func(i int) int { return int(int16(binary.LittleEndian.Uint16(raw[i:]))) }
	size := func(i int) int { return int(binary.LittleEndian.Uint16(raw[i:])) }
	x, y := at(16), at(18)
	if s.damage.add(image.Rect(x, y, x+size(20), y+size(22))) {
		s.conn.Wake()
	}
}

// Next implements Source.
func (s *x11Source) Next(ctx context.Context) (*Frame, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	defer s.bound(ctx)()
	if err := s.pace.wait(ctx); err != nil {
		return nil, err
	}
	for resizes := 0; ; {
		f, err := s.capture()
		switch {
		case errors.Is(err, errResized) && resizes < maxResizes:
			resizes++
			s.stale, s.whole = true, true
			continue
		case err != nil && ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil && !s.conn.Alive():
			return nil, fmt.Errorf("capture: display %s is gone: %w", s.conn.Name, x11.ErrClosed)
		case err != nil:
			return nil, fmt.Errorf("capture: display %s: %w", s.conn.Name, err)
		case f != nil:
			s.pace.spend(time.Now())
			return f, nil
		}
		if err := s.wait(ctx); err != nil {
			return nil, err
		}
	}
}

// wait returns when something may have happened.
func (s *x11Source) wait(ctx context.Context) error {
	var tick <-chan time.Time
	if s.poll {
		tick = time.After(time.Until(s.next))
	}
	select {
	case <-s.conn.Events():
		return nil
	case <-tick:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// capture returns the newest state, nil if it is that of the frame before.
func (s *x11Source) capture() (*Frame, error) {
	if err := s.takeEvents(); err != nil {
		return nil, err
	}
	if s.stale {
		if err := s.readDisplay(); err != nil {
			return nil, err
		}
	}
	cursor := s.cursor.ask() // its reply comes while the pixels are copied
	dirty, seen, err := s.pixels()
	c, cursorErr := cursor()
	if err := cmp.Or(err, cursorErr); err != nil {
		return nil, err
	}
	if len(dirty) == 0 && c == nil {
		return nil, nil
	}
	return &Frame{Display: s.display, Picture: s.grab.pic, Dirty: dirty, Cursor: c, Time: seen}, nil
}

// pixels brings the picture up to date and returns what may have changed, and
// when that was seen.
func (s *x11Source) pixels() (dirty []image.Rectangle, seen time.Time, err error) {
	now := time.Now()
	if s.poll && !s.whole {
		if now.Before(s.next) {
			return nil, now, nil
		}
		s.next = now.Add(pollInterval)
		dirty, err = s.grab.compare()
		return dirty, now, err
	}
	if err := settle(s.damage.pixels, s.round); err != nil {
		return nil, now, err
	}
	dirty, seen = s.damage.take()
	if s.whole {
		dirty = []image.Rectangle{s.grab.pic.Bounds()}
	}
	if len(dirty) == 0 {
		return nil, now, nil
	}
	if dirty, err = s.grab.update(dirty); err == nil && !s.whole {
		dirty, err = s.meanwhile(dirty)
	}
	s.whole = s.whole && err != nil
	if seen.IsZero() {
		seen = now
	}
	return dirty, seen, err
}

// meanwhile reads what was drawn while the pixels of dirty came, if both are small:
// programs draw a letter, the text cursor and a status line one after the other, and
// another frame would cost both computers as much as the first.
func (s *x11Source) meanwhile(dirty []image.Rectangle) ([]image.Rectangle, error) {
	if n := s.damage.pixels(); n == 0 || n >= settleFrom || len(dirty) > maxDamage/2 {
		return dirty, nil
	}
	more, _ := s.damage.take()
	more, err := s.grab.update(more)
	return append(dirty, more...), err
}

// round waits until the server has got to where it is now.
func (s *x11Source) round() error {
	_, err := xproto.GetInputFocus(s.conn.Conn).Reply()
	return err
}

// takeEvents notes what the server has said, other than damage.
func (s *x11Source) takeEvents() error {
	for {
		ev, ok := s.conn.PollEvent()
		if !ok {
			break
		}
		switch ev := ev.(type) {
		case xproto.ConfigureNotifyEvent:
			s.stale = s.stale || ev.Window == s.conn.Root
		case randr.ScreenChangeNotifyEvent, randr.NotifyEvent:
			s.stale = true
		case xfixes.CursorNotifyEvent:
			s.cursor.changed(ev.CursorSerial)
		}
	}
	if !s.conn.Alive() {
		return x11.ErrClosed
	}
	return nil
}

// bound lets ctx end the waiting for replies, at the price of the connection if
// the server does not answer within replyGrace. The caller calls release.
func (s *x11Source) bound(ctx context.Context) (release func()) {
	var timer *time.Timer
	started := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		timer = time.AfterFunc(replyGrace, s.conn.Abort)
		close(started)
	})
	return func() {
		if !stop() {
			<-started
			timer.Stop()
		}
	}
}

// Close implements Source. It waits for nothing that the server would have to do.
func (s *x11Source) Close() error {
	s.conn.Abort() // first: giving the memory back would wait for a server that reads nothing
	if s.grab != nil {
		s.grab.close()
		s.grab = nil
	}
	return s.conn.Close()
}
