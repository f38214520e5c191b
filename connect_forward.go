package main

// rac connect --forward: ports of this computer that lead to what the host can
// reach. They listen from before the login until the session's end, also while
// the line is away.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"rac/auth"
	"rac/p2p/tunnel"
	"rac/p2p/wire"
)

// forward is one --forward.
type forward struct {
	net.Listener
	to tunnel.Address

	mu   sync.Mutex // guards the following
	said string     // what was said last of its failures
	at   time.Time
}

// sayAgain is when a failure is told again that has not changed: programs try
// again and again.
const sayAgain = 10 * time.Second

// news tells whether a failure is to be told.
func (f *forward) news(text string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if text == f.said && time.Since(f.at) < sayAgain {
		return false
	}
	f.said, f.at = text, time.Now()
	return true
}

// maxForwarded bounds the connections of one forwarded port: a host takes 256
// streams from a session. More wait until one of them ends.
const maxForwarded = 100

// openForwards listens on the ports before anything is dialled: one that is taken
// is told at once.
func (c *connection) openForwards() error {
	var specs []tunnel.Spec
	for _, text := range *c.o.forward {
		spec, err := tunnel.ParseSpec(text)
		if err != nil {
			return fail(exitUsage, fmt.Errorf("--forward: %w", err))
		}
		specs = append(specs, spec)
	}
	for _, spec := range specs {
		l, err := net.Listen("tcp", spec.Listen)
		if err != nil {
			return fmt.Errorf("--forward: %w", err)
		}
		c.forwards = append(c.forwards, &forward{Listener: l, to: spec.To})
	}
	if *c.o.noWindow {
		c.forwardOnly()
	}
	return nil
}

func (c *connection) closeForwards() {
	for _, f := range c.forwards {
		f.Close()
	}
}

// forwardOnly makes this a session without a window, which stays until it is
// ended.
func (c *connection) forwardOnly() {
	if c.scripted() {
		return
	}
	c.wants = auth.NewPerms(auth.Forwarding)
	c.errand = func(ctx context.Context, _ *session) error {
		<-ctx.Done()
		return context.Cause(ctx)
	}
}

// serveForwards serves the forwarded ports until ctx ends.
func (s *session) serveForwards(ctx context.Context, cancel context.CancelCauseFunc, work *sync.WaitGroup) {
	if len(s.forwards) == 0 {
		return
	}
	if !s.pass().Perms().Has(auth.Forwarding) {
		cancel(fail(exitForbidden, fmt.Errorf("%s does not permit port forwarding", s.target.ID.Short()),
			"on that machine: rac set --forwarding=true"))
		return
	}
	for _, f := range s.forwards {
		if *s.o.json {
			s.emit("forward", map[string]string{"local": f.Addr().String(), "to": f.to.String()})
		} else {
			fmt.Fprintf(s.stdout, "forwarding %s → %s\n", f.Addr(), f.to)
		}
		work.Go(func() { s.serveForward(ctx, f) })
	}
}

// acceptPause is how long a port waits that cannot accept, such as for want of
// file descriptors.
const acceptPause = 100 * time.Millisecond

func (s *session) serveForward(ctx context.Context, f *forward) {
	var conns sync.WaitGroup
	defer conns.Wait()
	defer context.AfterFunc(ctx, func() { f.Close() })()
	places := make(chan struct{}, maxForwarded)
	for {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		c, err := f.Accept()
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.log.Warn("cannot accept", "port", f.Addr(), "error", err)
			<-places
			select {
			case <-time.After(acceptPause):
			case <-ctx.Done():
			}
			continue
		}
		conns.Go(func() {
			defer func() { <-places }()
			s.carry(ctx, f, c)
		})
	}
}

// carry is one connection to a forwarded port.
func (s *session) carry(ctx context.Context, f *forward, c net.Conn) {
	stream, err := s.openTunnel(ctx)
	if err != nil {
		c.Close()
	} else {
		err = tunnel.Carry(ctx, stream, c, f.to)
	}
	var failed *tunnel.Failed
	switch {
	case ctx.Err() != nil || err == nil:
	case errors.As(err, &failed):
		s.forwardFailed(f, failed)
	case !s.pass().Perms().Has(auth.Forwarding):
		s.forwardFailed(f, errors.New("the host no longer permits port forwarding"))
	case stream == nil:
		s.forwardFailed(f, fmt.Errorf("the line is away: %w", err))
	default:
		s.log.Info("forwarded connection cut", "to", f.to, "error", err)
	}
}

// Who connects while the line is away waits for it, as he would for a slow
// server.
const (
	tunnelPatience = 15 * time.Second
	tunnelPause    = 250 * time.Millisecond
)

func (s *session) openTunnel(ctx context.Context) (wire.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, tunnelPatience)
	defer cancel()
	for {
		stream, err := s.open(ctx, tunnel.Protocol)
		if err == nil {
			return stream, nil
		}
		select {
		case <-time.After(tunnelPause):
		case <-ctx.Done():
			return nil, err
		}
	}
}

func (s *session) forwardFailed(f *forward, err error) {
	switch {
	case !f.news(err.Error()):
	case *s.o.json:
		s.emit("forward_failed", map[string]string{"local": f.Addr().String(), "to": f.to.String(), "reason": err.Error()})
	default:
		s.voice.say("%s → %s: %v", f.Addr(), f.to, err)
	}
}
