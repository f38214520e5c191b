// Package x11 is the one connection to an X server that capture, window and
// injection share the code of: dialling with a cookie, events, shared memory.
//
// Requests go through the generated packages of jezek/xgb (xproto, shm, damage,
// …) with Conn.Conn. Three of xgb's ways are replaced, all of them in the
// net.Conn that it is given (stream.go):
//
//   - It reads events into a channel of 5,000 and then stops reading, so that
//     every reply hangs. Here events never reach xgb: they are taken out of the
//     stream and go into a queue of our own before any later reply is delivered.
//   - It keeps what an extension's events and errors mean in global maps, which
//     its shm.Init, damage.Init, … write while the readers of other connections
//     read them. Do not call any Init: Dial has asked for every extension whose
//     package the program imports; ask Conn.Has.
//   - It cannot send file descriptors. NewSegment can.
//
// Waiting for an event, for a reply or for the check of a request ends when the
// connection is lost or closed, never later.
package x11

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

var (
	// ErrNoDisplay means that no X server was found where the display's name
	// points to.
	ErrNoDisplay = errors.New("no such X display")
	// ErrRefused means that the X server did not accept the cookie, or the lack
	// of one.
	ErrRefused = errors.New("the X server refused the connection")
	// ErrClosed means that the connection is gone: closed by Close, or by the
	// server's end.
	ErrClosed = errors.New("connection to the X server is closed")
)

// Conn is a connection to an X server. Its methods and requests may be used by
// several goroutines at a time.
type Conn struct {
	*xgb.Conn
	Name   string // the display as it was dialled: ":0"
	Setup  *xproto.SetupInfo
	Screen *xproto.ScreenInfo
	Root   xproto.Window

	stream *stream
	events *queue
	drain  sync.WaitGroup

	mu    sync.Mutex
	atoms map[string]xproto.Atom
	exts  map[string]*xproto.QueryExtensionReply
}

// Dial connects to a display: ":0", ":0.1", "host:0", "unix:0",
// "/path/of/socket:0"; "" is $DISPLAY. The cookie comes from $XAUTHORITY or
// ~/.Xauthority. Errors are sentences for people; they wrap ErrNoDisplay or
// ErrRefused where that is the reason. ctx bounds the dialling only.
func Dial(ctx context.Context, display string) (*Conn, error) {
	return DialAuth(ctx, display, "")
}

// DialAuth is Dial with the cookie from the given Xauthority file; "" is the
// usual one.
func DialAuth(ctx context.Context, display, authority string) (*Conn, error) {
	d, err := parseDisplay(display)
	if err != nil {
		return nil, err
	}
	raw, setup, err := connect(ctx, d, authority)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	c, err := newConn(d, newStream(raw, setup))
	if !stop() && err == nil {
		c.Close()
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("display %s: %w", d, err)
	}
	return c, nil
}

// newConn sets xgb to work on s, whose handshake is done.
func newConn(d display, s *stream) (*Conn, error) {
	adoptXgb()
	// The cookie is a dummy: s swallows the setup request that it goes into.
	x, err := xgb.NewConnNetWithCookieHex(s, dummyCookie)
	if err != nil {
		s.Close()
		return nil, err
	}
	c := &Conn{Conn: x, Name: d.String(), stream: s, events: s.events, atoms: map[string]xproto.Atom{}, exts: map[string]*xproto.QueryExtensionReply{}}
	c.drain.Go(c.drainXgb)
	if err := c.start(d.screen); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// start reads the setup and asks for the extensions.
func (c *Conn) start(screen int) error {
	var err error
	if c.Setup, err = parseSetup(c.SetupBytes); err != nil {
		return err
	}
	if screen >= len(c.Setup.Roots) {
		return fmt.Errorf("it has %d screens, there is no number %d: %w", len(c.Setup.Roots), screen, ErrNoDisplay)
	}
	c.DefaultScreen = screen
	c.Screen = &c.Setup.Roots[screen]
	c.Root = c.Screen.Root
	return c.queryExtensions()
}

// drainXgb takes what xgb still puts into its own channel: the errors of
// unchecked requests, which nobody asked for, and the end of the connection.
func (c *Conn) drainXgb() {
	for {
		if ev, err := c.Conn.WaitForEvent(); ev == nil && err == nil {
			return
		}
	}
}

// Close ends the connection and waits for its goroutines. It does not wait for
// the server: a request is answered only if its reply has been waited for.
// Close may be called more than once.
func (c *Conn) Close() error {
	c.stream.Close()
	c.drain.Wait()
	for { // xgb's generator of IDs is the last to end, and says so by an error
		if _, err := c.Conn.NewId(); err != nil {
			return nil
		}
	}
}

// Atom returns the atom of that name, which is made if need be.
func (c *Conn) Atom(name string) (xproto.Atom, error) {
	c.mu.Lock()
	a, ok := c.atoms[name]
	c.mu.Unlock()
	if ok {
		return a, nil
	}
	r, err := xproto.InternAtom(c.Conn, false, uint16(len(name)), name).Reply()
	if err != nil {
		return 0, fmt.Errorf("x11: atom %s: %w", name, err)
	}
	c.mu.Lock()
	c.atoms[name] = r.Atom
	c.mu.Unlock()
	return r.Atom, nil
}

// Abort ends the connection without waiting for anything: whoever waits for a
// reply gets io.EOF. Close is still to be called.
func (c *Conn) Abort() { c.stream.Close() }
