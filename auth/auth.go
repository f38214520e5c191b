// Package auth decides who may do what on this computer, and proves to other
// computers who we are.
//
// # Who gets in
//
// Every peer's ID is its key, verified by the connection before this package
// sees it. From there are four ways in, all on one stream (/rac/login/1), all
// through the Gate (gate.go):
//
//   - the unattended password, by SPAKE2+ (password.go), and a second factor if
//     one is set (totp.go);
//   - a saved login: a token that this host issued to that one client after a
//     login by password (token.go);
//   - a person at this computer who accepts (ask.go), or gave out an invite of
//     four words for one session (invite.go);
//   - a certificate of an authority that the owner trusts with logins (cert.go).
//
// A login ends in a Ticket. Every other stream starts with that ticket, and
// Guard (guard.go) lets it pass if the ticket is that peer's, its session lives
// and has the permission that the stream needs: a permission is a stream, a
// withdrawn permission is a closed stream. The login stream stays open; its end
// is the session's end. LogIn (login.go) is the other side of all this.
//
// # What is stored where
//
// The host's config holds a verifier of the password (not the password: a
// thief must guess at argon2id's cost, and cannot log in with what he has), and
// for each saved login a hash, sealed with the identity key. The client's config
// holds the token sealed with the client's identity key, never the password.
// state.json (state.go) holds what changes often: last uses, known peers, guess
// limits. sessions.jsonl (audit.go) is the record.
//
// # What it holds against
//
// A stranger learns whether a password can be tried, a person asked and a login
// saved, nothing else, and exhausts nothing (limit.go). A fake host learns no
// password and gets one guess for each attempt of a client. A thief of the
// config gets no login; a thief of the client's config no login elsewhere and
// no password. It does not hold against whoever owns the account that rac runs
// in, on either side, nor against a person who accepts a swindler.
package auth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Secret is 32 random bytes that open something. No way of printing one shows
// more than that it is there.
type Secret [32]byte

// Format keeps every verb of fmt from showing the bytes.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, "(secret)") }

// LogValue keeps slog from showing the bytes.
func (Secret) LogValue() slog.Value { return slog.StringValue("(secret)") }

// MarshalText keeps JSON from showing the bytes; what has to travel is encoded
// by hand in msg.go.
func (Secret) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

func (s Secret) encode() string { return base64.RawURLEncoding.EncodeToString(s[:]) }

// Ticket names a session to the host that issued it. A stream that starts with
// these 32 bytes belongs to that session if it comes from the same peer.
type Ticket = Secret

// Password is what a person typed. Clear it when it has been used.
type Password []byte

// Format keeps every verb of fmt from showing the password.
func (Password) Format(f fmt.State, _ rune) { fmt.Fprint(f, "(password)") }

// LogValue keeps slog from showing the password.
func (Password) LogValue() slog.Value { return slog.StringValue("(password)") }

// MarshalText keeps JSON from showing the password.
func (Password) MarshalText() ([]byte, error) { return []byte("(password)"), nil }

// Clear overwrites the password.
func (p Password) Clear() { clear(p) }

// Method is a way to log in.
type Method string

const (
	ByPassword    Method = "password"
	ByToken       Method = "token"
	ByAccept      Method = "accepted"
	ByInvite      Method = "invite"
	ByCertificate Method = "certificate"
)

// Code says why a login was refused. The comment names the exit code of CLI.md.
type Code string

const (
	CodePassword      Code = "password"       // 4: wrong password
	CodeCode          Code = "code"           // 4: wrong second factor
	CodeThrottled     Code = "throttled"      // 4: too many tries; RetryAfter says for how long
	CodeBusy          Code = "busy"           // 4: too many logins at once; RetryAfter
	CodeTokenDead     Code = "token_dead"     // 4: the saved login is no longer good, and there is no other
	CodeSuspended     Code = "suspended"      // 6: unattended access is off; the saved login will be good again
	CodeNeedsPassword Code = "needs_password" // 4: the host wants a password, and none can be had on this side
	CodeNeedsCode     Code = "needs_code"     // 4: the host wants a second factor, and none can be had on this side
	CodeDenied        Code = "denied"         // 5: the person at the host said no
	CodeNoAnswer      Code = "no_answer"      // 5: the person at the host said nothing in time
	CodeNobody        Code = "nobody"         // 5: nobody can be asked at the host now
	CodeNotAllowed    Code = "not_allowed"    // 6: this peer is not on the host's allow list
	CodeNoWayIn       Code = "no_way_in"      // 6: neither a password nor a person can let anybody in
	CodePermission    Code = "permission"     // 6: nothing of what was asked for is permitted
	CodeGone          Code = "gone"           // 7: the session to be resumed is over
	CodeProtocol      Code = "protocol"       // 1: one side broke the rules or is too old
)

// Refused is the error of a login that the host did not let in.
type Refused struct {
	Code       Code
	RetryAfter time.Duration // 0: no time was named
}

func (r *Refused) Error() string {
	text, ok := refusals[r.Code]
	if !ok {
		text = fmt.Sprintf("the host refused: %q", string(r.Code))
	}
	if r.RetryAfter > 0 {
		text += fmt.Sprintf("; try again in %s", r.RetryAfter.Round(time.Second))
	}
	return text
}

// Is makes errors.Is(err, &Refused{Code: c}) a question for the code alone.
func (r *Refused) Is(target error) bool {
	t, ok := target.(*Refused)
	return ok && t.Code == r.Code
}

var refusals = map[Code]string{
	CodePassword:      "wrong password",
	CodeCode:          "wrong code",
	CodeThrottled:     "too many tries",
	CodeBusy:          "the host has too many logins at once",
	CodeTokenDead:     "the saved login is no longer good",
	CodeSuspended:     "unattended access is switched off at the host",
	CodeNeedsPassword: "the host wants a password",
	CodeNeedsCode:     "the host wants a code of the second factor",
	CodeDenied:        "refused at the host",
	CodeNoAnswer:      "nobody answered at the host",
	CodeNobody:        "nobody can be asked at the host",
	CodeNotAllowed:    "the host does not allow this computer to ask",
	CodeNoWayIn:       "the host lets nobody in: no unattended access, and nobody is asked",
	CodePermission:    "the host permits nothing of what was asked for",
	CodeGone:          "the session is over and cannot be resumed",
	CodeProtocol:      "the host did not understand",
}

// Reason says why a session ended.
type Reason string

const (
	Closed          Reason = "closed"           // the viewer closed it
	Revoked         Reason = "revoked"          // the token, the certificate or the place on the allow list was withdrawn
	Disabled        Reason = "disabled"         // unattended access was switched off
	PasswordChanged Reason = "password_changed" // also: set to the same password again
	Kicked          Reason = "kicked"           // somebody at the host ended it
	Permission      Reason = "permission"       // the permission it was for was withdrawn
	Stopped         Reason = "stopped"          // the host program ended
	Restarting      Reason = "restarting"       // the host program is about to come back
	Lost            Reason = "lost"             // the line went silent; the session can be resumed
)

// Ended is the error of a session that is over, or, with the reason Lost, of
// one whose line is down.
type Ended struct{ Reason Reason }

func (e *Ended) Error() string { return "the session ended: " + string(e.Reason) }

// Is makes errors.Is(err, &Ended{Lost}) work.
func (e *Ended) Is(target error) bool {
	t, ok := target.(*Ended)
	return ok && t.Reason == e.Reason
}

// ErrNoPassword is what Prover.Password returns when there is nobody to ask and
// nothing to read from.
var ErrNoPassword = errors.New("auth: no password can be had here")
