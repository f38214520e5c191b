//go:build unix

package console

import (
	"io"
	"sync"
	"time"
)

// What waits for a program that does not read its keyboard: more than this is
// not kept, and who types does not wait for ever.
const (
	outboxSize = 128 << 10
	roomWait   = 2 * time.Second
	takenWait  = 200 * time.Millisecond
)

// outbox carries bytes to a terminal that may be slow to take them.
type outbox struct {
	wake chan struct{} // holds one token while buf may have something
	done chan struct{} // closed by close

	mu      sync.Mutex
	buf     []byte
	busy    bool          // run is writing
	drained chan struct{} // closed when buf is empty and run is not writing
	ended   bool
}

func newOutbox() *outbox {
	return &outbox{wake: make(chan struct{}, 1), done: make(chan struct{}), drained: make(chan struct{})}
}

// run writes to w until close, or until w breaks.
func (o *outbox) run(w io.Writer) {
	for {
		select {
		case <-o.wake:
		case <-o.done:
			return
		}
		for data := o.take(); len(data) > 0; data = o.take() {
			if _, err := w.Write(data); err != nil {
				return
			}
		}
	}
}

// take returns what is to be written next; nothing means that all was.
func (o *outbox) take() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	data := o.buf
	o.buf, o.busy = nil, len(data) > 0
	if !o.busy {
		close(o.drained)
		o.drained = make(chan struct{})
	}
	return data
}

// offer appends data if there is room, and returns what is closed when it is
// written.
func (o *outbox) offer(data []byte) (ok bool, drained <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended || len(o.buf)+len(data) > outboxSize {
		return false, o.drained
	}
	o.buf = append(o.buf, data...)
	select {
	case o.wake <- struct{}{}:
	default:
	}
	return true, o.drained
}

// put waits until data is written, for a while; false: it was dropped.
func (o *outbox) put(data []byte) bool {
	ok, drained := o.offer(data)
	if !ok {
		o.await(drained, roomWait)
		if ok, drained = o.offer(data); !ok {
			return false
		}
	}
	o.await(drained, takenWait)
	return true
}

func (o *outbox) await(drained <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-drained:
	case <-o.done:
	case <-t.C:
	}
}

// idle reports whether everything was written.
func (o *outbox) idle() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.buf) == 0 && !o.busy
}

func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.ended {
		o.ended = true
		close(o.done)
	}
}
