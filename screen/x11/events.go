package x11

// The queue of events.

import (
	"context"
	"sync"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// queue has no bound, since an event must neither block the reading of replies
// nor be lost: a key's release is an event. What comes in floods does not pile
// up: pointer motion is merged here, DAMAGE is diverted by its user.
type queue struct {
	wake chan struct{} // holds one token while the queue may have something; closed never

	mu     sync.Mutex
	list   []xgb.Event
	first  int // list[:first] has been taken
	closed bool
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

func (q *queue) push(ev xgb.Event) {
	q.mu.Lock()
	if !q.mergeLocked(ev) {
		q.list = append(q.list, ev)
	}
	q.mu.Unlock()
	q.signal()
}

// mergeLocked replaces a motion that waits at the end of the queue by a newer
// one on the same window with the same buttons.
func (q *queue) mergeLocked(ev xgb.Event) bool {
	m, ok := ev.(xproto.MotionNotifyEvent)
	if !ok || q.first == len(q.list) {
		return false
	}
	last, ok := q.list[len(q.list)-1].(xproto.MotionNotifyEvent)
	if !ok || last.Event != m.Event || last.State != m.State {
		return false
	}
	q.list[len(q.list)-1] = m
	return true
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// pop takes the oldest event; more tells whether waiting makes sense when there
// is none.
func (q *queue) pop() (ev xgb.Event, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.first == len(q.list) {
		return nil, !q.closed
	}
	ev = q.list[q.first]
	q.list[q.first] = nil
	q.first++
	if q.first == len(q.list) {
		q.list, q.first = q.list[:0], 0
	}
	return ev, true
}

func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.signal()
}

// Events returns a channel that holds a token when there may be events, or when
// the connection has gone (Alive). After a receive, call PollEvent until it has
// no more. Only one goroutine should wait, here or in NextEvent.
func (c *Conn) Events() <-chan struct{} { return c.events.wake }

// PollEvent returns the oldest event, if there is one.
func (c *Conn) PollEvent() (xgb.Event, bool) {
	ev, _ := c.events.pop()
	return ev, ev != nil
}

// NextEvent waits for an event. It returns ErrClosed when the connection is gone
// and all its events have been taken, or ctx's error.
func (c *Conn) NextEvent(ctx context.Context) (xgb.Event, error) {
	for {
		ev, more := c.events.pop()
		if ev != nil {
			return ev, nil
		}
		if !more {
			return nil, ErrClosed
		}
		select {
		case <-c.events.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Alive tells whether the connection stands, as far as is known.
func (c *Conn) Alive() bool {
	c.events.mu.Lock()
	defer c.events.mu.Unlock()
	return !c.events.closed
}

// Wake puts a token into Events, for who has diverted events.
func (c *Conn) Wake() { c.events.signal() }

// Divert gives an extension's events of one kind (0 is its first) to f instead
// of the queue, as the 32 bytes that came, valid during the call. f runs on the goroutine
// that reads the connection: it must be quick and must not wait for a reply. Any
// reply that is sent after the event is delivered after f has returned.
func (c *Conn) Divert(extension string, kind int, f func(raw []byte)) {
	c.mu.Lock()
	r := c.exts[extension]
	c.mu.Unlock()
	if r == nil {
		return
	}
	c.stream.mu.Lock()
	c.stream.divert[(int(r.FirstEvent)+kind)&0x7f] = f
	c.stream.mu.Unlock()
}

// Parse puts an extension's events of one kind (0 is its first) into the queue,
// as parse makes them of the 32 bytes that came: for an extension that xgb has
// no package of. Extension must have found it. parse runs on the goroutine that
// reads the connection.
func (c *Conn) Parse(extension string, kind int, parse xgb.NewEventFun) {
	c.mu.Lock()
	r := c.exts[extension]
	c.mu.Unlock()
	if r == nil {
		return
	}
	c.stream.mu.Lock()
	c.stream.parse[(int(r.FirstEvent)+kind)&0x7f] = parse
	c.stream.mu.Unlock()
}
