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

// noticeTime is how long it is shown what was dropped.
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
	s.tell(fmt.Sprintf("the line is back; what was typed meanwhile was dropped (%d)", n))
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
