package auth

// What LogIn knows, and whom it may ask.

import (
	"context"
	"time"

	"rac/p2p/wire"
)

// Prover is what LogIn knows and whom it may ask. Funcs may be nil.
type Prover struct {
	Self, Host wire.PeerID // both ends of the stream, verified by the connection
	Name       string      // what this computer calls itself; a person at the host sees it
	Wants      Perms       // 0: everything that the host permits
	Cert       string      // a certificate to show; "": none

	// SavedLogin returns the token saved for this host. nil or false: there is
	// none, or (rac connect --remember) it is not to be used.
	SavedLogin func() (Secret, bool)

	// DropLogin is called when the host says that the token is dead.
	DropLogin func()

	// SaveLogin stores a token: a new one after a login by password with
	// Typed.Remember, or the next one of a token that the host has rotated. It
	// returns when the token is safe on disk.
	SaveLogin func(Secret) error

	// Password returns what the person typed, or what a file or stdin had.
	// It is called again after a wrong password. ctx ends when the person at
	// the host has accepted meanwhile. ErrNoPassword: there is none to be had.
	Password func(ctx context.Context, q Question) (Typed, error)

	// Person says that Password asks somebody: then the host's console is asked
	// at the same time, and the host waits for as long as a person needs.
	Person bool

	// Code returns a code of the second factor or a recovery code.
	Code func(ctx context.Context, q Question) (string, error)

	// Notice is told what is going on, to be shown.
	Notice func(Notice)

	// OnPerms is called when the host changes what this session may do.
	OnPerms func(Perms)

	// OnSaved is called when the host has stored its half of a new token, or
	// could not (then the saved login is no good).
	OnSaved func(error)

	stretch func(kdf, Password) (w0, w1 []byte) // nil: argon2id; tests remember what it gave
}

// Question is what the prompt for a password should show.
type Question struct {
	MaySave bool          // the host lets logins be saved: offer to remember
	Asking  bool          // a person at the host is being asked at the same time
	Attempt int           // 1, 2, …
	Last    Code          // why the last attempt failed; "": there was none
	Wait    time.Duration // the host does not listen to another attempt before
}

// Typed is the answer to a Question.
type Typed struct {
	Password Password
	Remember bool // ask the host for a saved login
}

// Notice is something to show while a login is under way.
type Notice struct {
	Code    Code          // what has just failed while the login goes on; "": nothing
	Asking  bool          // a person at the host is being asked
	Timeout time.Duration // how long he has
}
