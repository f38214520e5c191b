package main

// How a session goes on when its line is silent or lost, or when there is a
// better path.
//
//	        ┌────────────────── heard again ───────────────────┐
//	        ▼                                                  │
//	     attached ──silent for 1.25 s, or a stream ended──▶ seeking ──▶ resumed
//	      │    ▲                                               │           │
//	   better  └───────────────────────────────────────────────┼───────────┘
//	      └──▶ resumed on the same connection                  ▼
//	                                           ten minutes, or refused: over
//
// The old streams are let go of when the new ones show a picture.

import (
	"context"
	"errors"
	"sync"
	"time"

	"rac/auth"
	"rac/p2p"
)

const (
	// silence is when a line is doubted, unseen: one answer is late. What is lost
	// without a trace, by a new address or a relay that died, is so back within
	// 3 s.
	silence = 1250 * time.Millisecond

	moveTime  = 5 * time.Second // for the login stream on a better path
	moveAgain = 5 * time.Second // until that is tried a second time, then twice as long each time
	curtain   = 5 * time.Second // for the picture of a new line, where the old one works
)

// stay keeps the streams up until the session ends; it returns why.
func (s *session) stay(ctx context.Context) error {
	var retired sync.WaitGroup
	defer retired.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	now := s.attach(ctx, s.line.Load(), true)
	defer func() { now.detach() }()
	better := betterOf(now.conn)
	for {
		why := s.watch(ctx, now, better)
		next, err := s.goOn(ctx, now, why, &better)
		if err != nil {
			return err
		}
		if next == nil {
			continue
		}
		if next.conn != now.conn {
			better = betterOf(next.conn)
		}
		now = s.change(ctx, now, next, why, &retired)
	}
}

// betterPath tells of better paths on a connection; nil: of that it has told.
type betterPath struct {
	direct, surer <-chan struct{}

	again <-chan time.Time // after a move that has failed
	pause time.Duration
}

func betterOf(c *p2p.Conn) betterPath { return betterPath{direct: c.Better(), surer: c.Surer()} }

// tried notes how a move has ended. One that has failed is tried again, unless the host
// has refused it.
func (b *betterPath) tried(err error) {
	if err == nil || final(err) {
		b.pause = 0
		return
	}
	b.pause = min(max(moveAgain, 2*b.pause), time.Minute)
	b.again = time.After(b.pause)
}

// forget forgets what it has told of.
func (b *betterPath) forget() {
	b.again = nil
	for _, ch := range []*<-chan struct{}{&b.direct, &b.surer} {
		select {
		case <-*ch:
			*ch = nil
		default:
		}
	}
}

// watch returns when the session should go on elsewhere, or has ended, and why.
func (s *session) watch(ctx context.Context, g *leg, better betterPath) error {
	slept := newNap()
	for {
		wait := time.NewTimer(max(silence-time.Since(g.heard()), 0))
		select {
		case <-g.pass.Done():
			wait.Stop()
			return g.pass.Err()
		case <-better.direct:
			wait.Stop()
			return errBetter
		case <-better.surer:
			wait.Stop()
			return errBetter
		case <-better.again:
			wait.Stop()
			return errBetter
		case err := <-g.failed:
			wait.Stop()
			return s.whyFailed(ctx, g, err)
		case <-ctx.Done():
			wait.Stop()
			return context.Cause(ctx)
		case <-wait.C:
			if slept.long() || time.Since(g.heard()) >= silence {
				return errSilent
			}
		}
	}
}

// whyFailed tells what the end of a stream means: the login stream may know it,
// in a moment.
func (s *session) whyFailed(ctx context.Context, g *leg, err error) error {
	if !errors.Is(err, errLost) {
		return err
	}
	select {
	case <-g.pass.Done():
		return g.pass.Err()
	case <-time.After(time.Second):
		return errLost
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// nap notices that this computer was asleep: the clock on the wall has gone on,
// the one that timers go by has not.
type nap struct{ began time.Time }

func newNap() *nap { return &nap{time.Now()} }

func (n *nap) long() bool {
	const long = 3 * time.Second
	now := time.Now()
	asleep := now.Round(0).Sub(n.began.Round(0)) - now.Sub(n.began)
	n.began = now
	return asleep > long
}

// goOn finds the line by which the session goes on after why; nil: the one that
// it has.
func (s *session) goOn(ctx context.Context, g *leg, why error, better *betterPath) (*line, error) {
	var over *auth.Ended
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(why, errBetter):
		better.forget()
		next, err := s.move(ctx, g)
		better.tried(err)
		if err != nil {
			s.log.Info("not moved to the better path", "error", err)
			return nil, nil
		}
		return next, nil
	case errors.As(why, new(*failure)), errors.Is(why, errClosed):
		return nil, why
	case errors.As(why, &over) && over.Reason != auth.Lost && over.Reason != auth.Restarting:
		return nil, why
	}
	return s.seek(ctx, g, why)
}

// change lets the session go on by another line. why is what was wrong with the
// old one.
func (s *session) change(ctx context.Context, old *leg, next *line, why error, retired *sync.WaitGroup) *leg {
	dead := !errors.Is(why, errBetter)
	s.line.Store(next)
	s.tellPath(dead)
	if old.conn != next.conn {
		old.conn.Leave()
	}
	if s.errand != nil {
		old.detach() // an errand runs on one line at a time
	}
	now := s.attach(ctx, next, dead)
	retired.Go(func() { s.retire(ctx, old, now, dead) })
	return now
}

// retire lets go of the old streams: at once where they are dead, else when the
// picture of the new ones is shown.
func (s *session) retire(ctx context.Context, old, now *leg, dead bool) {
	if dead {
		old.detach()
	}
	if now.scene != nil {
		select {
		case <-now.scene.shown:
		case <-time.After(curtain):
		case <-ctx.Done():
		}
	}
	if !dead {
		old.detach()
	}
}

// move continues the session on the better path of the same connection.
func (s *session) move(ctx context.Context, g *leg) (*line, error) {
	pass, err := s.resumePass(ctx, g.conn, moveTime)
	if err != nil {
		return nil, err
	}
	return &line{g.conn, pass}, nil
}
