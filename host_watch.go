package main

import (
	"context"
	"fmt"
	"time"

	"rac/auth/config"
)

// What a host watches while it runs: its config, and the display that it has
// started.

// watch holds the sessions against the config after each change, until a signal
// ends the host, or its virtual display is gone, which is an error.
func (h *host) watch() error {
	ctx, cancel := context.WithCancelCause(h.ctx)
	defer cancel(nil)
	h.work.Go(func() { cancel(h.screen.lost(ctx)) })
	h.watchRelays(ctx)
	var before *config.Config
	h.file.Watch(ctx, func(cfg *config.Config, err error) {
		h.gate.Reload()
		if before != nil || err != nil {
			h.reloaded(before, cfg, err)
		}
		if err != nil {
			return
		}
		h.permitTunnels(cfg)
		if before != nil && elsewhere(before, cfg) {
			h.move(ctx, cfg)
		}
		before = cfg
	}, h.review)
	if h.ctx.Err() != nil {
		return nil // a signal: the exit code tells which
	}
	return context.Cause(ctx)
}

// review holds the sessions against the config as it stands, changed or not. A
// login reads the file for itself: where the owner opens access, somebody comes
// in, and the owner closes it, all between two looks of Watch, Watch has seen
// nothing, and the session would stay.
func (h *host) review() {
	h.gate.Reload()
	h.lockIfLeft()
}

// signalFirst is how long a signal may be behind the display's end: a service
// manager sends the same one to both, and means the host.
const signalFirst = 500 * time.Millisecond

// lost waits until the virtual display has ended, and says so; nil: ctx was first.
// A display that rac has not started may come back, and is waited for elsewhere:
// this one never does.
func (s *hostScreen) lost(ctx context.Context) error {
	var ended <-chan struct{}
	if s.virtual != nil {
		ended = s.virtual.Done()
	}
	select {
	case <-ended:
	case <-ctx.Done():
		return nil
	}
	select {
	case <-time.After(signalFirst):
		return fail(exitDisplay, fmt.Errorf("the virtual display %s (Xvfb) has ended, and this host with it", s.display),
			"rac host --virtual starts a new one; programs on the old one are gone")
	case <-ctx.Done():
		return nil
	}
}
