package auth

// How a session goes on over another line, on the host.

import (
	"crypto/subtle"

	"rac/p2p/wire"
)

// resumption is what resumes a session: a secret that is good once. Each welcome
// brings the next one. The line may break before the viewer has it, so the last
// one stays good until the viewer is heard on the new line.
type resumption struct {
	last, next [32]byte // hashes; last is zero once the viewer has shown that it has next
}

// takes tells whether a secret is good, and puts fresh in the place of the next
// one.
func (r *resumption) takes(secret, fresh Secret) bool {
	got, none := secret.hash(), [32]byte{}
	switch {
	case subtle.ConstantTimeCompare(got[:], r.next[:]) == 1:
		r.last = r.next
	case r.last == none || subtle.ConstantTimeCompare(got[:], r.last[:]) != 1:
		return false
	}
	r.next = fresh.hash()
	return true
}

// received is called when the viewer is heard on a line: it has what the welcome
// brought, and what it came with is worth nothing any more.
func (g *Gate) received(s *session, line int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.line == line {
		s.resume.last = [32]byte{}
	}
}

// resume finds a peer's session and gives it to a new line; fresh is what resumes
// it the next time.
func (g *Gate) resume(from wire.PeerID, path string, m *resumeMsg, fresh Secret) (s *session, line int, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s = g.sessions[ticketKey(Ticket(m.Ticket))]
	switch {
	case s == nil || s.peer != from:
		return nil, 0, &Refused{Code: CodeGone}
	case s.state == over:
		return nil, 0, &Ended{s.reason}
	case !s.resume.takes(Secret(m.Secret), fresh):
		g.o.Log.Warn("a session was to be resumed by a secret that is used up", "session", s.id, "peer", s.peer)
		return nil, 0, &Refused{Code: CodeGone}
	}
	if s.forget != nil {
		s.forget.Stop()
		s.forget = nil
	}
	s.state, s.path = live, path
	s.line++
	s.retireLocked()
	g.changedLocked(s)
	g.o.Log.Info("session resumed", "session", s.id, "peer", s.peer)
	return s, s.line, nil
}

// retireLocked ends the streams for the screen and the keys that were opened two
// lines ago or before. Those of the last line may still be at work while the ones
// of this line come up; of those before them the viewer has let go, which a dead
// line has not told us, and they would count against maxScreens.
func (s *session) retireLocked() {
	for stream := range s.streams {
		if (stream.need == View || stream.need == Control) && stream.line < s.line-1 {
			stream.end(&Ended{Lost})
		}
	}
}
