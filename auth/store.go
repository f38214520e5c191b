package auth

// What the Gate needs of the config file, and no more.

import (
	"slices"
	"time"

	"rac/auth/config"
	"rac/p2p/wire"
)

// Store is where the config is read and where tokens are kept. It is called by
// several goroutines.
type Store interface {
	// Load returns the config as it is on disk now. It is called at each login,
	// so it should be cheap when nothing has changed. An error closes unattended
	// access until a later Load returns none.
	Load() (*config.Config, error)

	// SaveToken adds a block in place of the same client's, provided that the
	// file still has this password hash and still lets logins be saved. What the
	// owner wrote about that client (name, expires, permissions) stays.
	SaveToken(t config.Token, passwordHash string) error

	// ResealToken changes the sealed part of a client's block, provided that it
	// is still old: a token revoked meanwhile does not come back.
	ResealToken(client wire.PeerID, old, new string) error

	// DropToken deletes a client's block.
	DropToken(client wire.PeerID) error

	// BurnRecoveryCode takes a recovery code out; it is an error if it is not
	// there: of two logins with the same code one gets in.
	BurnRecoveryCode(hash string) error
}

// unattended reports whether passwords and tokens are good at all.
func unattended(c *config.Config) bool {
	return c.Unattended.Enabled && c.Unattended.PasswordHash != ""
}

// allows reports whether a peer may ask at all.
func allows(c *config.Config, peer wire.PeerID) bool {
	return len(c.Network.Allow) == 0 || slices.Contains(c.Network.Allow, string(peer))
}

// hostPerms is the most that any session gets. Seeing the screen is what a
// session is, so there is no switch for it.
func hostPerms(c *config.Config) Perms {
	ps := Perms(View)
	for perm, on := range map[Perm]bool{
		Control: c.Permissions.Control, Clipboard: c.Permissions.Clipboard,
		Files: c.Permissions.Files, Forwarding: c.Permissions.Forwarding,
	} {
		if on {
			ps |= Perms(perm)
		}
	}
	return ps
}

// limited is what a token or an authority permits: nil is everything. Seeing
// is always in it.
func limited(names []string) Perms {
	if names == nil {
		return AllPerms
	}
	ps, _ := ParsePerms(names) // config has checked the names; an unknown one permits nothing
	return ps | Perms(View)
}

// idle is for how long a token may go unused.
func idle(c *config.Config) time.Duration {
	return time.Duration(c.Unattended.TokenDays) * 24 * time.Hour
}
