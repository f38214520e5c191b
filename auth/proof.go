package auth

// The proofs that a viewer can bring to the door, and what each is worth.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rac/auth/config"
	"rac/p2p/wire"
)

func (d *door) proof(ctx context.Context, body []byte) (*basis, error) {
	var m proofMsg
	if err := parse(body, &m); err != nil {
		return nil, fmt.Errorf("%w: %w", errRules, err)
	}
	if m.Method == methodPuzzle {
		d.pay(m.Puzzle)
		return nil, nil
	}
	if (m.Method == methodCode) != (d.proved != nil) {
		return nil, fmt.Errorf("%w: proof %q out of turn", errRules, bounded(string(m.Method), 20))
	}
	switch m.Method {
	case ByToken:
		return d.token(&m)
	case ByPassword:
		return d.password(&m)
	case ByInvite:
		return d.byInvite(&m)
	case ByAccept:
		return nil, d.ask(ctx)
	case methodCode:
		return d.code(&m)
	}
	return nil, fmt.Errorf("%w: proof %q", errRules, bounded(string(m.Method), 20))
}

// token looks at a saved login. It can be presented once: 32 random bytes are
// not guessed, so it needs no further limit.
func (d *door) token(m *proofMsg) (*basis, error) {
	if !d.tokenDue || len(m.Token) != len(Secret{}) {
		return nil, fmt.Errorf("%w: a second token, or none", errRules)
	}
	d.tokenDue = false
	c, broken := d.g.rules()
	stored, v := d.g.lookUp(d.from, Secret(m.Token), c)
	switch {
	case v == tokenCloned:
		d.g.cloned(d.from)
		return nil, d.again(CodeTokenDead, toll{})
	case v == tokenWrong:
		return nil, d.again(CodeTokenDead, toll{})
	case broken || !c.Unattended.Enabled:
		return nil, d.again(CodeSuspended, toll{}) // only its own client gets here
	}
	d.stored = stored
	b := basis{method: ByToken, passwordHash: hashOf(stored.passwordHash), granted: AllPerms}
	return d.secondFactor(c, b, c.Unattended.TOTPForSavedLogin)
}

// storedToken is a client's block as it was found.
type storedToken struct {
	state        tokenState
	sealed       string
	passwordHash string // the config's line that it is sealed for
	verdict      verdict
}

// lookUp judges a token against the client's block.
func (g *Gate) lookUp(client wire.PeerID, token Secret, c *config.Config) (*storedToken, verdict) {
	t := c.Token(string(client))
	if t == nil || c.Unattended.PasswordHash == "" {
		return nil, tokenWrong
	}
	st, err := g.seals.open(client, c.Unattended.PasswordHash, t.Sealed)
	if err != nil {
		return nil, tokenWrong
	}
	now := time.Now()
	if expired(t.Expires, now) || g.forgotten(client, t, st, c, now) {
		return nil, tokenWrong
	}
	v := st.judge(token, now)
	return &storedToken{st, t.Sealed, c.Unattended.PasswordHash, v}, v
}

// forgotten: unused for token_days. The rotation counts as a use, so that
// nobody is shut out when state.json is lost.
func (g *Gate) forgotten(client wire.PeerID, t *config.Token, st tokenState, c *config.Config, now time.Time) bool {
	last := t.Created
	for _, used := range []time.Time{st.rotated, g.o.State.LastUsed(client)} {
		if used.After(last) {
			last = used
		}
	}
	return idle(c) > 0 && now.Sub(last) > idle(c)
}

// cloned is called when a token comes that was replaced and whose successor was
// used: two have it. Which of them is the thief cannot be known; neither gets in.
func (g *Gate) cloned(client wire.PeerID) {
	g.o.Log.Warn("token_reuse: an old token of this client was presented; somebody has copied its saved login. It is revoked", "peer", client)
	g.record(Event{Kind: eventToken, Peer: client, Token: "reused"})
	if err := g.o.Store.DropToken(client); err != nil {
		g.o.Log.Error("the copied token cannot be deleted from the config", "peer", client, "error", err)
	}
	g.Reload()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.sessions {
		if s.peer == client && s.basis.method == ByToken {
			g.endLocked(s, Revoked)
		}
	}
}

// password is either message of SPAKE2+.
func (d *door) password(m *proofMsg) (*basis, error) {
	switch {
	case d.hash == nil:
		return nil, fmt.Errorf("%w: a password where none is open", errRules)
	case len(m.Share) > 0 && len(m.Confirm) == 0:
		return nil, d.share(m)
	case len(m.Confirm) > 0 && len(m.Share) == 0 && d.run != nil && d.runBy == ByPassword:
		return d.confirm(m)
	}
	return nil, fmt.Errorf("%w: a password's messages out of order", errRules)
}

// share answers the first message. The answer lets the viewer check its guess,
// so the try is counted now; a right one is given back.
func (d *door) share(m *proofMsg) error {
	d.wrongPassword()
	if d.tries >= maxTries {
		return &Refused{Code: CodeThrottled, RetryAfter: max(time.Second, d.g.limits.next(d.who).wait)}
	}
	d.pay(m.Puzzle)
	if t := d.g.limits.charge(d.who, d.paid); t != (toll{}) {
		return d.again(CodeThrottled, t)
	}
	d.paid = false
	d.tries++
	v, err := newSpakeVerifier(d.bind.of(ByPassword), d.hash.w0, d.hash.l, m.Share, randomScalar())
	if err != nil {
		return fmt.Errorf("%w: %w", errRules, err)
	}
	d.run, d.runBy = v, ByPassword
	d.extend()
	return d.l.send(msgProof, &proofMsg{
		Method: ByPassword, Share: v.share, Confirm: v.confirm, RetryAfter: seconds(d.g.limits.next(d.who).wait),
	})
}

// pay takes the solution of the puzzle that was set; it is good once. One for an
// older puzzle has crossed the new one on the line, and is worth nothing.
func (d *door) pay(solution []byte) {
	if d.puzzle == nil || !d.puzzle.solved(d.from, solution) {
		return
	}
	d.puzzle, d.paid = nil, true
	d.g.slots.raise(d.slot, payer)
}

// extend gives the next try its time.
func (d *door) extend() {
	d.until = time.Now().Add(loginTime)
	if d.person {
		d.until = time.Now().Add(typingTime)
	}
}

// wrongPassword notes a run that was not confirmed: a viewer that has found the
// host's proof wrong says nothing more.
func (d *door) wrongPassword() {
	if d.run != nil {
		d.run = nil
		if d.runBy == ByInvite {
			d.g.spoilInvite(d.invite)
		}
		d.log.Warn("wrong password", "name", d.name)
		d.denied(CodePassword)
	}
}

func (d *door) confirm(m *proofMsg) (*basis, error) {
	if !d.run.holds(m.Confirm) {
		d.run = nil
		return nil, d.again(CodePassword, d.g.limits.next(d.who))
	}
	d.run = nil
	d.g.limits.forgive(d.who)
	d.save = m.Save
	c, _ := d.g.rules()
	b := basis{method: ByPassword, passwordHash: hashOf(d.hashText), granted: AllPerms}
	return d.secondFactor(c, b, true)
}

// secondFactor asks for a code if one is wanted, else lets the proof stand.
func (d *door) secondFactor(c *config.Config, b basis, wanted bool) (*basis, error) {
	if c.Unattended.TOTPSealed == "" || !wanted {
		return &b, nil
	}
	d.proved = &b
	d.extend()
	return nil, d.again(CodeNeedsCode, toll{})
}

// ask shows the request to a person at this computer.
func (d *door) ask(ctx context.Context) error {
	c, _ := d.g.rules()
	if d.asked != nil || c.Attended.Mode != config.Ask {
		return fmt.Errorf("%w: a request to a person who is not to be asked", errRules)
	}
	if d.g.o.Asker == nil || !d.g.o.Asker.CanAsk() {
		return d.again(CodeNobody, toll{})
	}
	if wait := d.g.limits.ask(d.who); wait > 0 {
		return d.again(CodeBusy, toll{wait: wait})
	}
	if !d.g.beginAsking() {
		return d.again(CodeBusy, toll{wait: 5 * time.Second})
	}
	d.g.slots.raise(d.slot, payer)
	d.startAsking(ctx, c.Attended.Timeout)
	return d.l.send(msgAsking, &askingMsg{Seconds: seconds(c.Attended.Timeout)})
}

// beginAsking: one request at a time, so that nobody answers one and means
// another that has just come up in its place.
func (g *Gate) beginAsking() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.asking > 0 {
		return false
	}
	g.asking++
	return true
}

func (g *Gate) endAsking() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asking--
}

func (d *door) startAsking(ctx context.Context, timeout time.Duration) {
	r := Request{
		Peer: d.from, Words: Words(d.from), Name: d.name, Verified: d.verified, Wants: d.wants,
		Deadline: time.Now().Add(timeout),
	}
	d.g.observe(Event{Kind: EventRequest, Peer: r.Peer, Name: r.Name, Verified: r.Verified, Wants: r.Wants})
	if late := r.Deadline.Add(messageTime); late.After(d.until) {
		d.until = late
	}
	ctx, cancel := context.WithDeadline(ctx, r.Deadline)
	answers := make(chan asked, 1)
	go func() { // stopAsking waits for it
		defer close(answers)
		defer d.g.endAsking()
		answer, err := d.g.o.Asker.Ask(ctx, r)
		if err == nil && ctx.Err() != nil {
			err = ctx.Err() // an answer that comes too late is none
		}
		answers <- asked{answer, err}
	}()
	d.asked, d.hangUp = answers, cancel
}

// stopAsking takes the request away from the person, if it is still there, and
// waits until it is.
func (d *door) stopAsking() {
	if d.asked == nil {
		return
	}
	d.hangUp()
	for range d.asked {
	}
	d.asked = nil
}

func (d *door) answered(a asked) (*basis, error) {
	d.stopAsking()
	switch {
	case a.err == nil && a.answer == AllowControl:
		d.g.limits.welcomeAsk(d.who)
		return &basis{method: ByAccept, granted: AllPerms}, nil
	case a.err == nil && a.answer == AllowView:
		d.g.limits.welcomeAsk(d.who)
		return &basis{method: ByAccept, granted: Perms(View)}, nil
	}
	code := CodeDenied
	switch {
	case errors.Is(a.err, context.DeadlineExceeded):
		code = CodeNoAnswer
	case a.err != nil:
		code = CodeNobody
	}
	return nil, d.again(code, toll{})
}
