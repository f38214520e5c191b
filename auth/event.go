package auth

// What the Gate tells main about, for the lines and events of rac host.

import (
	"time"

	"rac/p2p/wire"
)

// Kind names an Event, as rac host --json prints it.
type Kind string

const (
	EventRequest      Kind = "request"       // Peer, Name, Verified, Wants
	EventDenied       Kind = "denied"        // Peer, Name, Verified, Code
	EventSessionStart Kind = "session_start" // Session, Peer, Name, Verified, Auth, Path, Wants, Perms
	EventSessionEnd   Kind = "session_end"   // Session, Peer, Name, Verified, Auth, Path, Reason, Lasted, Bytes

	eventToken  Kind = "token"  // Peer, Token; for the record only
	eventConfig Kind = "config" // Changed; for the record only
)

// Event is something that the owner of this computer may want to know.
type Event struct {
	Kind     Kind
	Time     time.Time
	Session  string
	Peer     wire.PeerID
	Name     string
	Verified string
	Auth     Method
	Path     string // as Options.Path names it
	Wants    Perms
	Perms    Perms
	Code     Code
	Reason   Reason
	Lasted   time.Duration
	Bytes    int64
	Token    string
	Changed  []string
}
