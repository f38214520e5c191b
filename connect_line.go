package main

// The streams of a session on one line.

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rac/auth"
	"rac/input"
	"rac/p2p"
	"rac/p2p/wire"
	"rac/screen"
	"rac/screen/window"
)

// line is a connection and the login on it.
type line struct {
	conn *p2p.Conn
	pass *auth.Pass
}

// open opens a stream of the session.
func (l *line) open(ctx context.Context, protocol wire.Protocol) (wire.Stream, error) {
	stream, err := l.conn.Open(ctx, protocol)
	if err != nil {
		return nil, err
	}
	if err := l.pass.Attach(stream); err != nil {
		stream.Close()
		return nil, err
	}
	return stream, nil
}

// leg is what runs on a line. For a moment there are two: the next one comes up
// while the last one still works.
type leg struct {
	*line
	s      *session
	scene  *scene // nil for an errand
	began  time.Time
	failed chan error // holds what the first stream to end has ended with
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// attach starts the streams on a line. urgent: the line before is dead.
func (s *session) attach(ctx context.Context, l *line, urgent bool) *leg {
	g := &leg{line: l, s: s, began: time.Now(), failed: make(chan error, 1)}
	ctx, g.cancel = context.WithCancel(ctx)
	if s.errand != nil {
		g.work.Go(func() { g.fail(s.errand(ctx, s)) })
		return g
	}
	g.scene = s.stage.enter(urgent)
	g.work.Go(func() { g.fail(g.view(ctx)) })
	if s.win != nil {
		g.work.Go(func() { g.control(ctx) })
	}
	return g
}

func (g *leg) fail(err error) {
	select {
	case g.failed <- err:
	default:
	}
}

func (g *leg) detach() {
	g.cancel()
	g.work.Wait()
}

// heard is when the host last gave a sign of life.
func (g *leg) heard() time.Time {
	heard := g.pass.Heard()
	if g.s.stage != nil {
		if frame := g.s.stage.lastFrame(); frame.After(heard) {
			return frame
		}
	}
	return heard
}

// view shows the screen. It ends with errLost when the stream does.
func (g *leg) view(ctx context.Context) error {
	stream, err := g.open(ctx, screen.Protocol)
	if err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	defer stream.Close()
	err = screen.View(ctx, stream, g.s.want, g.scene)
	if errors.Is(err, window.ErrClosed) {
		return errClosed
	}
	if errors.Is(err, screen.ErrMalformed) {
		return fail(exitError, err, "are both sides the same version? rac version")
	}
	return errLost
}

// inputPause is the time between two attempts to open a stream for the input on
// a line that is there.
const inputPause = 500 * time.Millisecond

// control carries the input while the host permits it and no newer leg does.
func (g *leg) control(ctx context.Context) {
	for ctx.Err() == nil && g.s.line.Load() == g.line {
		changed := g.s.perms.wait()
		permitted := g.pass.Perms().Has(auth.Control) && !*g.s.o.viewOnly
		g.s.feed.Mute(!permitted)
		var again <-chan time.Time
		if permitted {
			if g.send(ctx) == nil {
				return // no more events will come
			}
			again = time.After(inputPause)
		}
		select {
		case <-changed:
		case <-again:
		case <-ctx.Done():
		}
	}
}

func (g *leg) send(ctx context.Context) error {
	stream, err := g.open(ctx, input.Protocol)
	if err != nil {
		return err
	}
	defer stream.Close()
	return g.s.feed.Send(ctx, stream)
}

// bell wakes all who wait for a change.
type bell struct {
	mu   sync.Mutex
	next chan struct{}
}

func newBell() *bell { return &bell{next: make(chan struct{})} }

// wait returns a channel that is closed at the next ring.
func (b *bell) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.next)
	b.next = make(chan struct{})
}
