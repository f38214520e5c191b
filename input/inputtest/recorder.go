// Package inputtest has the Injector that tests use: it puts nothing in, but
// remembers what it was given.
package inputtest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"rac/input"
)

// Recorder is an Injector that remembers. Unlike others it may be asked from
// any goroutine while it works.
type Recorder struct {
	// Hook, if set, is called with each event before it is recorded; an event
	// for which it returns an error is not.
	Hook func(input.Event) error

	mu     sync.Mutex
	events []input.Event
	closed bool
}

// Inject records an event.
func (r *Recorder) Inject(ev input.Event) error {
	if r.Hook != nil {
		if err := r.Hook(ev); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, ev)
	return nil
}

// Close remembers that it was called.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	return nil
}

// Closed tells whether Close was called.
func (r *Recorder) Closed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// Events returns what was injected so far.
func (r *Recorder) Events() []input.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// String tells the story so far: "+04 -04 +b1 10,20 \"hi\"" is key 0x04 down and
// up, button 1 down, a motion, a text; "=04" is a repeat.
func (r *Recorder) String() string {
	var words []string
	for _, ev := range r.Events() {
		words = append(words, word(ev))
	}
	return strings.Join(words, " ")
}

func word(ev input.Event) string {
	switch ev := ev.(type) {
	case input.Key:
		how := sign(ev.Down)
		if ev.Again {
			how = "="
		}
		if ev.Usage == 0 {
			return fmt.Sprintf("%ssym%x", how, ev.Sym)
		}
		return fmt.Sprintf("%s%02x", how, uint16(ev.Usage))
	case input.Button:
		return fmt.Sprintf("%sb%d", sign(ev.Down), ev.Button)
	case input.Motion:
		return fmt.Sprintf("%d,%d", ev.X, ev.Y)
	case input.Wheel:
		return fmt.Sprintf("w%d,%d", ev.DX, ev.DY)
	case input.Text:
		return fmt.Sprintf("%q", ev.Text)
	}
	return fmt.Sprintf("%+v", ev)
}

func sign(down bool) string {
	if down {
		return "+"
	}
	return "-"
}
