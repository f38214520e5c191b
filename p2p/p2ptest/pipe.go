// Package p2ptest has what tests of the other packages need of p2p: a stream
// between two ends in memory. It does not import libp2p, so that a test of a
// login or a picture builds in a second.
package p2ptest

import (
	"io"
	"os"
	"sync"
	"time"

	"rac/p2p/wire"
)

// Pipe returns the two ends of a stream in memory. A Write returns at once
// until buffer bytes wait to be read, as on a line with that much in flight.
// It works in real time and inside a testing/synctest bubble alike.
func Pipe(buffer int) (a, b wire.Stream) {
	ab, ba := newHalf(buffer), newHalf(buffer)
	return &end{in: ba, out: ab}, &end{in: ab, out: ba}
}

type end struct{ in, out *half }

func (e *end) Read(p []byte) (int, error)  { return e.in.read(p) }
func (e *end) Write(p []byte) (int, error) { return e.out.write(p) }
func (e *end) CloseWrite() error           { e.out.finish(io.EOF); return nil }
func (e *end) Close() error {
	e.out.finish(io.EOF)
	e.in.finish(io.ErrClosedPipe)
	return nil
}
func (e *end) SetDeadline(t time.Time) error {
	e.in.readDeadline.set(t)
	e.out.writeDeadline.set(t)
	return nil
}

// half carries bytes in one direction.
type half struct {
	limit                       int
	readDeadline, writeDeadline *deadline

	mu   sync.Mutex
	buf  []byte
	done error         // io.EOF: the writer has closed; io.ErrClosedPipe: the reader has
	turn chan struct{} // closed and replaced whenever buf or done changes
}

func newHalf(limit int) *half {
	h := &half{limit: limit, turn: make(chan struct{})}
	h.readDeadline, h.writeDeadline = newDeadline(), newDeadline()
	return h
}

func (h *half) changedLocked() {
	close(h.turn)
	h.turn = make(chan struct{})
}

func (h *half) finish(reason error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.done == nil || reason == io.ErrClosedPipe {
		h.done = reason
		h.changedLocked()
	}
}

func (h *half) read(p []byte) (int, error) {
	for {
		h.mu.Lock()
		turn := h.turn
		switch {
		case h.done == io.ErrClosedPipe:
			h.mu.Unlock()
			return 0, io.ErrClosedPipe
		case len(h.buf) > 0:
			n := copy(p, h.buf)
			h.buf = h.buf[n:]
			h.changedLocked()
			h.mu.Unlock()
			return n, nil
		case h.done != nil:
			h.mu.Unlock()
			return 0, io.EOF
		}
		h.mu.Unlock()
		select {
		case <-turn:
		case <-h.readDeadline.passed():
			return 0, os.ErrDeadlineExceeded
		}
	}
}

func (h *half) write(p []byte) (int, error) {
	for written := 0; ; {
		h.mu.Lock()
		turn := h.turn
		if h.done != nil {
			h.mu.Unlock()
			return written, io.ErrClosedPipe
		}
		if room := h.limit - len(h.buf); room > 0 {
			n := min(room, len(p)-written)
			h.buf = append(h.buf, p[written:written+n]...)
			written += n
			h.changedLocked()
		}
		h.mu.Unlock()
		if written == len(p) {
			return written, nil
		}
		select {
		case <-turn:
		case <-h.writeDeadline.passed():
			return written, os.ErrDeadlineExceeded
		}
	}
}

// deadline is a channel that is closed while a deadline has passed.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	over  chan struct{}
}

func newDeadline() *deadline { return &deadline{over: make(chan struct{})} }

func (d *deadline) passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.over
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer = nil
	select {
	case <-d.over:
		d.over = make(chan struct{})
	default:
	}
	if t.IsZero() {
		return
	}
	// A pending Read waits on d.over itself, so the channel must stay until it
	// is closed; a timer that fires after it was replaced finds another one.
	var timer *time.Timer
	timer = time.AfterFunc(time.Until(t), func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.timer == timer {
			close(d.over)
		}
	})
	d.timer = timer
}
