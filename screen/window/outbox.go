package window

// The outbox hands events to whoever reads Events, and never makes the window
// wait for him.

import (
	"context"
	"sync"

	"rac/input"
)

// maxWaiting bounds the events that wait for a reader that has stopped: more
// than anybody types while a link is lost. Beyond it new presses are dropped,
// and with them their releases. A release of something that was let in always
// finds room: there are no more of those than keys and buttons.
const maxWaiting = 1024

// outbox is a queue in which a motion replaces the motion before it and turns of
// the wheel in one direction add up.
type outbox struct {
	C    chan input.Event
	wake chan struct{}

	mu   sync.Mutex
	list []input.Event
}

func newOutbox() *outbox {
	return &outbox{C: make(chan input.Event), wake: make(chan struct{}, 1)}
}

// add queues an event and tells whether it did. Releases are always taken.
func (o *outbox) add(ev input.Event) bool {
	o.mu.Lock()
	ok := o.mergeLocked(ev)
	if !ok && (len(o.list) < maxWaiting || isRelease(ev)) {
		o.list = append(o.list, ev)
		ok = true
	}
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
	return ok
}

func (o *outbox) mergeLocked(ev input.Event) bool {
	if len(o.list) == 0 {
		return false
	}
	last := &o.list[len(o.list)-1]
	switch ev := ev.(type) {
	case input.Motion:
		if _, ok := (*last).(input.Motion); ok {
			*last = ev
			return true
		}
	case input.Wheel:
		// Down and up again is not nothing: something may have loaded in between.
		if w, ok := (*last).(input.Wheel); ok && sameWay(w.DX, ev.DX) && sameWay(w.DY, ev.DY) {
			*last = input.Wheel{DX: w.DX + ev.DX, DY: w.DY + ev.DY}
			return true
		}
	}
	return false
}

func sameWay(a, b int) bool { return a == 0 && b == 0 || a > 0 && b > 0 || a < 0 && b < 0 }

func isRelease(ev input.Event) bool {
	switch ev := ev.(type) {
	case input.Key:
		return !ev.Down
	case input.Button:
		return !ev.Down
	}
	return false
}

func (o *outbox) take() (input.Event, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.list) == 0 {
		return nil, false
	}
	ev := o.list[0]
	o.list = append(o.list[:0], o.list[1:]...)
	return ev, true
}

// run delivers until ctx ends, and closes C. What waits then is dropped: the
// host releases all that is held when a session ends.
func (o *outbox) run(ctx context.Context) {
	defer close(o.C)
	for {
		ev, ok := o.take()
		if !ok {
			select {
			case <-o.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		select {
		case o.C <- ev:
		case <-ctx.Done():
			return
		}
	}
}
