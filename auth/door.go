package auth

// One login at the host's door. A single goroutine runs it and writes its
// stream; it waits for the viewer, for the person who is being asked, and for
// whatever ends it.
//
//	        hello          proof                    (second factor)
//	fresh ─────────▶ open ───────▶ … ──────────────────────────────▶ session
//	  │ resume         │ ▲  │
//	  └──────▶ session │ └──┘ wrong, and there may be another try
//	                   ▼
//	                refused

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"rac/auth/config"
	"rac/p2p/wire"
)

const (
	// loginTime bounds a login in which nobody types, from the first byte on.
	loginTime = 30 * time.Second

	// typingTime is for how long the host waits for a person at the viewer;
	// his viewer must give signs of life meanwhile.
	typingTime = 3 * time.Minute

	// maxTries is how often one login may try; the limits stop it long before,
	// unless its peer is known.
	maxTries = 20
)

// door is one login.
type door struct {
	g      *Gate
	from   wire.PeerID
	remote wire.Remote // where it comes from
	l      *link
	log    *slog.Logger
	who    guesser
	slot   *slot

	until time.Time // when patience ends

	// from hello on
	name     string
	verified string
	wants    Perms
	person   bool
	bind     binding
	hash     *passwordHash // nil: no password may be tried
	hashText string        // the config's line it was read from

	// from the proofs
	tries    int
	run      *spakeVerifier // between the two messages of a password or an invite
	runBy    Method         // which of them
	cred     *credential
	invite   *invite // the one that this login may try; nil: none was open
	puzzle   *puzzle // waits for its solution
	paid     bool    // a solution was given, and not yet used
	tokenDue bool    // a token may still be presented
	asked    chan asked
	hangUp   context.CancelFunc // ends the asking
	proved   *basis             // waits for the second factor
	save     bool               // the viewer wants a token
	told     Perms              // what the welcome said
	stored   *storedToken       // the token that it came in with
}

// asked is what came of asking a person.
type asked struct {
	answer Answer
	err    error
}

func newDoor(g *Gate, from wire.PeerID, s wire.Stream) *door {
	return &door{
		g: g, from: from, remote: wire.RemoteOf(s), l: newLink(s), log: g.o.Log.With("peer", from),
		until: time.Now().Add(loginTime), tokenDue: true,
	}
}

// serve is the whole login and the session after it.
func (d *door) serve(ctx context.Context) error {
	c, _ := d.g.rules()
	loginCtx, cancel := context.WithCancelCause(ctx) // ends too when the place is taken away
	defer cancel(nil)
	d.who = guesser{peer: d.from, source: bounded(d.remote.Source, 100), known: d.g.knows(d.from, c)}
	if d.slot = d.g.slots.take(d.who, d.rank(), cancel); d.slot == nil {
		return d.sendAway()
	}
	defer d.leaveSlot()
	defer d.stopAsking()
	defer d.wrongPassword()
	s, line, issue, err := d.login(loginCtx)
	if err != nil {
		d.leaveSlot()
		return d.turnAway(err)
	}
	d.leaveSlot() // now: the deferred calls are for a session's end
	d.stopAsking()
	d.wrongPassword()
	return d.g.hold(ctx, s, line, d.l, issue, d.told)
}

func (d *door) rank() rank {
	if d.who.known {
		return known
	}
	return stranger
}

func (d *door) leaveSlot() { d.g.slots.free(d.slot) }

// turnAway ends a login that did not succeed, with the last word that the
// viewer is owed.
func (d *door) turnAway(err error) error {
	var refused *Refused
	var ended *Ended
	switch {
	case errors.As(err, &refused):
		return d.refuse(refused)
	case errors.As(err, &ended):
		return errors.Join(d.l.part(msgBye, &byeMsg{ended.Reason}), err)
	case errors.Is(err, errEvicted):
		return d.sendAway()
	case errors.Is(err, errFull):
		return d.refuse(&Refused{Code: CodeBusy, RetryAfter: time.Second})
	case errors.Is(err, errRules):
		d.log.Warn("login ended", "error", err)
		return errors.Join(d.refuse(&Refused{Code: CodeProtocol}), err)
	}
	d.l.close()
	return err
}

// sendAway is for a peer for whom there is no place. Nobody waits until he has heard
// it: a flood must not make us wait.
func (d *door) sendAway() error {
	d.l.setPatience(farewell)
	d.l.send(msgRefused, &refusedMsg{Code: CodeBusy, RetryAfter: 1})
	d.l.close()
	return &Refused{Code: CodeBusy}
}

func (d *door) refuse(r *Refused) error {
	if r.Code != CodeGone { // nobody asked for anything: a viewer looked for its old session
		d.denied(r.Code)
	}
	d.log.Info("login refused", "reason", r.Code)
	return d.l.part(msgRefused, &refusedMsg{Code: r.Code, RetryAfter: seconds(r.RetryAfter)})
}

// seconds rounds up: who waits that long has waited long enough.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// login is everything up to the welcome.
func (d *door) login(ctx context.Context) (s *session, line int, issue *issue, err error) {
	first, err := d.next(ctx)
	if err != nil {
		return nil, 0, nil, err
	}
	switch first.t {
	case msgResume:
		s, line, err = d.resume(first.body)
		return s, line, nil, err
	case msgHello:
	default:
		return nil, 0, nil, fmt.Errorf("%w: it starts with message 0x%02x", errRules, uint8(first.t))
	}
	if err := d.greet(first.body); err != nil {
		return nil, 0, nil, err
	}
	if b := d.byCertificate(d.g.rules()); b != nil {
		return d.welcome(*b)
	}
	for {
		b, err := d.step(ctx)
		if err != nil {
			return nil, 0, nil, err
		}
		if b != nil {
			return d.welcome(*b)
		}
	}
}

// step waits for one thing to happen. A basis means that the viewer is let in.
func (d *door) step(ctx context.Context) (*basis, error) {
	late := time.NewTimer(time.Until(d.until))
	defer late.Stop()
	select {
	case m := <-d.l.in:
		return d.hear(ctx, m)
	case a := <-d.asked:
		return d.answered(a)
	case <-late.C:
		return nil, errors.New("auth: the login took too long")
	case <-d.g.quit:
		return nil, &Ended{d.g.why()}
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (g *Gate) why() Reason {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closing
}

// next waits for the first message.
func (d *door) next(ctx context.Context) (message, error) {
	select {
	case m := <-d.l.in:
		return m, m.err
	case <-d.g.quit:
		return message{}, &Ended{d.g.why()}
	case <-ctx.Done():
		return message{}, context.Cause(ctx)
	}
}

func (d *door) hear(ctx context.Context, m message) (*basis, error) {
	if m.err != nil {
		return nil, m.err
	}
	switch m.t {
	case msgProof:
		return d.proof(ctx, m.body)
	case msgPing:
		var ping pingMsg
		if err := parse(m.body, &ping); err != nil {
			return nil, fmt.Errorf("%w: %w", errRules, err)
		}
		return nil, d.l.send(msgPong, &ping)
	case msgBye:
		return nil, errors.New("auth: the viewer gave up")
	case msgHello, msgResume, msgSaved:
		return nil, fmt.Errorf("%w: message 0x%02x out of turn", errRules, uint8(m.t))
	}
	return nil, nil // a newer viewer may say more
}

// greet answers hello with what is open to this viewer.
func (d *door) greet(body []byte) error {
	var hello helloMsg
	if err := parse(body, &hello); err != nil {
		return fmt.Errorf("%w: %w", errRules, err)
	}
	wants, err := ParsePerms(hello.Wants)
	if err != nil {
		return fmt.Errorf("%w: %w", errRules, err)
	}
	if wants == 0 {
		wants = AllPerms
	}
	d.name, d.wants, d.person = clean(hello.Name, maxName), wants, hello.Person
	if d.person {
		d.until = time.Now().Add(typingTime)
	}
	c, broken := d.g.rules()
	if d.showCertificate(hello.Cert, c); !allows(c, d.from) && d.cred == nil {
		return &Refused{Code: CodeNotAllowed}
	}
	if d.cred != nil {
		d.who.known = true
		d.g.slots.raise(d.slot, known)
	}
	challenge := d.challenge(c, broken)
	text := appendJSON(nil, challenge)
	d.bind = binding{context: transcriptHash(body, text), idProver: string(d.from), idVerifier: string(d.g.o.Self)}
	return d.l.w.Write(msgChallenge, text)
}

func (d *door) challenge(c *config.Config, broken bool) *challengeMsg {
	m := &challengeMsg{Version: protocolVersion, Methods: []Method{}, Nonce: make(b64, nonceLen)}
	rand.Read(m.Nonce)
	if unattended(c) && !broken {
		hash, err := parsePasswordHash(c.Unattended.PasswordHash)
		if err != nil {
			d.log.Error("no unattended access", "error", err)
		} else {
			d.hash, d.hashText = hash, c.Unattended.PasswordHash
			m.Methods = append(m.Methods, ByPassword)
			m.KDF = hash.kdf.msg()
			m.MaySave = c.Unattended.AllowSaveLogin
		}
	}
	if c.Attended.Mode == config.Ask {
		m.Methods = append(m.Methods, ByAccept)
	}
	if toll := d.g.limits.next(d.who); !d.who.known && (toll.bits > 0 || d.g.slots.crowded()) {
		d.puzzle = newPuzzle(toll.bits)
		m.Puzzle = d.puzzle
	}
	if d.byCertificate(c, broken) != nil {
		m.Methods = append(m.Methods, ByCertificate)
	}
	if d.invite = d.g.openInvite(); d.invite != nil {
		m.Methods = append(m.Methods, ByInvite)
		m.Invite = d.invite.hash.kdf.msg()
	}
	return m
}

// again tells the viewer that this did not work and that the login goes on.
func (d *door) again(code Code, t toll) error {
	m := &refusedMsg{Code: code, RetryAfter: seconds(t.wait), Again: true}
	if t.bits > 0 {
		d.puzzle = newPuzzle(t.bits)
		m.Puzzle = d.puzzle
	}
	d.log.Info("login: not yet", "reason", code)
	if code != CodeNeedsCode {
		d.denied(code)
	}
	return d.l.send(msgRefused, m)
}

func (d *door) denied(code Code) {
	d.g.observe(Event{Kind: EventDenied, Peer: d.from, Name: d.name, Verified: d.verified, Code: code})
}

// shortID makes names for sessions: 25 random bits, as letters and digits.
func shortID() string {
	var b [4]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:])[:5])
}
