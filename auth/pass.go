package auth

// A session seen from the viewer's side. How it goes on when its line is lost:
// pass_resume.go.

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rac/p2p/wire"
)

// Pass is a session for as long as its line holds. When the line is lost, Resume makes
// a new Pass of the same session.
type Pass struct {
	HostName  string // as the host calls itself; fit to be shown, not verified
	Auth      Method
	SaveLogin bool // the host lets logins be saved

	ticket Ticket
	secret Secret // resumes the session, once
	p      Prover
	l      *link
	cancel context.CancelFunc
	leave  chan Reason // what Close has to say
	once   sync.Once
	done   chan struct{} // closed when the loop has ended
	stored chan struct{} // closed when the host has answered whether a new token is safe there; nil: there is none

	mu    sync.Mutex // guards the following
	perms Perms
	rtt   time.Duration
	heard time.Time // when the host last was
	err   error
}

// Format keeps fmt, and so every log, from showing the ticket: fmt does not call
// the methods of fields that are not exported.
func (p *Pass) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "a session at %q", p.HostName) }

// newPass starts a session's loop. token, if there is one, is stored first.
func newPass(ctx context.Context, l *link, p Prover, m *welcomeMsg, token *Secret) (*Pass, error) {
	pass := &Pass{
		HostName: clean(m.Host, maxName), Auth: hostMethod(m.Auth), SaveLogin: m.MaySave,
		p: p, l: l, leave: make(chan Reason, 1), done: make(chan struct{}),
	}
	copy(pass.ticket[:], m.Ticket)
	copy(pass.secret[:], m.Resume)
	pass.perms, pass.heard = lenient(m.Perms), time.Now()
	if token != nil {
		pass.stored = make(chan struct{})
	}
	if err := pass.store(token); err != nil {
		l.close()
		return nil, err
	}
	ctx, pass.cancel = context.WithCancel(ctx)
	go pass.loop(ctx) // Close waits for it, and so does whoever waits for Done
	return pass, nil
}

// lenient reads what the host permits; a name that is not known here permits
// nothing here.
func lenient(names []string) (ps Perms) {
	for _, name := range names {
		if p, ok := permNamed(name); ok {
			ps |= Perms(p)
		}
	}
	return ps
}

// store keeps a new token and tells the host whether that worked. A token that
// cannot be stored does not keep the user out.
func (p *Pass) store(token *Secret) error {
	if token == nil {
		return nil
	}
	err := p.p.SaveLogin(*token)
	if err != nil && p.p.OnSaved != nil {
		p.p.OnSaved(fmt.Errorf("the login cannot be saved here: %w", err))
	}
	return p.l.send(msgSaved, &savedMsg{OK: err == nil})
}

// loop is the session: it pings, and listens to what the host has to say.
func (p *Pass) loop(ctx context.Context) {
	defer close(p.done)
	defer p.cancel()
	p.l.setPatience(silence)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	var n uint64
	sent, err := time.Now(), p.l.send(msgPing, &pingMsg{n}) // the host takes it for a receipt: see Gate.received
	if err != nil {
		p.finish(&Ended{Lost})
		return
	}
	for {
		select {
		case m := <-p.l.in:
			p.hears(m)
			if m.t == msgPong && m.err == nil {
				p.measure(m.body, n, sent)
			} else if err := p.hear(m); err != nil {
				p.finish(err)
				return
			}
		case <-beat.C:
			n, sent = n+1, time.Now()
			if err := p.l.send(msgPing, &pingMsg{n}); err != nil {
				p.finish(&Ended{Lost})
				return
			}
		case reason := <-p.leave:
			p.l.part(msgBye, &byeMsg{reason})
			p.finish(&Ended{reason})
			return
		case <-ctx.Done():
			p.l.part(msgBye, &byeMsg{Closed})
			p.finish(&Ended{Closed})
			return
		}
	}
}

// hears notes a sign of life.
func (p *Pass) hears(m message) {
	if m.err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = time.Now()
}

// measure takes the answer to the last ping; a late answer to an older one says
// only that the host is there.
func (p *Pass) measure(body []byte, n uint64, sent time.Time) {
	var pong pingMsg
	if parse(body, &pong) != nil || pong.N != n {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rtt = time.Since(sent)
}

func (p *Pass) hear(m message) error {
	if m.err != nil {
		return &Ended{Lost}
	}
	switch m.t {
	case msgPerms:
		return heard(m.body, func(m *permsMsg) error {
			p.permit(lenient(m.Perms))
			return nil
		})
	case msgSaved:
		return heard(m.body, p.saved)
	case msgBye:
		return heard(m.body, func(m *byeMsg) error { return &Ended{hostReason(m.Reason)} })
	}
	return nil
}

func (p *Pass) permit(perms Perms) {
	p.mu.Lock()
	p.perms = perms
	p.mu.Unlock()
	if p.p.OnPerms != nil {
		p.p.OnPerms(perms)
	}
}

var errNotSaved = errors.New("the host could not store its half of the saved login")

func (p *Pass) saved(m *savedMsg) error {
	if p.stored == nil {
		return nil // nobody has asked
	}
	select {
	case <-p.stored:
		return nil // said before
	default:
		close(p.stored)
	}
	if p.p.OnSaved == nil {
		return nil
	}
	if m.OK {
		p.p.OnSaved(nil)
	} else {
		p.p.OnSaved(errNotSaved)
	}
	return nil
}

// finish keeps the reason; a host that broke the rules is as good as lost.
func (p *Pass) finish(err error) {
	ended := new(Ended)
	if !errors.As(err, &ended) {
		ended = &Ended{Lost}
	}
	p.mu.Lock()
	p.err = ended
	p.mu.Unlock()
	p.l.close()
}

// hostReason keeps a host from putting words into rac's mouth: a reason that is none
// of ours is "stopped". A host cannot say "lost" or "closed" either.
func hostReason(r Reason) Reason {
	switch r {
	case Revoked, Disabled, PasswordChanged, Kicked, Permission, Stopped, Restarting:
		return r
	}
	return Stopped
}

func hostMethod(m Method) Method {
	switch m {
	case ByPassword, ByToken, ByAccept, ByInvite, ByCertificate:
		return m
	}
	return ByAccept
}

// Attach makes a fresh stream one of this session's. It must be the first to
// write on it.
func (p *Pass) Attach(s wire.Stream) error {
	if _, err := s.Write(p.ticket[:]); err != nil {
		return fmt.Errorf("auth: the ticket cannot be shown: %w", err)
	}
	return nil
}

// Perms returns what the session may do now.
func (p *Pass) Perms() Perms {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.perms
}

// RTT returns the last measured time to the host and back; 0 before the first. A
// session that was resumed has one at once.
func (p *Pass) RTT() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rtt
}

// Heard returns when the host last gave a sign of life. It gives one a second;
// Done comes after some 5 s without.
func (p *Pass) Heard() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard
}

// Done is closed when the session has ended or its line is lost.
func (p *Pass) Done() <-chan struct{} { return p.done }

// Err says why Done is closed: *Ended. With the reason Lost the session can be
// resumed for ten minutes.
func (p *Pass) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Close ends the session in an orderly way, tells the host the reason (Closed,
// as a rule), and returns when everything that LogIn started has stopped. It
// does nothing to a session that has ended.
func (p *Pass) Close(reason Reason) {
	p.once.Do(func() { p.leave <- reason })
	<-p.done
}
