package auth

// Invites: help without a standing password. Somebody at the host has four words
// made and reads them out; they are good for one session, within minutes, and
// burn after three wrong tries. They are proved by SPAKE2+ like the password, so
// that 40 bits are enough: there is no guessing offline. They never yield a
// token.

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	inviteWords = 4 // of 1024: 40 bits
	inviteTries = 3
	maxInvite   = time.Hour
)

// invite is the one that is open; a new one takes its place.
type invite struct {
	hash  *passwordHash
	perms Perms
	until time.Time
	tries int // guarded by Gate.mu: answers sent, each good for one guess
}

// Invite opens the door for one session with at most these permissions, to
// whoever knows the four words that it returns, for at most d. It takes some
// tenths of a second.
func (g *Gate) Invite(perms Perms, d time.Duration) (code string, until time.Time, err error) {
	if d <= 0 || d > maxInvite {
		return "", until, fmt.Errorf("auth: an invite for %s: one hour at most", d)
	}
	words := newInviteWords()
	k := newKDF()
	w0, w1 := k.stretch(Password(tidyInvite(words)))
	in := &invite{hash: &passwordHash{kdf: k, w0: w0, l: timesBase(w1)}, perms: perms, until: time.Now().Add(d)}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing != "" {
		return "", until, &Ended{g.closing}
	}
	g.invite = in
	g.o.Log.Info("invite", "permissions", perms, "until", in.until)
	return words, in.until, nil
}

func newInviteWords() string {
	var b [8]byte
	rand.Read(b[:])
	list := wordList()
	words := make([]string, inviteWords)
	for i := range words {
		words[i] = list[tenBits(b[:], i)]
	}
	return strings.Join(words, "-")
}

// tidyInvite is what both sides stretch, however the words were typed.
func tidyInvite(text string) string {
	fields := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == '-' || r == ' ' || r == '\t' || r == ',' })
	return strings.Join(fields, "-")
}

// looksLikeInvite tells four words of the list from a password.
func looksLikeInvite(p Password) bool {
	if len(p) > 100 {
		return false
	}
	words, list := strings.Split(tidyInvite(string(p)), "-"), wordList()
	return len(words) == inviteWords && !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(list, w) })
}

// openInvite returns the invite, if it is still good.
func (g *Gate) openInvite() *invite {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.openInviteLocked()
}

func (g *Gate) openInviteLocked() *invite {
	if g.invite != nil && !time.Now().Before(g.invite.until) {
		g.invite = nil
	}
	return g.invite
}

// tryInvite counts one answer to a guess, before it is sent; the third may still be right.
func (g *Gate) tryInvite(in *invite) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.openInviteLocked() != in || in.tries >= inviteTries {
		return false
	}
	in.tries++
	return true
}

// spoilInvite notes that a guess was wrong, or was never said to be right.
func (g *Gate) spoilInvite(in *invite) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.invite == in && in.tries >= inviteTries {
		g.invite = nil
		g.o.Log.Warn("the invite has been burnt by wrong tries")
	}
}

// useInviteLocked takes the invite for a session: nobody else gets it.
func (g *Gate) useInviteLocked(in *invite) bool {
	if in == nil || g.openInviteLocked() != in {
		return false
	}
	g.invite = nil
	return true
}

// byInvite is either message of SPAKE2+ with the four words.
func (d *door) byInvite(m *proofMsg) (*basis, error) {
	switch {
	case d.invite == nil:
		return nil, fmt.Errorf("%w: an invite where none is open", errRules)
	case len(m.Share) > 0 && len(m.Confirm) == 0:
		return nil, d.inviteShare(m)
	case len(m.Confirm) > 0 && len(m.Share) == 0 && d.run != nil && d.runBy == ByInvite:
		return d.inviteConfirm(m)
	}
	return nil, fmt.Errorf("%w: an invite's messages out of order", errRules)
}

func (d *door) inviteShare(m *proofMsg) error {
	d.wrongPassword()
	if !d.g.tryInvite(d.invite) {
		d.invite = nil
		return &Refused{Code: CodePassword}
	}
	v, err := newSpakeVerifier(d.bind.of(ByInvite), d.invite.hash.w0, d.invite.hash.l, m.Share, randomScalar())
	if err != nil {
		return fmt.Errorf("%w: %w", errRules, err)
	}
	d.run, d.runBy = v, ByInvite
	d.extend()
	return d.l.send(msgProof, &proofMsg{Method: ByInvite, Share: v.share, Confirm: v.confirm})
}

func (d *door) inviteConfirm(m *proofMsg) (*basis, error) {
	if !d.run.holds(m.Confirm) {
		d.wrongPassword()
		return nil, d.again(CodePassword, toll{})
	}
	d.run = nil
	return &basis{method: ByInvite, granted: d.invite.perms, invite: d.invite}, nil
}
