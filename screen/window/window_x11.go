//go:build linux || freebsd || netbsd || openbsd || dragonfly

package window

// The viewer's window on X11: its life, and what the viewer asks of it. What
// the person does is in loop.go.

import (
	"context"
	"fmt"
	"image"
	"log/slog"
	"sync"
	"time"

	"github.com/jezek/xgb/xproto"

	"rac/input"
	"rac/screen"
	"rac/screen/x11"
)

// Window is a viewer's window. It appears with the first picture or status.
// Show is one goroutine's at a time; the other methods are anybody's.
type Window struct {
	o       Options
	log     *slog.Logger
	conn    *x11.Conn
	win     xproto.Window
	formats *formats
	hints   hints
	paint   *painter
	point   *pointers
	over    *overlay
	out     *outbox
	loop    *loop

	cancel context.CancelFunc
	wg     sync.WaitGroup
	done   chan struct{}

	mu     sync.Mutex
	title  string
	note   string               // added to the title: who has the keyboard
	status string               // SetStatus's; goes before the host's
	host   string               // the host's, from the last frame
	shown  bool                 // the window has been mapped
	full   bool                 // the screen is asked for
	ours   map[image.Point]bool // sizes that we gave the window
	err    error                // why the window has ended
}

// windowEvents is what the window hears of.
const windowEvents = xproto.EventMaskKeyPress | xproto.EventMaskKeyRelease | xproto.EventMaskButtonPress | xproto.EventMaskButtonRelease |
	xproto.EventMaskPointerMotion | xproto.EventMaskEnterWindow | xproto.EventMaskLeaveWindow | xproto.EventMaskFocusChange |
	xproto.EventMaskExposure | xproto.EventMaskStructureNotify | xproto.EventMaskPropertyChange

// maxOurs bounds the sizes that a window remembers, which the host determines.
const maxOurs = 64

// firstSize is the window's before there is a picture.
func firstSize() image.Point { return image.Pt(960, 600) }

// Open makes a window, which ends with ctx, by Close, or when the person closes
// it. The error says which display could not be used and why.
func Open(ctx context.Context, o Options) (*Window, error) {
	c, err := x11.DialAuth(ctx, o.Display, o.Authority)
	if err != nil {
		return nil, err
	}
	w := &Window{o: o, log: o.log(), conn: c, title: o.Title, full: o.Fullscreen, done: make(chan struct{}), out: newOutbox()}
	if err := w.create(); err != nil {
		c.Close()
		return nil, fmt.Errorf("display %s: %w", c.Name, err)
	}
	if w.loop = newLoop(w); o.ViewOnly {
		w.annotate("view only")
	}
	ctx, w.cancel = context.WithCancel(ctx)
	w.wg.Go(func() { w.out.run(ctx) })
	w.wg.Go(func() { w.run(ctx) })
	return w, nil
}

// create makes the window, unseen.
func (w *Window) create() (err error) {
	if w.formats, err = newFormats(w.conn); err != nil {
		return err
	}
	if w.win, err = xproto.NewWindowId(w.conn.Conn); err != nil {
		return err
	}
	room := workArea(w.conn)
	at := middle(room, windowSize(1, firstSize(), room.Size()))
	w.ours = map[image.Point]bool{at.Size(): true}
	err = xproto.CreateWindowChecked(w.conn.Conn, xproto.WindowClassCopyFromParent, w.win, w.conn.Root,
		int16(at.Min.X), int16(at.Min.Y), uint16(at.Dx()), uint16(at.Dy()), 0,
		xproto.WindowClassInputOutput, w.conn.Screen.RootVisual, xproto.CwEventMask, []uint32{windowEvents}).Check()
	if err != nil {
		return fmt.Errorf("no window: %w", err)
	}
	w.hints = hints{w.conn, w.win}
	w.hints.introduce("_NET_WM_WINDOW_TYPE_NORMAL", true)
	w.hints.sizes(image.Pt(160, 100), image.Point{})
	w.nameLocked()
	if w.paint, err = newPainter(w.conn, w.win, w.formats, w.o.Scale, at.Size()); err != nil {
		return err
	}
	w.point = newPointers(w.conn, w.win, w.formats)
	w.over, err = newOverlay(w.conn, w.win, at.Size(), textScale(w.conn))
	return err
}

// run is the window's life.
func (w *Window) run(ctx context.Context) {
	// A server that does not answer must not keep us: the end of the connection
	// ends every wait for a reply.
	stop := context.AfterFunc(ctx, func() { w.conn.Close() })
	defer stop()
	err := w.loop.run(ctx)
	if err != ErrClosed && w.killed(ctx) {
		err = ErrClosed
	}
	w.mu.Lock()
	w.err = err
	w.mu.Unlock()
	w.cancel()
	// The window vanishes with the connection; Show notices that it is gone.
	w.conn.Close()
	w.paint.close()
	close(w.done)
}

// killTime is for a server to answer that has just cut a connection.
const killTime = 2 * time.Second

// killed tells whether the server, which has ended our connection, is still there:
// then the person has had the window killed, as by xkill(1).
func (w *Window) killed(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, killTime)
	defer cancel()
	c, err := x11.DialAuth(ctx, w.o.Display, w.o.Authority)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

// Show presents a frame. It returns ErrClosed after the window was closed, and
// another error when the display is gone.
func (w *Window) Show(f *screen.Frame) error {
	if err := w.Err(); err != nil {
		return err
	}
	err := w.show(f)
	if err != nil && !w.conn.Alive() {
		<-w.done // the loop knows why, and is about to end
	}
	if gone := w.Err(); gone != nil {
		return gone
	}
	return err
}

func (w *Window) show(f *screen.Frame) error {
	if err := w.hostStatus(f.Status); err != nil {
		return err
	}
	if f.Picture != nil {
		fresh, err := w.paint.show(f.Picture, f.Display.Origin, f.Dirty)
		if err != nil {
			return err
		}
		if fresh {
			w.fitPicture(image.Pt(f.Picture.W, f.Picture.H))
		}
		if len(f.Dirty) > 0 {
			w.appear()
		}
	}
	if w.o.ViewOnly {
		return nil
	}
	_, l := w.paint.state()
	return w.point.show(f.Cursor, l.whole())
}

// fitPicture gives the window the size for a new size of the picture, unless the
// person has chosen one.
func (w *Window) fitPicture(pic image.Point) {
	room := workArea(w.conn)
	_, l := w.paint.state()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.full || w.shown && !w.ours[l.win] {
		return
	}
	at := middle(room, windowSize(w.o.Scale, pic, room.Size()))
	w.ownLocked(at.Size())
	mask, values := uint16(xproto.ConfigWindowWidth|xproto.ConfigWindowHeight), []uint32{uint32(at.Dx()), uint32(at.Dy())}
	if !w.shown || !managed(w.conn) {
		mask, values = mask|xproto.ConfigWindowX|xproto.ConfigWindowY, append([]uint32{uint32(at.Min.X), uint32(at.Min.Y)}, values...)
	}
	xproto.ConfigureWindow(w.conn.Conn, w.win, mask, values)
}

// ownLocked remembers a size that the window is given. Whether the person has
// chosen another is seen later, when the server has carried this out.
func (w *Window) ownLocked(size image.Point) {
	if len(w.ours) >= maxOurs {
		clear(w.ours)
	}
	w.ours[size] = true
}

// appear maps the window, once.
func (w *Window) appear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.shown {
		return
	}
	if w.full {
		w.fillScreen(true)
	}
	w.shown = true
	xproto.MapWindow(w.conn.Conn, w.win)
}

// Events returns what the person does. The channel is closed when the window
// ends. A reader that stops does not stop the window.
func (w *Window) Events() <-chan input.Event { return w.out.C }

// SetTitle names the window.
func (w *Window) SetTitle(title string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.title = title
	w.nameLocked()
}

// annotate adds a note to the title.
func (w *Window) annotate(note string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.note != note {
		w.note = note
		w.nameLocked()
	}
}

func (w *Window) nameLocked() {
	title := w.title
	if title == "" {
		title = "rac"
	}
	if w.note != "" {
		title += " · " + w.note
	}
	w.hints.title(title)
}

// SetStatus writes a line over the picture; "" takes it away, and the host's own
// status, if there is one, shows again.
func (w *Window) SetStatus(text string) {
	w.mu.Lock()
	w.status = text
	w.mu.Unlock()
	if err := w.refreshStatus(); err != nil {
		w.log.Debug("window: status", "err", err)
	}
}

// hostStatus takes over what a frame says.
func (w *Window) hostStatus(text string) error {
	w.mu.Lock()
	same := w.host == text
	w.host = text
	w.mu.Unlock()
	if same {
		return nil
	}
	return w.refreshStatus()
}

func (w *Window) refreshStatus() error {
	w.mu.Lock()
	text := w.status
	if text == "" {
		text = w.host
	}
	w.mu.Unlock()
	if text != "" {
		w.appear()
	}
	return w.over.show(text, w.formats)
}

// Done is closed when the window has ended, whoever ended it.
func (w *Window) Done() <-chan struct{} { return w.done }

// Err says why the window has ended: ErrClosed if the person or Close did it. It
// is nil while the window lives.
func (w *Window) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Close ends the window and waits for its goroutines.
func (w *Window) Close() error {
	w.cancel()
	w.wg.Wait()
	return nil
}
