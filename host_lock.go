package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"rac/auth"
	"rac/screen/seat"
)

// When the screen is locked because nobody is connected any more.

const (
	// lostFor is how long a viewer may be away before its screen is locked: longer
	// than a line takes to come back by itself, and less than it takes somebody to
	// notice an open desktop.
	lostFor = 15 * time.Second
	// lockTime bounds the attempt.
	lockTime = 10 * time.Second
)

// locker locks the screen when nobody is connected any more, if the config says
// so (permissions.lock_on_end). Somebody else's session is not disturbed by it.
type locker struct {
	mu   sync.Mutex
	open bool      // somebody was connected since the screen was locked
	lost time.Time // since when nobody's line is up; zero: one is
}

// observe takes the gate's events: a session may be shorter than the time between
// two looks.
func (l *locker) observe(e auth.Event) {
	if e.Kind == auth.EventSessionStart {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.open, l.lost = true, time.Time{}
	}
}

// due tells whether the screen is to be locked now, once.
func (l *locker) due(sessions []auth.SessionInfo, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range sessions {
		if !s.Lost {
			l.open, l.lost = true, time.Time{}
			return false
		}
	}
	if l.lost.IsZero() {
		l.lost = now
	}
	if !l.open || len(sessions) > 0 && now.Sub(l.lost) < lostFor {
		return false
	}
	l.open = false
	return true
}

// lockIfLeft locks the screen if the last viewer has gone and the owner wants that.
func (h *host) lockIfLeft() {
	if !h.locker.due(h.gate.Sessions(), time.Now()) {
		return
	}
	cfg, err := h.file.Load()
	if err != nil || !cfg.Permissions.LockOnEnd {
		return
	}
	h.work.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), lockTime)
		defer cancel()
		if err := h.screen.lock(ctx); err != nil {
			h.log.Error("lock_on_end", "error", err)
		}
	})
}

var errNoLock = errors.New("permissions.lock_on_end: what is shared has no lock: it is a console, or a display that rac has started")

// lock locks what is shared.
func (s *hostScreen) lock(ctx context.Context) error {
	switch {
	case s.seat != nil:
		return seat.Lock(ctx)
	case s.console != nil || s.virtual != nil:
		return errNoLock
	}
	return seat.LockOwn(ctx, s.display)
}
