package auth

// The Gate: logins come in here (door.go has a single one), sessions are kept
// here and held against the config whenever it changes (session.go).

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"rac/auth/config"
	"rac/p2p/wire"
)

// maxSessions bounds the live sessions, and maxOfPeer those of one peer: a guest
// must not fill the house. Each has passed a login.
const (
	maxSessions = 64
	maxOfPeer   = 16
)

// Options are what a Gate needs. Store, Self, Secret and Log must be there.
type Options struct {
	Store Store
	Self  wire.PeerID // this host
	Name  string      // its name, as the viewer is told after a login

	// Secret derives a key from this host's identity: the same label always
	// gives the same 32 bytes (p2p's Identity.Secret).
	Secret func(label string) []byte

	Asker  Asker // nil: there is nobody to ask
	Log    *slog.Logger
	State  *State  // nil: kept in memory only
	Record *Record // nil: nothing is recorded

	// Observe is told what happens, in order and one at a time; nil: nobody wants
	// to know. One that blocks (a full pipe) misses events, and holds up nobody.
	Observe func(Event)
}

// Gate lets peers in, or not, and keeps the sessions of those that it let in.
type Gate struct {
	o      Options
	seals  seals
	limits *limits
	slots  *slots

	loading sync.Mutex // one reading of the config at a time, so that an older one never wins

	mu           sync.Mutex
	cfg          *config.Config        // the last good one; nil before the first
	broken       error                 // of the last reading
	sessions     map[[32]byte]*session // by ticketKey
	asking       int                   // requests that wait for a person
	invite       *invite               // nil: none is open
	lastControl  time.Time             // when a session last had control and lost it
	recordFailed bool
	denials      bucket  // in the record
	missed       int     // denials that have no line in it
	closing      Reason  // "": open
	untold       []Event // for Observe
	telling      bool    // somebody hands them over
	tellers      sync.WaitGroup
	serving      sync.WaitGroup // calls of Serve; Add only with mu held and closing empty
	quit         chan struct{}  // closed when closing is set
}

// NewGate returns a Gate. It reads the config at once; an unreadable one is
// what Reload makes of it.
func NewGate(o Options) *Gate {
	if o.State == nil {
		o.State = &State{}
	}
	g := &Gate{
		o: o, seals: seals{o.Secret(hostSealLabel)}, limits: newLimits(), slots: newSlots(),
		sessions: map[[32]byte]*session{}, quit: make(chan struct{}),
	}
	g.Reload()
	return g
}

// Serve is a wire.Handler for Protocol: one login and, if it succeeds, one
// session, for as long as its line holds. The error is for the log.
func (g *Gate) Serve(ctx context.Context, from wire.PeerID, s wire.Stream) error {
	if !g.begin() {
		return s.Close()
	}
	defer g.serving.Done()
	g.Reload() // what the owner saved a moment ago counts
	// Where an authority is trusted, who is not on the list may say hello and
	// show its certificate; greet turns the others down.
	if c, _ := g.rules(); !allows(c, from) && len(c.Authorities) == 0 {
		return g.turnDown(from, s)
	}
	d := newDoor(g, from, s)
	defer d.l.close()
	return d.serve(ctx)
}

// turnDown is for who is not on the allow list: not a byte of his is read.
func (g *Gate) turnDown(from wire.PeerID, s wire.Stream) error {
	g.o.Log.Info("login refused", "peer", from, "reason", CodeNotAllowed)
	g.observe(Event{Kind: EventDenied, Peer: from, Code: CodeNotAllowed})
	s.SetDeadline(time.Now().Add(farewell))
	l := link{w: wire.NewWriter(s, maxBody)}
	return errors.Join(l.send(msgRefused, &refusedMsg{Code: CodeNotAllowed}), s.Close())
}

func (g *Gate) begin() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing != "" {
		return false
	}
	g.serving.Add(1)
	return true
}

// Reload reads the config again, if it has changed, and holds every session
// against it; call it when config's Watch says that there is something new.
// What is revoked ends before Reload returns. If the config cannot be read,
// unattended access is closed until a later Reload can; live sessions stay, and
// a person may still let somebody in.
func (g *Gate) Reload() {
	g.loading.Lock()
	defer g.loading.Unlock()
	c, err := g.o.Store.Load()
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		if g.broken == nil {
			g.o.Log.Error("the config cannot be used: unattended access is closed until it can", "error", err)
		}
		g.broken = err
		return
	}
	if g.broken != nil {
		g.o.Log.Info("the config is good again")
	}
	g.broken = nil
	if c == g.cfg {
		return
	}
	if g.cfg != nil {
		if keys := config.Changed(g.cfg, c); len(keys) > 0 {
			g.recordLocked(Event{Kind: eventConfig, Time: time.Now(), Changed: keys})
		}
		g.disownLocked(g.cfg, c)
	}
	g.cfg = c
	for _, s := range g.sessions {
		g.reviewLocked(s)
	}
}

// disownLocked makes strangers of those whose saved logins have been revoked: whoever
// has stolen a computer must not guess at the password, or fill the host's memory, with
// the rights of somebody who has been here before.
func (g *Gate) disownLocked(before, now *config.Config) {
	for _, t := range before.Tokens {
		if now.Token(t.Client) != nil {
			continue
		}
		if err := g.o.State.forget(wire.PeerID(t.Client)); err != nil {
			g.o.Log.Warn("state.json cannot be written", "error", err)
		}
	}
}

func (g *Gate) reviewLocked(s *session) {
	if s.state == over {
		return
	}
	st := g.judge(s.basis, s.peer, s.wants, g.cfg)
	if st.reason != "" {
		g.endLocked(s, st.reason)
		return
	}
	s.expires = st.expires
	g.permitLocked(s, st.perms)
}

// rules returns the config to decide by, and whether unattended access is
// closed because a newer one is broken. Before the first good config there is
// one that lets nobody in.
func (g *Gate) rules() (c *config.Config, broken bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.rulesLocked()
}

func (g *Gate) rulesLocked() (*config.Config, bool) {
	if g.cfg == nil {
		return &config.Config{Attended: config.Attended{Mode: config.Never}}, true
	}
	return g.cfg, g.broken != nil
}

var errFull = errors.New("auth: too many sessions")

// admit makes a session of a login, if what it rests on still holds. That is
// looked at under the lock that Reload takes too: nothing slips in between.
func (g *Gate) admit(s *session, s0 Secret) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, broken := g.rulesLocked()
	if g.closing != "" {
		return &Ended{g.closing}
	}
	if broken && s.basis.method != ByAccept && s.basis.method != ByInvite {
		return &Refused{Code: CodeSuspended}
	}
	if g.fullLocked(s.peer) {
		return errFull
	}
	st := g.judge(s.basis, s.peer, s.wants, c)
	if st.reason != "" {
		return &Ended{st.reason}
	}
	if s.basis.method == ByInvite && !g.useInviteLocked(s.basis.invite) {
		return &Refused{Code: CodePassword} // another has just come in by it
	}
	s.id, s.ticket, s.since = g.newIDLocked(), ticketKey(s0), time.Now()
	s.perms, s.expires, s.line = st.perms, st.expires, 1
	s.turn, s.streams = make(chan struct{}), map[*guarded]struct{}{}
	g.sessions[s.ticket] = s
	g.observeLocked(Event{
		Kind: EventSessionStart, Session: s.id, Peer: s.peer, Name: s.name, Verified: s.verified,
		Auth: s.basis.method, Path: s.path, Wants: s.wants, Perms: s.perms,
	})
	return nil
}

// fullLocked says whether there is no place for another session of this peer.
func (g *Gate) fullLocked(peer wire.PeerID) bool {
	n := 0
	for _, s := range g.sessions {
		if s.peer == peer {
			n++
		}
	}
	if n >= maxOfPeer && !g.dropLostLocked(peer) {
		return true
	}
	return len(g.sessions) >= maxSessions && !g.dropLostLocked("")
}

// dropLostLocked makes room: a session whose viewer may never come back must not keep
// out one who is here. With of it looks among that peer's own.
func (g *Gate) dropLostLocked(of wire.PeerID) bool {
	var oldest *session
	for _, s := range g.sessions {
		if s.state != live && (of == "" || of == s.peer) && (oldest == nil || s.since.Before(oldest.since)) {
			oldest = s
		}
	}
	if oldest == nil {
		return false
	}
	g.endLocked(oldest, Lost)
	delete(g.sessions, oldest.ticket)
	return true
}

// newIDLocked returns a name for a session that people can type.
func (g *Gate) newIDLocked() string {
	for {
		id := shortID()
		if !slices.ContainsFunc(g.infosLocked(), func(i SessionInfo) bool { return i.ID == id }) {
			return id
		}
	}
}

// LastControl tells when a session last could send keys and clicks: now, if one
// can, and the zero time if none ever could.
func (g *Gate) LastControl() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.sessions {
		if s.state == live && s.perms.Has(Control) {
			return time.Now()
		}
	}
	return g.lastControl
}

// Known reports whether a peer is more than a stranger: it has been let in before,
// is named in the config, or has a session. When connections get scarce, those of
// strangers go first.
func (g *Gate) Known(peer wire.PeerID) bool {
	c, _ := g.rules()
	return g.knows(peer, c) || g.hasSession(peer)
}

// Shutdown tells every viewer the reason (Stopped or Restarting), ends the
// sessions, refuses new logins and returns when all of that is done, or ctx ends.
func (g *Gate) Shutdown(ctx context.Context, reason Reason) {
	g.close(reason)
	done := make(chan struct{})
	go func() { // ends with the last Serve, which a closed stream ends too
		g.serving.Wait()
		g.tellers.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

func (g *Gate) close(reason Reason) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing != "" {
		return
	}
	g.closing = reason
	close(g.quit)
	for _, s := range g.sessions {
		g.endLocked(s, reason)
		if s.forget != nil {
			s.forget.Stop()
		}
	}
	clear(g.sessions)
}
