package main

import (
	"context"
	"fmt"
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

// tell says what is going on, in the window too.
func (s *session) tell(status string) {
	if s.win != nil {
		s.win.SetStatus(status)
	}
	if status != "" {
		s.phase(status)
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
	s.tell(text)
	<-ctx.Done()
	s.tell("")
}

// noticeTime is how long a notice is shown.
const noticeTime = 5 * time.Second

// tellDropped says what has not reached the host.
func (s *session) tellDropped(ctx context.Context) {
	if s.feed == nil || !s.awaitInput(ctx) {
		return
	}
	n := s.feed.Lost()
	if n == 0 {
		return
	}
	if *s.o.json {
		s.emit("dropped", map[string]int{"keys": n})
	}
	s.tellFor(ctx, fmt.Sprintf("the line is back; what was typed meanwhile was dropped (%d)", n))
}

// tellFor says something for a while.
func (s *session) tellFor(ctx context.Context, notice string) {
	s.tell(notice)
	select {
	case <-time.After(noticeTime):
		s.tell("")
	case <-ctx.Done():
	}
}

// awaitInput waits until the input gets through again: until then more may be
// dropped. false: ctx has ended.
func (s *session) awaitInput(ctx context.Context) bool {
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for s.feed.Blocked() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}
