package auth

// What the Gate needs of the config file, and no more.

import (
	"slices"
	"time"

	"rac/p2p/wire"
)

// Rules are the part of the config that says who gets in, and with what. They
// are never changed once they are made: a reload makes new ones.
type Rules struct {
	Enabled           bool   // unattended access, by password or token
	PasswordHash      string // "": no unattended access at all
	SaveLogin         bool   // tokens may be issued
	TOTPSealed        string // "": no second factor
	TOTPForSavedLogin bool
	TokenIdle         time.Duration // a token unused for that long is dead; 0: never

	Ask        bool // a person at this computer may be asked
	AskTimeout time.Duration

	Perms       Perms         // the most that any session gets
	Allow       []wire.PeerID // who may ask at all; empty: anyone
	Tokens      []Token
	Authorities []Authority
}

// Token is a [[token]] block: a saved login that this host has issued.
type Token struct {
	Client  wire.PeerID
	Name    string
	Created time.Time
	Expires time.Time // zero: no fixed end
	Perms   Perms     // the most that this client gets
	Sealed  string    // see token.go
}

// Authority is an [[authority]] block: whose certificates are believed.
type Authority struct {
	Name    string
	Key     string // Ed25519 public key, base64
	Login   bool   // its certificates let in without a password
	Perms   Perms  // the most that such a login gets
	Revoked []string
}

// Store is where the Rules come from and where tokens are kept. It is called
// by several goroutines.
type Store interface {
	// Load returns the Rules as they are on disk now. It is called at each
	// login: it should be cheap when nothing has changed. An error closes
	// unattended access until a later Load returns none.
	Load() (*Rules, error)

	// SaveToken adds a block in place of the same client's, provided that the
	// file still has this password hash and still lets logins be saved.
	SaveToken(t Token, passwordHash string) error

	// ResealToken changes the sealed part of a client's block, provided that it
	// is still old: a token revoked meanwhile does not come back.
	ResealToken(client wire.PeerID, old, new string) error

	// DropToken deletes a client's block.
	DropToken(client wire.PeerID) error
}

func (r *Rules) token(client wire.PeerID) (Token, bool) {
	for _, t := range r.Tokens {
		if t.Client == client {
			return t, true
		}
	}
	return Token{}, false
}

// unattended reports whether passwords and tokens are good at all.
func (r *Rules) unattended() bool { return r.Enabled && r.PasswordHash != "" }

func (r *Rules) allows(peer wire.PeerID) bool {
	return len(r.Allow) == 0 || slices.Contains(r.Allow, peer)
}
