package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"rac/auth"
	"rac/auth/config"
	"rac/p2p"
)

// start dials the host and logs in.
func (c *connection) start() (*session, error) {
	conn, err := c.dial(p2p.WithPhases(c.ctx, func(phase p2p.Phase) { c.phase(string(phase)) }))
	if err != nil {
		return nil, err
	}
	s := &session{connection: c, perms: newBell()}
	if err := s.logIn(c.ctx, conn, true); err != nil {
		return nil, err
	}
	s.announce()
	return s, nil
}

// logIn opens the login stream on a connection. Without ask only what needs
// nobody is tried: the saved login.
func (s *session) logIn(ctx context.Context, conn *p2p.Conn, ask bool) error {
	prover, done := s.prover(ask)
	defer done()
	pass, err := s.tryLogIn(ctx, conn, prover)
	if err != nil {
		return s.explain(err)
	}
	s.line.Store(&line{conn, pass})
	return nil
}

// busyFor is how long a host that has no place for another login is asked again:
// it drops one of those that do not come to an end in less.
const busyFor = 20 * time.Second

// tryLogIn logs in; at a busy host it stands in line, and the person who has
// typed a password meanwhile does not type it again.
func (s *session) tryLogIn(ctx context.Context, conn *p2p.Conn, prover auth.Prover) (*auth.Pass, error) {
	for began := time.Now(); ; {
		stream, err := conn.Open(ctx, auth.Protocol)
		if err != nil {
			return nil, fail(exitNotFound, fmt.Errorf("%s answers but does not let us ask: %w", s.target.ID.Short(), err))
		}
		pass, err := auth.LogIn(ctx, stream, prover)
		if !errors.Is(err, &auth.Refused{Code: auth.CodeBusy}) || time.Since(began) > busyFor {
			return pass, err
		}
		select {
		case <-time.After(500*time.Millisecond + rand.N(time.Second)):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// prover is what this computer can show and whom it can ask.
func (s *session) prover(ask bool) (p auth.Prover, done func()) {
	asker := &asker{session: s}
	p = auth.Prover{
		Self: s.id.ID(), Host: s.target.ID, Name: hostname(), Cert: s.cert,
		SavedLogin: s.savedLogin,
		DropLogin:  s.dropLogin,
		SaveLogin:  s.saveLogin,
		Notice:     s.notice,
		OnPerms:    s.permsChanged,
		OnSaved:    s.saved,
	}
	p.Wants = s.needs()
	if !ask {
		return p, func() {}
	}
	asker.open()
	p.Person = asker.person()
	p.Password, p.Code = asker.Password, asker.Code
	return p, asker.close
}

// needs is what the session is for, and no more: who is asked at the machine
// whether to let it in is shown that.
func (s *session) needs() auth.Perms {
	if s.wants != 0 {
		return s.wants
	}
	needs := auth.NewPerms(auth.View)
	if !*s.o.viewOnly {
		needs |= auth.NewPerms(auth.Control)
	}
	if len(s.forwards) > 0 {
		needs |= auth.NewPerms(auth.Forwarding)
	}
	return needs
}

// explain gives a refusal its exit code and says what to do next.
func (s *session) explain(err error) error {
	var refused *auth.Refused
	if !errors.As(err, &refused) {
		return err
	}
	host := s.target.ID.Short()
	err = fmt.Errorf("%s: %w", host, refused)
	switch refused.Code {
	case auth.CodePassword:
		return fail(exitLogin, err)
	case auth.CodeNeedsPassword:
		return fail(exitLogin, err, "give it on a terminal, by --password-stdin, or in the file that RAC_PASSWORD_FILE names")
	case auth.CodeNeedsCode:
		return fail(exitLogin, err, "give it on a terminal, as the second line of --password-stdin, or in the file that RAC_TOTP_FILE names")
	case auth.CodeTokenDead:
		return fail(exitLogin, err, "log in with the password again: rac connect "+string(s.target.ID)+" --remember")
	case auth.CodeCode, auth.CodeThrottled, auth.CodeBusy:
		return fail(exitLogin, err)
	case auth.CodeDenied, auth.CodeNoAnswer, auth.CodeNobody:
		if s.suspended {
			return fail(exitRefused, err, "to get in with nobody there, on that machine: rac set --unattended=true")
		}
		return fail(exitRefused, err, "to get in with nobody there, set a password on that machine: rac passwd")
	case auth.CodeNotAllowed:
		return fail(exitForbidden, err, "on that machine: rac set --allow "+string(s.id.ID()))
	case auth.CodePermission:
		return fail(exitForbidden, err, s.toPermit()...)
	case auth.CodeSuspended, auth.CodeNoWayIn:
		return fail(exitForbidden, err)
	case auth.CodeGone:
		return fail(exitLost, err)
	}
	return fail(exitError, err)
}

// toPermit names the settings that give an errand what it wants; they may not be
// all that withholds it.
func (s *session) toPermit() (hints []string) {
	for _, perm := range []auth.Perm{auth.Files, auth.Forwarding} {
		if s.wants.Has(perm) {
			hints = append(hints, fmt.Sprintf("on that machine: rac set --%s=true", auth.NewPerms(perm)))
		}
	}
	return hints
}

func (s *session) notice(n auth.Notice) {
	switch {
	case n.Code == auth.CodeTokenDead: // dropLogin has said so
	case n.Code == auth.CodeThrottled:
		s.voice.say("%v", &auth.Refused{Code: n.Code, RetryAfter: n.Timeout})
	case n.Code != "":
		s.suspended = s.suspended || n.Code == auth.CodeSuspended
		s.voice.say("%v", &auth.Refused{Code: n.Code})
	case n.Asking:
		s.phase(fmt.Sprintf("asking at the machine (%v)", n.Timeout))
	}
}

// savedLogin returns the token from the config.
func (s *session) savedLogin() (auth.Secret, bool) {
	if *s.o.remember && s.line.Load() == nil {
		return auth.Secret{}, false // a new one is wanted, by password; later it is there
	}
	cfg, err := s.file.Load()
	if err != nil {
		return auth.Secret{}, false
	}
	peer := cfg.Peer(string(s.target.ID))
	if peer == nil || peer.Login == "" {
		return auth.Secret{}, false
	}
	token, err := auth.OpenLogin(s.id.Secret, s.target.ID, peer.Login)
	if err != nil {
		s.voice.say("the saved login for %s belongs to another identity and is of no use here", s.target.ID.Short())
		return auth.Secret{}, false
	}
	return token, true
}

func (s *session) dropLogin() {
	s.voice.say("the host no longer takes the saved login; it is deleted")
	if err := s.editPeer(func(peer *config.Peer) { peer.Login = "" }); err != nil {
		s.voice.say("cannot delete the saved login: %v", err)
	}
}

// saveLogin stores a token, and where the host was found.
func (s *session) saveLogin(token auth.Secret) error {
	sealed, err := auth.SealLogin(s.id.Secret, s.target.ID, token)
	if err != nil {
		return err
	}
	return s.editPeer(func(peer *config.Peer) { peer.Login = sealed })
}

func (s *session) saved(err error) {
	switch {
	case err != nil:
		s.voice.say("the login is not saved: %v", err)
	case *s.o.json:
		s.emit("saved", map[string]string{"host": string(s.target.ID)})
	default:
		s.voice.say("login saved: from now on rac connect needs no password here")
	}
}

// editPeer changes the block of this host in the config, or adds one.
func (s *session) editPeer(change func(*config.Peer)) error {
	return s.file.Edit(func(e *config.Edit) error {
		peer := config.Peer{ID: string(s.target.ID)}
		if old := e.Config().Peer(peer.ID); old != nil {
			peer = *old
			peer.Addrs = slices.Clone(old.Addrs)
		}
		change(&peer)
		s.describe(&peer)
		return e.PutPeer(peer)
	})
}

// describe adds what the user has said of the machine: its name, and where it
// is, so that the next connect needs neither.
func (s *session) describe(peer *config.Peer) {
	if *s.o.name != "" {
		peer.Name = *s.o.name
	}
	for _, a := range s.target.Addrs {
		if !slices.Contains(peer.Addrs, a) {
			peer.Addrs = append(peer.Addrs, a)
		}
	}
}

// announce tells that the session is there.
func (s *session) announce() {
	path, pass := s.conn().Path(), s.pass()
	s.news(path, false)
	s.other(path)
	if *s.o.name != "" {
		if err := s.editPeer(func(*config.Peer) {}); err != nil {
			s.voice.say("cannot remember the name: %v", err)
		}
	}
	if *s.o.remember && pass.Auth == auth.ByCertificate {
		s.voice.say("the certificate lets in by itself; there is nothing to save")
	}
	if *s.o.json {
		fields := pathFields(path)
		maps.Copy(fields, map[string]any{
			"host": s.target.ID, "auth": pass.Auth, "save_login": pass.SaveLogin, "perms": pass.Perms().Names(),
		})
		s.emit("connected", fields)
		return
	}
	s.voice.phase(path.String())
	s.voice.endPhases()
	s.voice.say("connected to %s (%s) by %s: %s", pass.HostName, s.target.ID.Short(), pass.Auth, pass.Perms())
}
