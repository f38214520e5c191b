package auth

// How a login begins, on the viewer's side: hello, and what the host offers.

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
)

// hello exchanges the first messages.
func (c *client) hello() error {
	m := &helloMsg{
		Version: protocolVersion, Name: bounded(c.p.Name, maxName), Wants: c.p.Wants.Names(), Methods: c.methods(),
		Person: c.p.Person, Nonce: make(b64, nonceLen), Cert: c.p.Cert,
	}
	rand.Read(m.Nonce)
	hello := appendJSON(nil, m)
	// A host that turns us away at once has closed the stream already: what it
	// had to say tells more than the failed write.
	failed := c.l.w.Write(msgHello, hello)
	for {
		select {
		case m := <-c.l.in:
			switch {
			case m.err != nil:
				return errors.Join(failed, m.err)
			case m.t == msgChallenge:
				return c.challenge(hello, m.body)
			case m.t == msgRefused, m.t == msgBye:
				return c.hear(m)
			}
		case <-c.ctx.Done():
			return c.ctx.Err()
		}
	}
}

func (c *client) methods() []Method {
	list := []Method{ByAccept}
	if c.p.SavedLogin != nil {
		list = append(list, ByToken)
	}
	if c.p.Password != nil {
		list = append(list, ByPassword)
	}
	return list
}

func (c *client) challenge(hello, body []byte) error {
	var m challengeMsg
	if err := parse(body, &m); err != nil {
		return fmt.Errorf("%w: %w", errRules, err)
	}
	if m.Version != protocolVersion {
		return fmt.Errorf("auth: the host speaks version %d of the login, this is %d", m.Version, protocolVersion)
	}
	c.open, c.maySave = m.Methods, m.MaySave
	c.bind = binding{context: transcriptHash(hello, body), idProver: string(c.p.Self), idVerifier: string(c.p.Host)}
	c.pay(m.Puzzle)
	var err error
	if c.offers(ByPassword) {
		if c.kdf, err = m.KDF.kdf(); err != nil {
			return fmt.Errorf("%w: %w", errRules, err)
		}
	}
	if c.offers(ByInvite) {
		if c.words, err = m.Invite.kdf(); err != nil {
			return fmt.Errorf("%w: %w", errRules, err)
		}
	}
	return nil
}

// typable: something that is typed at the prompt could let us in.
func (c *client) typable() bool { return c.offers(ByPassword) || c.offers(ByInvite) }

func (c *client) offers(m Method) bool { return slices.Contains(c.open, m) }
