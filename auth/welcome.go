package auth

// The end of a login that succeeded: the ticket, and perhaps a token.

import (
	"errors"
	"fmt"
	"time"

	"rac/auth/config"
	"rac/p2p/wire"
)

// welcome makes the session and tells the viewer.
func (d *door) welcome(b basis) (*session, int, *issue, error) {
	b.cred = d.cred
	s := &session{peer: d.from, path: pathOf(d.remote), name: d.name, verified: d.verified, wants: d.wants, basis: b}
	ticket, secret := newSecret(), newSecret()
	s.resume.next = secret.hash()
	if err := d.g.admit(s, ticket); err != nil {
		return nil, 0, nil, tooLate(err)
	}
	d.remember(b)
	c, _ := d.g.rules()
	is := d.issue(b, c)
	d.told = d.g.permsOf(s)
	m := &welcomeMsg{
		Ticket: ticket[:], Resume: secret[:], Perms: d.told.Names(), Host: d.g.o.Name, Auth: b.method,
		MaySave: c.Unattended.AllowSaveLogin && b.method == ByPassword,
	}
	if is != nil {
		m.Token = is.token[:]
	}
	if err := d.l.send(msgWelcome, m); err != nil {
		d.g.end(s, Lost) // the viewer does not have the ticket
		return nil, 0, nil, err
	}
	return s, 1, is, nil
}

// tooLate says what the viewer is told when the ground of its login went away
// while it logged in.
func tooLate(err error) error {
	ended := new(Ended)
	if !errors.As(err, &ended) {
		return err
	}
	switch ended.Reason {
	case Permission:
		return &Refused{Code: CodePermission}
	case Disabled:
		return &Refused{Code: CodeSuspended}
	case PasswordChanged:
		return &Refused{Code: CodePassword}
	case Revoked:
		return &Refused{Code: CodeNotAllowed}
	}
	return err // the host is closing
}

// remember notes who was here, so that strangers cannot stand in his way the
// next time. A full disk keeps nobody out.
func (d *door) remember(b basis) {
	var err error
	switch b.method {
	case ByPassword:
		err = d.g.o.State.loggedIn(d.from, time.Now())
	case ByToken:
		err = d.g.o.State.usedToken(d.from, time.Now())
	}
	if err != nil {
		d.log.Warn("state.json cannot be written", "error", err)
	}
}

// resume gives a lost session back to its viewer. There is nothing to prove but
// the ticket and the secret: the connection has shown whose it is.
func (d *door) resume(body []byte) (*session, int, error) {
	var m resumeMsg
	if err := parse(body, &m); err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errRules, err)
	}
	next := newSecret()
	s, line, err := d.g.resume(d.from, pathOf(d.remote), &m, next)
	if err != nil {
		return nil, 0, err
	}
	d.told = d.g.permsOf(s)
	err = d.l.send(msgWelcome, &welcomeMsg{Resume: next[:], Perms: d.told.Names(), Host: d.g.o.Name, Auth: s.basis.method})
	if err != nil {
		d.g.lose(s, line)
	}
	return s, line, err
}

// issue is a token that the viewer has been given and has not yet stored.
type issue struct {
	token  Secret
	client wire.PeerID
	state  tokenState

	block        *config.Token // a first token: what is to be written
	sealed       string        // a rotated one: what stands there
	passwordHash string
}

// issue makes a token after a login by password, if the viewer wants one and
// the config says so: here and not only in the challenge, since a viewer may
// ask all the same. After a login by token there is a new one only in place of
// an old one; after an accept there is none.
func (d *door) issue(b basis, c *config.Config) *issue {
	switch {
	case b.method == ByPassword && d.save && !c.Unattended.AllowSaveLogin:
		d.log.Warn("the viewer asks for a saved login, which this host does not allow")
	case b.method == ByPassword && d.save:
		return d.firstToken()
	case b.method == ByToken:
		return d.rotate()
	}
	return nil
}

func (d *door) firstToken() *issue {
	now := time.Now().UTC().Truncate(time.Second)
	is := &issue{token: newSecret(), client: d.from, passwordHash: d.hashText}
	is.state = tokenState{current: is.token.hash(), rotated: now, settled: true}
	is.block = &config.Token{
		Client: string(d.from), Name: d.name, Created: now,
		Sealed: d.g.seals.seal(d.from, d.hashText, is.state),
	}
	return is
}

// rotate replaces a token that is a day old. The host writes the new one before
// the viewer has it, and takes the old one until the viewer has shown the new:
// wherever the line breaks, one of the two is good.
//
// It is sealed for the password that the old one was found good under, not for
// the one of this moment: a password that is changed in between must not be the
// new token's.
func (d *door) rotate() *issue {
	st, now, hash := d.stored.state, time.Now(), d.stored.passwordHash
	switch {
	case d.stored.verdict == tokenGood && now.Sub(st.rotated) < rotateAfter:
		if !st.settled {
			st.settled = true
			d.reseal(d.stored.sealed, d.g.seals.seal(d.from, hash, st))
		}
		return nil
	case d.stored.verdict == tokenStale && st.settled:
		return nil // another login of this client has just got the new one
	}
	is := &issue{token: newSecret(), client: d.from, passwordHash: hash}
	previous := st.current
	if d.stored.verdict == tokenStale {
		previous = st.previous // what the viewer still has
	}
	is.state = tokenState{current: is.token.hash(), previous: previous, rotated: now}
	is.sealed = d.g.seals.seal(d.from, hash, is.state)
	if !d.reseal(d.stored.sealed, is.sealed) {
		return nil
	}
	return is
}

func (d *door) reseal(old, new string) bool {
	if err := d.g.o.Store.ResealToken(d.from, old, new); err != nil {
		d.log.Warn("the token cannot be renewed", "error", err)
		return false
	}
	d.g.Reload()
	return true
}

// settle is called when the viewer says whether it has stored its token. It
// reports whether the host's half is stored too.
func (g *Gate) settle(s *session, is *issue, stored bool) bool {
	if is == nil || is.client == "" || !stored {
		return false
	}
	var err error
	if is.block != nil {
		err = g.o.Store.SaveToken(*is.block, is.passwordHash)
	} else {
		is.state.settled = true
		err = g.o.Store.ResealToken(is.client, is.sealed, g.seals.seal(is.client, is.passwordHash, is.state))
	}
	client := is.client
	is.client = "" // once
	if err != nil {
		g.o.Log.Warn("the saved login cannot be written", "error", err)
		return false
	}
	what := "renewed"
	if is.block != nil {
		what = "issued"
		g.mu.Lock()
		s.basis.saved = true // before Reload, which holds the session against the file as it is
		g.mu.Unlock()
	}
	g.record(Event{Kind: eventToken, Peer: client, Token: what})
	g.Reload() // the next login may come at once
	return true
}

// pathOf names how a line runs, for the events and the record.
func pathOf(r wire.Remote) string {
	if r.Direct {
		return "direct"
	}
	return "relayed"
}

// knows decides on lane A: who has been let in before, or is named in the config.
func (g *Gate) knows(peer wire.PeerID, c *config.Config) bool {
	if len(c.Network.Allow) > 0 && allows(c, peer) || g.o.State.knows(peer, time.Now()) {
		return true
	}
	t := c.Token(string(peer))
	if t == nil {
		return false
	}
	_, err := g.seals.open(peer, c.Unattended.PasswordHash, t.Sealed)
	return err == nil
}
