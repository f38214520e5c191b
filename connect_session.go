package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"rac/auth"
	"rac/input"
	"rac/p2p"
	"rac/p2p/wire"
	"rac/screen"
	"rac/screen/window"
)

// session is a login that was let in, and the streams that rest on it. When the
// line is lost or a better one comes up, the same session goes on over new
// streams: the window stays, nobody is asked.
type session struct {
	*connection
	line  atomic.Pointer[line]
	perms chan struct{} // holds one when the permissions have changed

	surface screen.Surface
	meter   *screen.Meter
	events  <-chan input.Event
}

// line is a connection and the login on it.
type line struct {
	conn   *p2p.Conn
	pass   *auth.Pass
	better <-chan struct{} // of conn; nil once it has been acted upon
}

func (s *session) conn() *p2p.Conn  { return s.line.Load().conn }
func (s *session) pass() *auth.Pass { return s.line.Load().pass }

// open opens a stream of this session.
func (s *session) open(ctx context.Context, protocol wire.Protocol) (wire.Stream, error) {
	l := s.line.Load()
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

// How a session can come to an end here.
var (
	errClosed = errors.New("closed here")       // by the user: exit 0
	errBetter = errors.New("a better path")     // go on with it
	errLost   = errors.New("the line was lost") // try to resume
)

func (s *session) run() error {
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	var work sync.WaitGroup
	s.openSurface(ctx, cancel, &work)
	s.serveForwards(ctx, cancel, &work)
	work.Go(func() { s.report(ctx) })
	work.Go(debug.FreeOSMemory) // argon2 has left 64 MiB that are never needed again
	err := s.stay(ctx)
	s.pass().Close(auth.Closed)
	cancel(err)
	s.close()
	work.Wait()
	return s.end(err)
}

// openSurface connects the streams with the window, or with what takes its
// place.
func (s *session) openSurface(ctx context.Context, cancel context.CancelCauseFunc, work *sync.WaitGroup) {
	if s.errand != nil {
		return
	}
	if s.win == nil {
		events := make(chan input.Event)
		close(events) // --type has a stream of its own
		s.surface, s.events = s.still, events
		work.Go(func() { cancel(s.script(ctx)) })
	} else {
		s.win.SetTitle(s.title(s.pass()))
		s.surface, s.events = s.win, s.win.Events()
		work.Go(func() {
			select {
			case <-s.win.Done():
				cancel(s.whyClosed(s.win))
			case <-ctx.Done():
			}
		})
	}
	s.meter = screen.NewMeter(&statusTeller{Surface: s.surface, say: s.phase})
}

// title is the window's: whose screen it shows, and whether the host lets it only
// be looked at. The window itself says that --view-only was given.
func (s *session) title(pass *auth.Pass) string {
	title := fmt.Sprintf("%s (%s)", pass.HostName, s.target.ID.Short())
	if !*s.o.viewOnly && !pass.Perms().Has(auth.Control) {
		title += ", to look only"
	}
	return title
}

func (s *session) whyClosed(win *window.Window) error {
	if err := win.Err(); err != nil && !errors.Is(err, window.ErrClosed) {
		return fail(exitDisplay, err)
	}
	return errClosed
}

// stay keeps the streams up until the session ends; it returns why.
func (s *session) stay(ctx context.Context) error {
	for {
		err := s.attached(ctx)
		var over *auth.Ended
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, errBetter):
			if err = s.move(ctx); err == nil {
				continue
			}
			s.log.Info("not moved to the better path", "error", err)
		case errors.As(err, new(*failure)), errors.Is(err, errClosed):
			return err
		case errors.As(err, &over) && over.Reason != auth.Lost && over.Reason != auth.Restarting:
			return err
		default:
			s.tell("the line is lost, trying to resume")
		}
		if err := s.resume(ctx, err); err != nil {
			return err
		}
		s.tell("")
	}
}

// tell says what is going on, in the window too.
func (s *session) tell(status string) {
	if s.win != nil {
		s.win.SetStatus(status)
	}
	if status != "" {
		s.phase(status)
	}
}

// attached runs the streams on the present connection until one of them, the
// session or ctx ends.
func (s *session) attached(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var streams sync.WaitGroup
	if s.errand != nil {
		streams.Go(func() { cancel(s.errand(ctx, s)) })
	} else {
		streams.Go(func() { cancel(s.view(ctx)) })
		streams.Go(func() {
			if err := s.control(ctx); err != nil {
				cancel(err)
			}
		})
	}
	select {
	case <-s.pass().Done():
		cancel(s.pass().Err())
	case <-s.line.Load().better:
		cancel(errBetter)
	case <-ctx.Done():
		// A stream ended first: the login stream knows why, in a moment.
		if errors.Is(context.Cause(ctx), errLost) {
			s.waitForReason()
		}
	}
	streams.Wait()
	select {
	case <-s.pass().Done():
		return s.pass().Err()
	default:
		return context.Cause(ctx)
	}
}

// silence is how long a dead line may go unnoticed by the login stream.
const silence = 6 * time.Second

func (s *session) waitForReason() {
	select {
	case <-s.pass().Done():
	case <-time.After(silence):
	case <-s.ctx.Done():
	}
}

// view shows the screen. It ends with errLost when the stream does.
func (s *session) view(ctx context.Context) error {
	stream, err := s.open(ctx, screen.Protocol)
	if err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	defer stream.Close()
	err = screen.View(ctx, stream, s.want, s.meter)
	if errors.Is(err, window.ErrClosed) {
		return errClosed
	}
	if errors.Is(err, screen.ErrMalformed) {
		return fail(exitError, err, "are both sides the same version? rac version")
	}
	return errLost
}

// control carries the input while the host permits it.
func (s *session) control(ctx context.Context) error {
	for {
		if s.pass().Perms().Has(auth.Control) && !*s.o.viewOnly {
			if err := s.send(ctx); err == nil {
				return nil // no more events will come
			}
		}
		// Not permitted (any more): what is typed goes nowhere.
		if !s.discard(ctx) {
			return nil
		}
	}
}

func (s *session) send(ctx context.Context) error {
	stream, err := s.open(ctx, input.Protocol)
	if err != nil {
		return err
	}
	defer stream.Close()
	return input.Send(ctx, stream, s.events)
}

// discard throws events away until the permissions change; false: there are no
// more, or ctx has ended.
func (s *session) discard(ctx context.Context) bool {
	for {
		select {
		case _, more := <-s.events:
			if !more {
				return false
			}
		case <-s.perms:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// permsChanged tells what the host permits from now on. control acts on it.
func (s *session) permsChanged(perms auth.Perms) {
	if *s.o.json {
		s.emit("perms", map[string]any{"perms": perms.Names()})
	} else {
		s.voice.say("the host now permits: %s", perms)
	}
	if l := s.line.Load(); l != nil && s.win != nil {
		s.win.SetTitle(s.title(l.pass))
	}
	select {
	case s.perms <- struct{}{}:
	default:
	}
}

// report prints the figures of each second.
func (s *session) report(ctx context.Context) {
	if !*s.o.json || s.errand != nil {
		return
	}
	const period = time.Second
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.emit("stats", s.meter.Take(period, s.pass().RTT()))
		case <-ctx.Done():
			return
		}
	}
}
