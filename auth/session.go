package auth

// A session, from its welcome to its end, on the host.

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync/atomic"
	"time"

	"rac/auth/config"
	"rac/p2p/wire"
)

// resumeTime is for how long a session whose line was lost waits for its viewer.
const resumeTime = 10 * time.Minute

// sessionState:
//
//	live ──line lost──▶ lost ──resume──▶ live
//	 │                   │
//	 └──bye, revoked, kicked, stopped, ten minutes──▶ over
type sessionState int

const (
	live sessionState = iota
	lost
	over
)

// basis is what a session rests on. When that is withdrawn, so is the session.
type basis struct {
	method       Method
	passwordHash [32]byte    // of the line in the config: password, token
	granted      Perms       // what the person or the invite gave
	cred         *credential // what stands for the peer; nil: nothing
	invite       *invite
	saved        bool // it gave out a saved login: revoking that means this client, also in this session
}

type session struct {
	id       string // for people; not the ticket
	ticket   [32]byte
	peer     wire.PeerID
	name     string
	verified string
	wants    Perms
	basis    basis
	since    time.Time
	bytes    atomic.Int64 // through guarded streams

	// guarded by Gate.mu
	state   sessionState
	path    string // how its line runs: direct or relayed
	perms   Perms
	expires time.Time // zero: no fixed end
	reason  Reason    // of the end
	line    int       // counts the login streams that it has had; the last one is the one
	resume  resumption
	turn    chan struct{} // closed and replaced when any of these changes
	forget  *time.Timer   // when lost: ends it; when over: forgets why
	streams map[*guarded]struct{}
}

// ticketKey is what tickets are kept and found by: a search among hashes tells
// nobody by its time how close a guess was.
func ticketKey(t Ticket) [32]byte { return sha256.Sum256(t[:]) }

func hashOf(passwordHash string) [32]byte { return sha256.Sum256([]byte(passwordHash)) }

// standing is what a config makes of a session: what it may do and until when,
// or why it must end.
type standing struct {
	perms   Perms
	expires time.Time // zero: no fixed end
	reason  Reason    // "": it stays
}

// judge holds what a session rests on against a config.
func (g *Gate) judge(b basis, peer wire.PeerID, wants Perms, c *config.Config) standing {
	st := standing{perms: b.granted}
	if !allows(c, peer) {
		if !vouched(b.cred, peer, c) {
			return standing{reason: Revoked}
		}
		st.expires = b.cred.cert.end()
	}
	switch b.method {
	case ByPassword:
		if st.reason = passwordStanding(b, c); st.reason == "" && b.saved && c.Token(string(peer)) == nil {
			st.reason = Revoked
		}
	case ByToken:
		if st.reason = passwordStanding(b, c); st.reason == "" {
			g.judgeToken(&st, peer, c)
		}
	case ByCertificate:
		judgeCertificate(&st, b, peer, c)
	}
	if st.perms &= wants & hostPerms(c); st.reason == "" && st.perms == 0 {
		st.reason = Permission
	}
	return st
}

// vouched: somebody whom the owner trusts stands for a peer that is not on the
// list.
func vouched(cr *credential, peer wire.PeerID, c *config.Config) bool {
	if cr == nil {
		return false
	}
	_, err := cr.believed(peer, c, time.Now())
	return err == nil
}

func passwordStanding(b basis, c *config.Config) Reason {
	switch {
	case !c.Unattended.Enabled:
		return Disabled
	case c.Unattended.PasswordHash == "" || hashOf(c.Unattended.PasswordHash) != b.passwordHash:
		return PasswordChanged
	}
	return ""
}

func (g *Gate) judgeToken(st *standing, peer wire.PeerID, c *config.Config) {
	t := c.Token(string(peer))
	if t == nil || expired(t.Expires, time.Now()) {
		st.reason = Revoked
		return
	}
	if _, err := g.seals.open(peer, c.Unattended.PasswordHash, t.Sealed); err != nil {
		st.reason = Revoked // somebody wrote another line there
		return
	}
	st.perms &= limited(t.Permissions)
	if st.expires.IsZero() || !t.Expires.IsZero() && t.Expires.Before(st.expires) {
		st.expires = t.Expires
	}
}

// expired takes a zero time for "never".
func expired(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

func (g *Gate) changedLocked(s *session) {
	close(s.turn)
	s.turn = make(chan struct{})
}

// endLocked ends a session for good. It stays known for a while if its line is
// lost, so that a viewer who comes back is told why.
func (g *Gate) endLocked(s *session, reason Reason) {
	if s.state == over {
		return
	}
	wasLost := s.state == lost
	g.noteControlLocked(s)
	s.state, s.reason, s.perms = over, reason, 0
	g.releaseLocked(s)
	if s.forget != nil {
		s.forget.Stop()
	}
	if wasLost && reason != Lost {
		s.forget = time.AfterFunc(resumeTime, func() { g.dropTicket(s) })
	} else {
		delete(g.sessions, s.ticket)
	}
	g.changedLocked(s)
	g.observeLocked(Event{
		Kind: EventSessionEnd, Session: s.id, Peer: s.peer, Name: s.name, Verified: s.verified, Auth: s.basis.method,
		Path: s.path, Reason: reason, Lasted: time.Since(s.since), Bytes: s.bytes.Load(),
	})
}

func (g *Gate) dropTicket(s *session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.sessions, s.ticket)
}

// releaseLocked closes the guarded streams that the session's state and
// permissions no longer cover: keys that are down come up at once.
func (g *Gate) releaseLocked(s *session) {
	for stream := range s.streams {
		if s.state != live || !s.perms.Has(stream.need) {
			stream.end(&Ended{s.whyLocked()})
		}
	}
}

func (s *session) whyLocked() Reason {
	switch s.state {
	case over:
		return s.reason
	case lost:
		return Lost
	}
	return Permission
}

// noteControlLocked is called before a session may lose control.
func (g *Gate) noteControlLocked(s *session) {
	if s.state == live && s.perms.Has(Control) {
		g.lastControl = time.Now()
	}
}

// permitLocked changes what a session may do.
func (g *Gate) permitLocked(s *session, perms Perms) {
	if perms == s.perms {
		return
	}
	g.noteControlLocked(s)
	s.perms = perms
	g.releaseLocked(s)
	g.changedLocked(s)
}

// lose keeps a session for its viewer to come back to.
func (g *Gate) lose(s *session, line int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.line != line || s.state != live {
		return
	}
	g.noteControlLocked(s)
	s.state = lost
	g.releaseLocked(s)
	s.forget = time.AfterFunc(resumeTime, func() { g.giveUp(s, line) })
	g.changedLocked(s)
	g.o.Log.Info("line lost", "session", s.id, "peer", s.peer)
}

// giveUp ends a session whose viewer has not come back; the timer may have fired
// in the very moment in which he does.
func (g *Gate) giveUp(s *session, line int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.state == lost && s.line == line {
		g.endLocked(s, Lost)
	}
}

func (g *Gate) end(s *session, reason Reason) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.endLocked(s, reason)
}

// ErrMoving as the cause with which the context of Serve ends says that the host is
// there again in a moment: sessions wait for their viewers as on a line that is lost.
var ErrMoving = errors.New("the host goes over to another network node")

// hold is the session's life on one line: it answers the viewer's pings, tells
// it what changes (told is what it knows), and returns when the line or the
// session is over.
func (g *Gate) hold(ctx context.Context, s *session, line int, l *link, issue *issue, told Perms) error {
	l.setPatience(silence)
	for {
		g.mu.Lock()
		if expired(s.expires, time.Now()) { // looked at once a second: the viewer pings
			g.endLocked(s, Revoked)
		}
		state, perms, reason, current, turn := s.state, s.perms, s.reason, s.line, s.turn
		g.mu.Unlock()
		if current != line {
			l.close() // the viewer has moved to another line
			return nil
		}
		if state == over {
			return l.part(msgBye, &byeMsg{reason})
		}
		if perms != told {
			if err := l.send(msgPerms, &permsMsg{perms.Names()}); err != nil {
				return g.broke(s, line, l, err)
			}
			told = perms
		}
		select {
		case m := <-l.in:
			if done, err := g.hear(s, line, l, issue, m); done {
				return err
			}
		case <-turn:
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), ErrMoving) {
				return g.broke(s, line, l, ErrMoving)
			}
			g.end(s, Stopped)
		}
	}
}

func (g *Gate) permsOf(s *session) Perms {
	g.mu.Lock()
	defer g.mu.Unlock()
	return s.perms
}

// broke handles a line that no longer carries anything.
func (g *Gate) broke(s *session, line int, l *link, err error) error {
	g.lose(s, line)
	l.close()
	return err
}

// hear takes one message of a session.
func (g *Gate) hear(s *session, line int, l *link, issue *issue, m message) (done bool, err error) {
	if m.err != nil {
		return true, g.broke(s, line, l, m.err)
	}
	switch m.t {
	case msgPing:
		var ping pingMsg
		if err := parse(m.body, &ping); err != nil {
			return true, g.broke(s, line, l, err)
		}
		g.received(s, line)
		if err := l.send(msgPong, &ping); err != nil {
			return true, g.broke(s, line, l, err)
		}
	case msgSaved:
		var saved savedMsg
		if err := parse(m.body, &saved); err != nil {
			return true, g.broke(s, line, l, err)
		}
		if err := l.send(msgSaved, &savedMsg{OK: g.settle(s, issue, saved.OK)}); err != nil {
			return true, g.broke(s, line, l, err)
		}
	case msgBye:
		g.end(s, Closed)
		l.close()
		return true, nil
	}
	return false, nil // what else there may be is a newer viewer's, or late
}
