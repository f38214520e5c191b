// Package tunnel carries TCP connections from one computer to what another one
// can reach: rac connect --forward. Each connection has a stream of its own, so
// that one which stands still holds up no other.
//
// At the viewer Carry joins a connection that a program there has made with a
// stream. At the host Serve makes the connection that is asked for, if the
// host's Rules allow it, and joins it with the stream. The end of one direction
// is passed on and leaves the other one open, as TCP has it; a reset is passed on
// as a reset.
//
// Who may open a tunnel at all is not this package's business: a stream that
// reaches Serve has passed auth's Guard.
package tunnel

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"rac/p2p/wire"
)

// piece is how much of a connection one message carries, and the size of the
// buffers of each direction: with the multiplexer's window and the kernel's, all
// that a connection holds of a sender who is faster than its receiver.
const piece = 32 << 10

// errBroken is the end of a stream that the peer has not announced: a program
// must not take the half of an answer for the whole.
var errBroken = errors.New("tunnel: the connection was cut at the other end")

// joined is a TCP connection and the stream that it goes on in.
type joined struct {
	s wire.Stream
	c net.Conn

	once sync.Once
	err  error // of what went wrong first
}

// join copies both ways until both have ended, one has failed, or ctx ends, and
// closes both. opened is false at the viewer, who is still to be told.
func join(ctx context.Context, s wire.Stream, c net.Conn, opened bool) error {
	j := &joined{s: s, c: c}
	defer c.Close()
	defer s.Close()
	defer context.AfterFunc(ctx, func() { j.abort(context.Cause(ctx)) })()
	var ways sync.WaitGroup
	for _, way := range []func() error{j.send, func() error { return j.receive(opened) }} {
		ways.Go(func() {
			if err := way(); err != nil {
				j.abort(err)
			}
		})
	}
	ways.Wait()
	j.once.Do(func() {}) // waits for an abort that is under way
	return j.err
}

// abort ends both directions at once. The program at this end sees a reset, that
// at the other end too.
func (j *joined) abort(err error) {
	j.once.Do(func() {
		j.err = err
		if c, ok := j.c.(interface{ SetLinger(int) error }); ok {
			c.SetLinger(0)
		}
		j.c.Close()
		j.s.Close()
	})
}

// send carries what the connection says to the stream.
func (j *joined) send() error {
	w := wire.NewWriter(j.s, maxBody)
	buf := make([]byte, piece)
	for {
		n, err := j.c.Read(buf)
		if n > 0 {
			if err := w.Write(msgData, buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return w.Write(msgEnd, nil)
		}
		if err != nil {
			return err
		}
	}
}

// receive carries what the stream says to the connection.
func (j *joined) receive(opened bool) error {
	r := wire.NewReader(j.s, maxBody)
	for {
		t, body, err := r.Next()
		switch {
		case err == io.EOF:
			return errBroken
		case err != nil:
			return err
		case t == msgOpened && !opened:
			opened = true
		case t == msgFailed && !opened:
			return parseFailed(body)
		case (t == msgData || t == msgEnd) && !opened:
			return errors.New("tunnel: bytes of a connection that is not made")
		case t == msgData:
			if _, err := j.c.Write(body); err != nil {
				return err
			}
		case t == msgEnd:
			return closeWrite(j.c)
		}
	}
}

func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Carry sends a connection that a program on this computer has made through s,
// to the address to at the host. It returns when the connection has ended, and
// closes both. The error is *Failed when the host did not make its half.
//
// What the program has to say goes out before the host has answered: that saves
// a round trip.
func Carry(ctx context.Context, s wire.Stream, c net.Conn, to Address) error {
	if err := wire.NewWriter(s, maxBody).Write(msgOpen, []byte(to.String())); err != nil {
		c.Close()
		s.Close()
		return err
	}
	return join(ctx, s, c, false)
}

const (
	// openTime is how long a viewer may take to say where to.
	openTime = 10 * time.Second
	// dialTime is how long the host tries to connect.
	dialTime = 10 * time.Second
)

// Host is the host's end of all tunnels.
type Host struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	mu    sync.Mutex // guards the following
	rules Rules
	open  map[*passage]struct{}
}

// passage is one tunnel that is open, and where it leads.
type passage struct {
	to  Address
	end context.CancelCauseFunc
}

// NewHost returns a Host that allows nothing before Permit is called.
func NewHost() *Host {
	d := &net.Dialer{Timeout: dialTime}
	return &Host{dial: d.DialContext, open: make(map[*passage]struct{})}
}

// Permit sets where tunnels may lead from now on; those that are open and lead
// elsewhere end.
func (h *Host) Permit(rules Rules) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rules = rules
	for p := range h.open {
		if !rules.Allow(p.to) {
			p.end(&Failed{NotAllowed})
		}
	}
}

// Serve is one tunnel. It returns when the tunnel has ended, and closes s.
func (h *Host) Serve(ctx context.Context, s wire.Stream) error {
	defer s.Close()
	to, err := readOpen(s)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p := &passage{to, cancel}
	if !h.enter(p) {
		return refuse(s, &Failed{NotAllowed})
	}
	defer h.leave(p)
	c, err := h.dial(ctx, "tcp", to.String())
	if err != nil {
		return refuse(s, &Failed{codeOf(err)})
	}
	if err := wire.NewWriter(s, maxBody).Write(msgOpened, nil); err != nil {
		c.Close()
		return err
	}
	return join(ctx, s, c, true)
}

func (h *Host) enter(p *passage) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.rules.Allow(p.to) {
		return false
	}
	h.open[p] = struct{}{}
	return true
}

func (h *Host) leave(p *passage) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.open, p)
}

// refuse tells the viewer why there is no connection.
func refuse(s wire.Stream, f *Failed) error {
	s.SetDeadline(time.Now().Add(openTime))
	if err := wire.NewWriter(s, maxBody).Write(msgFailed, []byte{byte(f.Code)}); err != nil {
		return err
	}
	return f
}

func readOpen(s wire.Stream) (to Address, err error) {
	s.SetDeadline(time.Now().Add(openTime))
	r := wire.NewReader(s, maxBody)
	for {
		t, body, err := r.Next()
		if err != nil {
			return to, err
		}
		if t != msgOpen {
			continue // a newer viewer may say more
		}
		if to, err = parseAddress(string(body)); err != nil {
			return to, refuse(s, &Failed{Malformed})
		}
		return to, s.SetDeadline(time.Time{})
	}
}
