package auth

// The door of every stream but the login's.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"rac/p2p/wire"
)

const (
	// ticketTime is how long a stream may take to show its ticket.
	ticketTime = 10 * time.Second

	// maxStreams bounds the streams of one session: tunnels need many.
	maxStreams = 256

	// maxScreens bounds those for the screen, and those for the keys. A viewer
	// needs one, and a second while it moves to a better path; each costs the host
	// some pictures' worth of memory, which a guest who may only look must not be
	// able to take 256 times.
	maxScreens = 4
)

// errNoTicket is wrapped by the errors of streams that were not let through.
var errNoTicket = errors.New("auth: no ticket for this stream")

// guarded is a stream that was let through.
type guarded struct {
	need Perm
	end  context.CancelCauseFunc
	line int // of the session, when it was let through
}

// Guard returns a handler that passes a stream on to serve if it starts with
// the ticket of a live session of the same peer with the permission need. The
// context of serve ends, and the stream is closed, when the session ends, its
// line is lost or the permission is withdrawn.
func (g *Gate) Guard(need Perm, serve func(context.Context, wire.Stream) error) wire.Handler {
	return func(ctx context.Context, from wire.PeerID, s wire.Stream) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer s.Close()
		sess, err := g.readTicket(ctx, from, s)
		if err != nil {
			return err
		}
		stream := &guarded{need: need, end: cancel}
		if err := g.enter(ctx, sess, stream); err != nil {
			return err
		}
		defer g.leave(sess, stream)
		// Close wakes whoever reads or writes: serve need not watch ctx itself.
		defer context.AfterFunc(ctx, func() { s.Close() })()
		err = serve(ctx, &counted{s, sess})
		if ended := new(Ended); errors.As(context.Cause(ctx), &ended) {
			return ended // the reason is worth more than the closed stream that it caused
		}
		return err
	}
}

// readTicket reads no byte of a peer that has no session at all.
func (g *Gate) readTicket(ctx context.Context, from wire.PeerID, s wire.Stream) (*session, error) {
	if !g.hasSession(from) {
		return nil, fmt.Errorf("%w: %s has no session", errNoTicket, from)
	}
	defer context.AfterFunc(ctx, func() { s.Close() })()
	s.SetDeadline(time.Now().Add(ticketTime))
	var t Ticket
	if _, err := io.ReadFull(s, t[:]); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoTicket, err)
	}
	s.SetDeadline(time.Time{})
	g.mu.Lock()
	defer g.mu.Unlock()
	sess := g.sessions[ticketKey(t)]
	if sess == nil || sess.peer != from {
		return nil, fmt.Errorf("%w: that of %s is not good", errNoTicket, from)
	}
	return sess, nil
}

func (g *Gate) hasSession(peer wire.PeerID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.sessions {
		if s.peer == peer && s.state != over {
			return true
		}
	}
	return false
}

// enter lets a stream in. While the session's line is down it waits: after a
// change of path the streams may be here before the login stream is.
func (g *Gate) enter(ctx context.Context, s *session, stream *guarded) error {
	late := time.NewTimer(ticketTime)
	defer late.Stop()
	for {
		turn, err := g.tryEnter(s, stream)
		if turn == nil {
			return err
		}
		select {
		case <-turn:
		case <-late.C:
			return &Ended{Lost}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tryEnter returns what to wait for if it is too soon to tell.
func (g *Gate) tryEnter(s *session, stream *guarded) (turn chan struct{}, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case s.state == lost:
		return s.turn, nil
	case s.state == over:
		return nil, &Ended{s.reason}
	case !s.perms.Has(stream.need):
		return nil, fmt.Errorf("auth: session %s may not %s: %w", s.id, stream.need, &Ended{Permission})
	case len(s.streams) >= maxStreams, (stream.need == View || stream.need == Control) && s.streamsLocked(stream.need) >= maxScreens:
		return nil, fmt.Errorf("auth: session %s has too many streams already", s.id)
	}
	stream.line = s.line
	s.streams[stream] = struct{}{}
	return nil, nil
}

// streamsLocked counts the streams that need a permission.
func (s *session) streamsLocked(need Perm) (n int) {
	for stream := range s.streams {
		if stream.need == need {
			n++
		}
	}
	return n
}

func (g *Gate) leave(s *session, stream *guarded) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(s.streams, stream)
}

// counted counts the bytes of a session.
type counted struct {
	wire.Stream
	s *session
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Stream.Read(p)
	c.s.bytes.Add(int64(n))
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Stream.Write(p)
	c.s.bytes.Add(int64(n))
	return n, err
}
