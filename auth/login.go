package auth

// The viewer's side of a login. A single goroutine runs it and writes its
// stream; whatever takes time (a person, a file, argon2id, a puzzle) runs beside
// it and comes back as the next thing to do. How it begins: login_hello.go; what is
// typed: login_password.go.

import (
	"context"
	"fmt"
	"sync"
	"time"

	"rac/p2p/wire"
)

// heartbeat is how often the viewer shows that it is there.
const heartbeat = time.Second

// await is the answer that the viewer waits for. A host that gives another one
// could open prompt upon prompt.
type await int

const (
	awaitNothing await = iota
	awaitToken         // what becomes of a saved login
	awaitShare         // the host's half of a password run
	awaitConfirm       // what becomes of the password
	awaitCode          // what becomes of the second factor
)

// client is one login under way.
type client struct {
	awaits await
	p      Prover
	l      *link
	ctx    context.Context
	todo   chan func() error // what background work has come to
	work   sync.WaitGroup

	open    []Method // what the host offers
	kdf     kdf
	words   kdf // of the invite
	maySave bool
	bind    binding

	attempt   int
	typed     Typed
	solving   bool          // the challenge's puzzle is not solved yet
	held      bool          // a share waits for that
	run       *spakeProver  // between the messages of a password or an invite
	runBy     Method        // which of them
	wait      time.Duration // before the next attempt
	asking    bool
	announced bool // the host has said that it asks
	byToken   bool // a saved login was presented
	last      Code // why the last proof failed
	pings     uint64
	welcomed  *welcomeMsg
}

// LogIn logs in on a fresh stream of Protocol and keeps it: the session lives
// until Close, ctx's end, or the host ends it. The error of a login that was not
// let in is *Refused; *Ended if the host closed meanwhile. LogIn owns s from the
// call on.
func LogIn(ctx context.Context, s wire.Stream, p Prover) (*Pass, error) {
	inner, cancel := context.WithCancel(ctx)
	c := &client{p: p, l: newLink(s), ctx: inner, todo: make(chan func() error)}
	err := c.untilWelcome()
	cancel()
	c.typed.Password.Clear()
	c.work.Wait()
	if err != nil {
		if c.l.send(msgBye, &byeMsg{Closed}) == nil {
			s.CloseWrite()
		}
		c.l.close()
		return nil, err
	}
	return newPass(ctx, c.l, c.p, c.welcomed, c.saveToken())
}

// untilWelcome returns when there is a welcome, or an error.
func (c *client) untilWelcome() error {
	if err := c.hello(); err != nil {
		return err
	}
	if err := c.begin(); err != nil {
		return err
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for c.welcomed == nil {
		if err := c.step(beat.C); err != nil {
			return err
		}
	}
	return nil
}

func (c *client) step(beat <-chan time.Time) error {
	select {
	case m := <-c.l.in:
		return c.hear(m)
	case next := <-c.todo:
		return next()
	case <-beat:
		c.pings++
		return c.l.send(msgPing, &pingMsg{c.pings})
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

// beside runs something that takes time; what it returns is done by the login's
// own goroutine, unless the login is over by then.
func (c *client) beside(f func() func() error) {
	c.work.Go(func() {
		next := f()
		select {
		case c.todo <- next:
		case <-c.ctx.Done():
		}
	})
}

// begin brings the first proof: the saved login if there is one.
func (c *client) begin() error {
	if c.p.Cert != "" && c.offers(ByCertificate) {
		return nil // it was enough: the welcome is on its way
	}
	if c.p.SavedLogin != nil {
		if token, ok := c.p.SavedLogin(); ok {
			c.byToken, c.awaits = true, awaitToken
			return c.l.send(msgProof, &proofMsg{Method: ByToken, Token: token[:]})
		}
	}
	return c.without()
}

// without goes on without a saved login: see CLI.md, "which of 4, 5, 6".
func (c *client) without() error {
	password := c.typable() && c.p.Password != nil
	switch {
	case !c.typable() && !c.offers(ByAccept):
		return &Refused{Code: c.or(CodeSuspended, CodeNoWayIn)}
	case c.offers(ByPassword) && !password:
		return &Refused{Code: c.or(CodeTokenDead, CodeNeedsPassword)}
	}
	if c.offers(ByAccept) && (c.p.Person || !password) {
		c.asking = true // until the host says otherwise
		if err := c.l.send(msgProof, &proofMsg{Method: ByAccept}); err != nil {
			return err
		}
	}
	if password {
		c.prompt()
	}
	return nil
}

// or prefers what the last proof failed for, if it was that.
func (c *client) or(last, otherwise Code) Code {
	if c.last == last {
		return last
	}
	return otherwise
}

func (c *client) notice(n Notice) {
	n.Asking = c.asking
	if c.p.Notice != nil {
		c.p.Notice(n)
	}
}

func (c *client) hear(m message) error {
	if m.err != nil {
		return m.err
	}
	switch m.t {
	case msgProof:
		return heard(m.body, c.proved)
	case msgAsking:
		return heard(m.body, c.isAsking)
	case msgRefused:
		return heard(m.body, c.refused)
	case msgWelcome:
		return heard(m.body, c.welcome)
	case msgBye:
		return heard(m.body, func(m *byeMsg) error { return &Ended{hostReason(m.Reason)} })
	case msgPong:
		return nil
	case msgChallenge, msgPerms, msgSaved, msgHello, msgResume, msgPing:
		return fmt.Errorf("%w: message 0x%02x out of turn", errRules, uint8(m.t))
	}
	return nil // a newer host may say more
}

func (c *client) isAsking(m *askingMsg) error {
	if !c.asking || c.announced {
		return fmt.Errorf("%w: it asks a person without a request", errRules)
	}
	c.announced = true
	c.notice(Notice{Timeout: time.Duration(m.Seconds) * time.Second})
	return nil
}

// heard parses a body and hands it on.
func heard[M any, P interface {
	*M
	check() error
}](body []byte, take func(P) error) error {
	m := P(new(M))
	if err := parse(body, m); err != nil {
		return fmt.Errorf("%w: %w", errRules, err)
	}
	return take(m)
}

// refused is the host's no, which may leave other ways open.
func (c *client) refused(m *refusedMsg) error {
	if !m.Again {
		return &Refused{Code: m.Code, RetryAfter: m.wait()}
	}
	waited := c.awaits
	switch {
	case m.Code == CodeDenied, m.Code == CodeNoAnswer, m.Code == CodeNobody, m.Code == CodeBusy:
		return c.notAccepted(m)
	case waited == awaitToken && (m.Code == CodeTokenDead || m.Code == CodeSuspended):
		return c.tokenRefused(m.Code)
	case waited == awaitShare && m.Code == CodeThrottled:
		return c.throttled(m)
	case waited == awaitConfirm && m.Code == CodePassword:
		return c.wrong(m.wait())
	case (waited == awaitToken || waited == awaitConfirm) && m.Code == CodeNeedsCode, waited == awaitCode && m.Code == CodeCode:
		return c.askCode(m)
	}
	return fmt.Errorf("%w: it refuses (%q) what it was not shown", errRules, m.Code)
}

func (c *client) tokenRefused(code Code) error {
	c.byToken, c.last, c.awaits = false, code, awaitNothing
	if code == CodeTokenDead && c.p.DropLogin != nil {
		c.p.DropLogin()
	}
	c.notice(Notice{Code: code})
	return c.without()
}

// notAccepted: the person at the host said no, or cannot be asked. The password
// may still be typed.
func (c *client) notAccepted(m *refusedMsg) error {
	if !c.asking {
		return fmt.Errorf("%w: it refuses a request that was not made", errRules)
	}
	c.asking = false
	if !c.typable() || c.p.Password == nil {
		return &Refused{Code: m.Code, RetryAfter: m.wait()}
	}
	if m.Code != CodeNobody {
		c.notice(Notice{Code: m.Code})
	}
	return nil
}

func (c *client) welcome(m *welcomeMsg) error {
	if len(m.Ticket) != len(Ticket{}) {
		return fmt.Errorf("%w: a welcome without a ticket", errRules)
	}
	c.welcomed = m
	return nil
}

// saveToken returns the token to store, if the host has sent one that was asked
// for, or one in place of that which was presented.
func (c *client) saveToken() (token *Secret) {
	wanted := c.welcomed.Auth == ByPassword && c.typed.Remember || c.welcomed.Auth == ByToken && c.byToken
	if len(c.welcomed.Token) == 0 || !wanted || c.p.SaveLogin == nil {
		return nil
	}
	s := Secret(c.welcomed.Token)
	return &s
}
