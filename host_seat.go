package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

	"rac/input"
	"rac/screen"
	"rac/screen/seat"
)

// The screen of a service is the one in front of the computer: the login screen,
// then the desktop of who logs in, then the login screen again (package seat).
// Capture, injection, banner and questions follow it; the sessions stay.

// follower knows where the screen in front of the computer is now.
type follower struct {
	cookie string // the file for the cookie of another user's X server
	log    *slog.Logger

	mu    sync.Mutex
	place seat.Place
	why   error           // there is no place
	here  context.Context // ends when place or why is another one
	leave context.CancelFunc
}

func newFollower(state string, log *slog.Logger) *follower {
	f := &follower{cookie: filepath.Join(state, "seat.Xauthority"), log: log, why: fmt.Errorf("looking for the screen of %s", seat.Name)}
	f.here, f.leave = context.WithCancel(context.Background())
	return f
}

// now returns the place, or why there is none, and a context that ends as soon as
// that is no longer so.
func (f *follower) now() (seat.Place, context.Context, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.place, f.here, f.why
}

// tell takes what Watch says.
func (f *follower) tell(place seat.Place, why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leave()
	f.place, f.why = place, why
	f.here, f.leave = context.WithCancel(context.Background())
}

func (f *follower) String() string {
	place, _, err := f.now()
	if err != nil {
		return fmt.Sprintf("nothing yet: %v", err)
	}
	return place.String()
}

// followSeat runs until ctx ends. What viewers hold is let go on the display that
// is left, before anybody can see or use the next one.
func (h *host) followSeat(ctx context.Context) {
	f := h.screen.seat
	err := seat.Watch(ctx, f.cookie, h.log, func(place seat.Place, why error) {
		before, _, _ := f.now()
		if !place.Same(before) {
			defer h.injector.Pause()()
			h.screen.hands.leave()
		}
		f.tell(place, why)
		if why == nil && !place.Same(before) {
			h.screen.liftLeftovers(ctx, place.Display, place.Authority)
		}
		h.tellScreen()
	})
	if err != nil {
		f.tell(seat.Place{}, err)
	}
}

// tellScreen says what is shared from now on.
func (h *host) tellScreen() {
	if *h.o.json {
		h.event("screen", map[string]any{"shares": h.screen.shown()})
		return
	}
	h.line("on the screen: %s", h.screen.shown())
}

// source opens the place as a Source that goes on with the next one.
func (f *follower) source() screen.Source { return &seatSource{f: f} }

// seatSource is the screen in front of the computer, one display after the other.
type seatSource struct {
	f      *follower
	place  seat.Place
	source screen.Source // nil: none is open
	inner  uint32        // its generation
	count  uint32        // the generation that we tell
}

// Next implements screen.Source. A change of the display is no error.
func (s *seatSource) Next(ctx context.Context) (*screen.Frame, error) {
	for {
		here, err := s.reach(ctx)
		if err != nil {
			return nil, err
		}
		both, cancel := context.WithCancel(ctx)
		stop := context.AfterFunc(here, cancel)
		frame, err := s.source.Next(both)
		stop()
		cancel()
		switch {
		case err == nil:
			return s.renumber(frame), nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case here.Err() == nil:
			return nil, err
		}
	}
}

// reach sees to it that the display of the place is open.
func (s *seatSource) reach(ctx context.Context) (here context.Context, err error) {
	place, here, err := s.f.now()
	if err != nil {
		return nil, err
	}
	if s.source != nil && place.Same(s.place) {
		return here, nil
	}
	s.Close()
	if s.source, err = screen.OpenX11Auth(ctx, place.Display, place.Authority, s.f.log); err != nil {
		return nil, err
	}
	if err := place.Holds(ctx); err != nil {
		s.Close()
		return nil, err
	}
	s.place, s.inner = place, 0
	return here, nil
}

// renumber makes the generations of all displays one row.
func (s *seatSource) renumber(f *screen.Frame) *screen.Frame {
	if f.Display.Generation != s.inner {
		s.inner = f.Display.Generation
		s.count++
	}
	own := *f
	own.Display.Generation = s.count
	return &own
}

func (s *seatSource) Close() error {
	if s.source == nil {
		return nil
	}
	err := s.source.Close()
	s.source = nil
	return err
}

// inject opens the place for input.
func (f *follower) inject() (input.Injector, error) {
	place, _, err := f.now()
	if err != nil {
		return nil, err
	}
	injector, err := input.OpenX11Auth(context.Background(), place.Display, place.Authority, f.log)
	if err != nil {
		return nil, err
	}
	if err := place.Holds(context.Background()); err != nil {
		injector.Close()
		return nil, err
	}
	return injector, nil
}
