package main

// The search for the host when the line of a session is silent or lost.

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rac/auth"
	"rac/p2p"
)

const (
	// resumeFor is how long a lost session is tried again: as long as the host
	// keeps it. Without a window nobody waits for that long: --timeout holds.
	resumeFor = 10 * time.Minute

	// overlayAfter is when the person is told, and what he types is dropped
	// (input.Feed).
	overlayAfter = 3 * time.Second

	// An attempt that began before the line came back may wait for long until its
	// packets are repeated, a fresh one gets through at once: so they are short,
	// and one begins each second or so. What a line takes is some ten round trips;
	// a long one in eight is for lines that have become slower.
	seekTime  = time.Second
	seekTrips = 10
	seekLong  = 5 * time.Second
	seekPause = time.Second

	resumeTime = 3 * time.Second // for the login stream on a new line
)

// errHeard ends the search for another line.
var errHeard = errors.New("the host is heard again")

// seek looks for the host until the session goes on over a new line, or the old
// one is heard again: then it returns nil. why is what is wrong with that.
func (s *session) seek(ctx context.Context, g *leg, why error) (*line, error) {
	limit := resumeFor
	if s.inHaste() {
		limit = *s.o.timeout
	}
	var beside sync.WaitGroup
	defer beside.Wait()
	limited, cancel := context.WithTimeoutCause(ctx, limit, errLost)
	defer cancel()
	seeking, stop := context.WithCancelCause(limited)
	defer stop(nil)
	beside.Go(func() { s.tellLost(seeking, g) })
	if errors.Is(why, errSilent) {
		beside.Go(func() { g.awaitSign(seeking, stop) })
	}
	conn := s.node.Revive(seeking, s.target.ID, s.patience(g))
	for n := 0; ; n++ {
		pause := s.pause(seeking)
		if errors.Is(context.Cause(seeking), errHeard) {
			return nil, nil
		}
		next, err := s.seekOnce(seeking, ctx, conn, why, n)
		conn = nil
		if err == nil || final(err) {
			return next, err
		}
		if errors.Is(err, &auth.Ended{Reason: auth.Restarting}) {
			why = err
		}
		s.log.Info("not resumed", "error", err)
		pause()
		switch {
		case errors.Is(context.Cause(limited), errLost):
			return nil, fail(exitLost, fmt.Errorf("the line to %s was lost and did not come back within %v", s.target.ID.Short(), limit))
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		}
	}
}

// patience is how long a connection may take to show that it is alive: what was
// usual, and more. Of the first round trip and the last one the shorter counts: one
// late pong is no slower line. A copy can fill the queues of a line for seconds.
func (s *session) patience(g *leg) time.Duration {
	least := 600 * time.Millisecond
	if s.errand != nil {
		least = 4 * time.Second
	}
	rtt := g.pass.RTT()
	if first := g.conn.Path().RTT; first > 0 {
		rtt = min(rtt, first)
	}
	return min(max(least, 4*rtt), 5*time.Second)
}

// pause returns what waits until the next attempt is due, which is sooner where
// this computer's network changes.
func (s *session) pause(ctx context.Context) (wait func()) {
	changed := s.node.Changed()
	due := time.NewTimer(seekPause)
	return func() {
		defer due.Stop()
		select {
		case <-due.C:
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// final tells whether an error of seekOnce says that there is no session to go
// on with.
func final(err error) bool {
	var refused *auth.Refused
	var over *auth.Ended
	switch {
	case errors.As(err, &refused):
		return refused.Code != auth.CodeBusy
	case errors.As(err, &over):
		return over.Reason != auth.Lost && over.Reason != auth.Restarting
	}
	return false
}

// awaitSign ends the search when the old line is heard again.
func (g *leg) awaitSign(ctx context.Context, stop context.CancelCauseFunc) {
	last := g.heard()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			if g.heard().After(last) {
				stop(errHeard)
				return
			}
		case <-g.pass.Done():
			return
		case <-ctx.Done():
			return
		}
	}
}

// seekOnce goes on with the session over conn, or where that is nil, dials the host
// again. A host that has forgotten it, since it was started anew, is asked for a new
// one, if a saved login lets us in. What it finds lasts as long as life.
func (s *session) seekOnce(ctx, life context.Context, conn *p2p.Conn, why error, nth int) (next *line, err error) {
	if conn == nil {
		limit := min(seekTime+seekTrips*s.pass().RTT(), seekLong)
		if nth%8 == 7 {
			limit = seekLong
		}
		dialling, cancel := context.WithTimeout(ctx, limit)
		conn, err = s.dial(dialling)
		cancel()
		if err != nil {
			return nil, err
		}
	}
	if next, err = s.renew(life, conn, why); err != nil {
		conn.Leave()
	}
	return next, err
}

// renew resumes the session on a connection, or logs in again.
func (s *session) renew(life context.Context, conn *p2p.Conn, why error) (*line, error) {
	if !errors.Is(why, &auth.Ended{Reason: auth.Restarting}) {
		pass, err := s.resumePass(life, conn, resumeTime)
		if err == nil {
			return &line{conn, pass}, nil
		}
		if !errors.Is(err, &auth.Refused{Code: auth.CodeGone}) {
			return nil, err
		}
	}
	if err := s.logIn(life, conn, false); err != nil {
		var refused *auth.Refused
		if errors.As(err, &refused) && refused.Code != auth.CodeBusy {
			return nil, fail(exitLost, fmt.Errorf("the host was started anew and wants a new login: %w", err))
		}
		return nil, err
	}
	return s.line.Load(), nil
}

// resumePass continues the session on a connection, within limit.
func (s *session) resumePass(life context.Context, conn *p2p.Conn, limit time.Duration) (*auth.Pass, error) {
	ctx, cancel := context.WithTimeout(life, limit)
	defer cancel()
	stream, err := conn.Open(ctx, auth.Protocol)
	if err != nil {
		return nil, err
	}
	late := context.AfterFunc(ctx, func() { stream.Close() })
	defer late()
	return s.pass().Resume(life, stream)
}
