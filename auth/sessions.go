package auth

// The list of sessions, for rac status and rac kick.

import (
	"cmp"
	"slices"
	"time"

	"rac/p2p/wire"
)

// SessionInfo describes a session, as rac status shows it.
type SessionInfo struct {
	ID       string      `json:"session"` // short, for people and for Kick; not the ticket
	Peer     wire.PeerID `json:"peer"`
	Name     string      `json:"name"`
	Verified string      `json:"verified,omitempty"`
	Auth     Method      `json:"auth"`
	Path     string      `json:"path"` // direct or relayed
	Perms    Perms       `json:"perms"`
	Since    time.Time   `json:"since"`
	Bytes    int64       `json:"bytes"` // through guarded streams, both directions
	Lost     bool        `json:"lost"`  // its line is down; it may be resumed
}

// Sessions returns the live sessions and those that are lost but resumable, the
// oldest first.
func (g *Gate) Sessions() []SessionInfo {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.infosLocked()
}

func (g *Gate) infosLocked() []SessionInfo {
	var list []SessionInfo
	for _, s := range g.sessions {
		if s.state != over {
			list = append(list, SessionInfo{
				ID: s.id, Peer: s.peer, Name: s.name, Verified: s.verified, Auth: s.basis.method, Path: s.path,
				Perms: s.perms, Since: s.since, Bytes: s.bytes.Load(), Lost: s.state == lost,
			})
		}
	}
	slices.SortFunc(list, func(a, b SessionInfo) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID)) })
	return list
}

// Kick ends the session with this ID, those of this peer, or with "all" every
// one, and returns how many.
func (g *Gate) Kick(which string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, s := range g.sessions {
		if s.state != over && (which == "all" || which == s.id || which == string(s.peer)) {
			g.endLocked(s, Kicked)
			n++
		}
	}
	return n
}
