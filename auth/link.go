package auth

// A link is one login stream with a goroutine that reads it, so that whoever
// owns the link can wait for the peer and for other things at once.

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"rac/p2p/wire"
)

const (
	// messageTime is how long a peer may take for its next message while
	// neither side has to think.
	messageTime = 10 * time.Second

	// silence is when a session's line counts as lost. Each side hears
	// something every second; both must know within 5 s.
	silence = 4500 * time.Millisecond

	// farewell is how long the last message may take to arrive.
	farewell = time.Second
)

// message is what a link has read: a body that stays valid, or the error that
// ended the reading.
type message struct {
	t    wire.Type
	body []byte
	err  error
}

type link struct {
	s        wire.Stream
	w        *wire.Writer // used by the owner's goroutine only
	in       chan message // the pump gives, the owner takes; nothing is queued
	stop     chan struct{}
	stopOnce sync.Once
	pumping  sync.WaitGroup
	patience atomic.Int64 // time.Duration between two messages
}

// newLink takes over s. The owner must call close or part.
func newLink(s wire.Stream) *link {
	l := &link{s: s, w: wire.NewWriter(s, maxBody), in: make(chan message), stop: make(chan struct{})}
	l.setPatience(messageTime)
	l.pumping.Go(l.pump)
	return l
}

// setPatience says from now on how long the peer may stay silent. It bounds
// our writes too: a peer that does not read is not there.
func (l *link) setPatience(d time.Duration) {
	l.patience.Store(int64(d))
	l.renew()
}

func (l *link) renew() { l.s.SetDeadline(time.Now().Add(time.Duration(l.patience.Load()))) }

func (l *link) pump() {
	r := wire.NewReader(l.s, maxBody)
	for {
		l.renew() // now that we listen: the owner's own time is not the peer's silence
		t, body, err := r.Next()
		m := message{t: t, body: append([]byte(nil), body...), err: err}
		select {
		case l.in <- m:
		case <-l.stop:
			return
		}
		if err != nil {
			return
		}
	}
}

func (l *link) send(t wire.Type, m any) error {
	return l.w.Append(t, func(dst []byte) []byte { return appendJSON(dst, m) })
}

// close ends the link at once.
func (l *link) close() {
	l.stopOnce.Do(func() { close(l.stop) })
	l.s.Close()
	l.pumping.Wait()
}

// part sends a last message and ends the link when the peer has closed its
// side, or after a second.
func (l *link) part(t wire.Type, m any) error {
	defer l.close()
	err := l.send(t, m)
	if err != nil {
		return err
	}
	l.s.CloseWrite()
	late := time.NewTimer(farewell)
	defer late.Stop()
	for {
		select {
		case m := <-l.in:
			if m.err != nil {
				return nil
			}
		case <-late.C:
			return nil
		}
	}
}

// errRules is wrapped by errors about a peer that does not keep to the protocol.
var errRules = errors.New("auth: the peer broke the rules of the login")
