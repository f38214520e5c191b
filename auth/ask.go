package auth

// Asking a person at this computer.

import (
	"context"
	"time"

	"rac/p2p/wire"
)

// Asker shows a request to a person at this computer.
type Asker interface {
	// CanAsk reports whether somebody could be asked now: there is a terminal,
	// a display or a control socket.
	CanAsk() bool

	// Ask waits for an answer. It returns when ctx ends (too late, or settled
	// by a password) with ctx's error. Anything but a clear yes is Refuse.
	Ask(ctx context.Context, r Request) (Answer, error)
}

// Answer is what the person said.
type Answer int

const (
	Refuse       Answer = iota
	AllowView           // look only
	AllowControl        // whatever was asked for and the config permits
)

// Request is what the person has to know. All text is fit to be shown: short,
// on one line, without control or direction characters.
type Request struct {
	Peer     wire.PeerID `json:"peer"`               // verified
	Words    string      `json:"words"`              // Peer as words, to be compared by telephone
	Name     string      `json:"name"`               // what the peer calls itself: not verified
	Verified string      `json:"verified,omitempty"` // "Anna, ACME GmbH — verified by ACME"; "": no certificate
	Wants    Perms       `json:"wants"`
	Deadline time.Time   `json:"deadline"`
}
