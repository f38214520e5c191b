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
	Path     string // direct or relayed
	Wants    Perms
	Perms    Perms
	Code     Code
	Reason   Reason
	Lasted   time.Duration
	Bytes    int64
	Token    string
	Changed  []string
	Missed   int
}

// observeLocked tells of an event, to the record and to Observe.
func (g *Gate) observeLocked(e Event) {
	e.Time = time.Now()
	g.recordLocked(e)
	if g.o.Observe == nil || len(g.untold) >= e.Kind.room() {
		return
	}
	g.untold = append(g.untold, e)
	if !g.telling {
		g.telling = true
		g.tellers.Go(g.tell)
	}
}

// maxUntold bounds the events that wait for an Observe that blocks.
const maxUntold = 1000

// room is how many may wait before one of this kind. Strangers make denials and
// requests as they like: half of the room is kept for sessions, so that nobody
// can hide one's beginning behind a flood.
func (k Kind) room() int {
	if k == EventDenied || k == EventRequest {
		return maxUntold / 2
	}
	return maxUntold
}

// tell hands the events over until there are none.
func (g *Gate) tell() {
	for {
		g.mu.Lock()
		events := g.untold
		g.untold = nil
		g.telling = len(events) > 0
		g.mu.Unlock()
		if len(events) == 0 {
			return
		}
		for _, e := range events {
			g.o.Observe(e)
		}
	}
}

func (g *Gate) observe(e Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.observeLocked(e)
}
