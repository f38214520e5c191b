package auth

// The Gate: logins come in here, and sessions are kept here.

import (
	"context"
	"log/slog"
	"time"

	"rac/p2p/wire"
)

// Options are what a Gate needs. Store, Self, Secret and Log must be there.
type Options struct {
	Store Store
	Self  wire.PeerID // this host
	Name  string      // its name, as the viewer is told after a login

	// Secret derives a key from this host's identity: the same label always
	// gives the same 32 bytes (p2p's Identity.Secret).
	Secret func(label string) []byte

	Asker   Asker // nil: there is nobody to ask
	Log     *slog.Logger
	Observe func(Event) // nil: nobody wants to know. Called in order; must not block or call the Gate
	State   *State      // nil: kept in memory only

	// Source names the network that a peer's stream comes from ("11.1.2.0/24",
	// "2001:db8:1::/48", a relay's ID), so that guesses are counted for it and
	// not only for the peer's ID, of which anybody has as many as he likes.
	// nil or "": not known.
	Source func(wire.PeerID) string
}

// Gate lets peers in, or not, and keeps the sessions of those that it let in.
type Gate struct{ o Options }

// NewGate returns a Gate that is open as soon as Reload or a login has loaded
// the rules.
func NewGate(o Options) *Gate { return &Gate{o: o} }

// Serve is a wire.Handler for Protocol: one login and, if it succeeds, one
// session, which lives as long as Serve does.
func (g *Gate) Serve(ctx context.Context, from wire.PeerID, s wire.Stream) error { return nil }

// Guard returns a handler that passes a stream on to serve if it starts with
// the ticket of a live session of the same peer with the permission need. The
// context of serve ends with the session, with its line, or when the permission
// is withdrawn; the stream is closed then.
func (g *Gate) Guard(need Perm, serve func(context.Context, wire.Stream) error) wire.Handler {
	return nil
}

// Reload takes what config's Watch has read: every live session is held against
// it at once. With an error unattended access is closed until a later Reload
// without one; live sessions stay.
func (g *Gate) Reload(r *Rules, err error) {}

// Sessions returns the live sessions, and those that are lost but resumable.
func (g *Gate) Sessions() []SessionInfo { return nil }

// Kick ends the session with this ID, those of this peer, or with "all" every
// one, and returns how many.
func (g *Gate) Kick(which string) int { return 0 }

// Asking reports whether a request waits for a person at this computer. While
// it does, no key or click that comes over the network may reach the screen.
func (g *Gate) Asking() bool { return false }

// Shutdown tells every viewer the reason (Stopped or Restarting), ends the
// sessions, refuses new logins and returns when all of that is done.
func (g *Gate) Shutdown(ctx context.Context, reason Reason) {}

// SessionInfo describes a session, as rac status shows it.
type SessionInfo struct {
	ID    string // short, for people and for Kick; not the ticket
	Peer  wire.PeerID
	Name  string
	Auth  Method
	Perms Perms
	Since time.Time
	Bytes int64 // through guarded streams, both directions
	Lost  bool  // its line is down; it may be resumed
}
