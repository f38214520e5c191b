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
// streams (connect_resume.go): the window stays, nobody is asked.
type session struct {
	*connection
	line  atomic.Pointer[line]
	perms *bell        // rings when the permissions have changed
	way   atomic.Value // string: by which sort of path it travels, as was told last
	at    atomic.Value // string: the very path that the last event told of
	said  notices

	suspended bool // unattended access is switched off at the host, as it said while we logged in

	stage *stage // nil for an errand
	meter *screen.Meter
	feed  *input.Feed
}

func (s *session) conn() *p2p.Conn  { return s.line.Load().conn }
func (s *session) pass() *auth.Pass { return s.line.Load().pass }

// open opens a stream of this session.
func (s *session) open(ctx context.Context, protocol wire.Protocol) (wire.Stream, error) {
	return s.line.Load().open(ctx, protocol)
}

// How a session can come to an end here.
var (
	errClosed = errors.New("closed here")        // by the user: exit 0
	errBetter = errors.New("a better path")      // go on with it
	errSilent = errors.New("the host is silent") // look for another way, while this one may come back
	errLost   = errors.New("the line was lost")  // try to resume
)

func (s *session) run() error {
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	var work sync.WaitGroup
	s.openSurface(ctx, cancel, &work)
	s.serveForwards(ctx, cancel, &work)
	work.Go(func() { s.report(ctx) })
	work.Go(func() { s.tellWhy(ctx) })
	work.Go(debug.FreeOSMemory) // argon2 has left 64 MiB that are never needed again
	err := s.stay(ctx)
	s.tellLast(err)
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
	var surface screen.Surface = s.still
	if s.win == nil {
		work.Go(func() { cancel(s.script(ctx)) })
	} else {
		s.win.SetTitle(s.title(s.pass()))
		surface = s.win
		s.feed = input.NewFeed()
		work.Go(func() { s.feed.Run(ctx, s.win.Events()) })
		work.Go(func() { s.tellDropped(ctx) })
		work.Go(func() {
			select {
			case <-s.win.Done():
				cancel(s.whyClosed(s.win))
			case <-ctx.Done():
			}
		})
	}
	miss := func(have int) error {
		err := noMonitor(s.target.ID.Short(), s.want.Monitor, have)
		if s.win == nil { // a script wants that one, or nothing
			err = fail(exitError, err)
			cancel(err)
			return err
		}
		work.Go(func() { s.tellFor(ctx, err.Error()+", all of it is shown") })
		return nil
	}
	surface = &monitorTeller{Surface: surface, nth: s.want.Monitor, miss: miss}
	s.meter = screen.NewMeter(&statusTeller{Surface: surface, say: s.phase})
	s.stage = &stage{out: s.meter}
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
	s.perms.ring()
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
