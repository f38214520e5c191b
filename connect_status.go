package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rac/screen"
)

// statusTeller is a Surface that says in words, on the way to another one, why
// the host shows no new picture, and that it does again.
type statusTeller struct {
	screen.Surface
	say  func(string)
	last string
}

// Show says a status once.
func (t *statusTeller) Show(f *screen.Frame) error {
	if f.Status != t.last {
		t.last = f.Status
		if f.Status == "" {
			t.say("the host shows its screen again")
		} else {
			t.say("the host's screen: " + printable(f.Status))
		}
	}
	return t.Surface.Show(f)
}

// monitorTeller is a Surface that notices, on the way to another one, that the
// host has not got the monitor that was asked for: then the whole desktop is shown.
type monitorTeller struct {
	screen.Surface
	nth  int // 0: all of them
	miss func(have int) error
	last int // how many it had when that was told
}

// Show tells it again only when the number of monitors has changed.
func (t *monitorTeller) Show(f *screen.Frame) error {
	have := max(len(f.Display.Monitors), 1) // a console names none
	if f.Picture != nil && t.nth > have && t.last != have {
		t.last = have
		if err := t.miss(have); err != nil {
			return err
		}
	}
	return t.Surface.Show(f)
}

// noMonitor puts it into words.
func noMonitor(whose string, nth, have int) error {
	return fmt.Errorf("%s has no monitor %d: it has %s", whose, nth, plural(have, "monitor"))
}

// notices is what is said at a time.
type notices struct {
	mu  sync.Mutex
	nth int // of all that was said
}

// tell says what is going on, in the window too; there until done is called, or
// something else is said.
func (s *session) tell(status string) (done func()) {
	s.said.mu.Lock()
	defer s.said.mu.Unlock()
	s.said.nth++
	s.show(status)
	s.phase(status)
	nth := s.said.nth
	return func() {
		s.said.mu.Lock()
		defer s.said.mu.Unlock()
		if s.said.nth == nth {
			s.show("")
		}
	}
}

func (s *session) show(status string) {
	if s.win != nil {
		s.win.SetStatus(status)
	}
}

// tellLost says that the line is lost when that has lasted, until ctx ends.
func (s *session) tellLost(ctx context.Context, g *leg) {
	late := time.NewTimer(time.Until(g.heard().Add(overlayAfter)))
	defer late.Stop()
	select {
	case <-late.C:
	case <-ctx.Done():
		return
	}
	text := "the line is lost, trying to resume"
	if s.feed != nil {
		text += "; what is typed now is dropped"
	}
	defer s.tell(text)()
	<-ctx.Done()
}

// noticeTime is how long a notice is shown.
const noticeTime = 5 * time.Second

// tellDropped says what has not reached the host, each time as soon as the host is
// heard again: that may be on the same line, or a while after the session has changed
// to another.
func (s *session) tellDropped(ctx context.Context) {
	over := time.NewTimer(0)
	done := func() {}
	for {
		select {
		case <-s.feed.Dropped():
			done = s.tellLosses()
			over.Reset(noticeTime)
		case <-over.C:
			done()
		case <-ctx.Done():
			return
		}
	}
}

func (s *session) tellLosses() (done func()) {
	n := s.feed.Lost()
	if n == 0 {
		return func() {}
	}
	if *s.o.json {
		s.emit("dropped", map[string]int{"keys": n})
	}
	return s.tell("dropped, not typed at the host: " + plural(n, "key"))
}

// tellLast says what was still under way when the host or the line ended the session.
func (s *session) tellLast(why error) {
	if s.feed == nil || errors.Is(why, errClosed) || s.ctx.Err() != nil {
		return
	}
	s.feed.Mute(true)
	s.tellLosses()
}

// tellFor says something for a while.
func (s *session) tellFor(ctx context.Context, notice string) {
	defer s.tell(notice)()
	select {
	case <-time.After(noticeTime):
	case <-ctx.Done():
	}
}
