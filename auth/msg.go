package auth

// The messages of the login stream. Bodies are JSON objects: a login is rare
// and small, and a person who debugs one can read it. They are read strictly:
// an unknown key, a second value or a text that is too long ends the login.
//
//	viewer                              host
//	  hello               →
//	                      ←  challenge               what is open to a stranger
//	  proof password      →                          SPAKE2+: shareP
//	                      ←  proof                   shareV, confirmV
//	  proof password      →                          confirmP
//	                      ←  welcome
//	  ping                →                          once a second, until bye
//	                      ←  pong
//
// In place of the password: proof token; proof accept, answered by asking and
// later by welcome or refused, while the password may be tried; after the
// password, if there is a second factor: refused needs_code, proof code. When
// strangers crowd the door, the challenge holds a puzzle: proof puzzle.

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"rac/p2p/wire"
)

// Protocol is the login stream: opened by the viewer, one for each session; its
// end is the session's end.
const Protocol wire.Protocol = "/rac/login/1"

// maxBody is the largest body of a message on the login stream.
const maxBody = 8 << 10

const (
	msgHello     wire.Type = 0x01 // viewer: {version, name, wants, methods, person, nonce, cert?}
	msgChallenge wire.Type = 0x02 // host: {version, methods, may_save, kdf?, invite?, nonce, puzzle?}
	msgProof     wire.Type = 0x03 // viewer: {method, token?, share?, confirm?, save?, code?, puzzle?}; host: {method, share, confirm, retry_after}
	msgAsking    wire.Type = 0x04 // host: {seconds}: a person is being asked, and has so long
	msgWelcome   wire.Type = 0x05 // host: {ticket, resume, perms, host, auth, may_save, token?}
	msgRefused   wire.Type = 0x06 // host: {code, retry_after?, again, puzzle?}: again: the login goes on
	msgPerms     wire.Type = 0x07 // host: {perms}: what the session may do from now on
	msgSaved     wire.Type = 0x08 // viewer: {ok}: the token is safe on disk; host: {ok}: so is its half
	msgResume    wire.Type = 0x09 // viewer, in place of hello: {ticket, secret}: that of the last welcome, good once
	msgPing      wire.Type = 0x0a // viewer: {n}: once a second from the challenge on
	msgPong      wire.Type = 0x0b // host: {n}: the answer to a ping
	msgBye       wire.Type = 0x0c // either: {reason}: the session, or the login, is over
)

const (
	protocolVersion = 1
	nonceLen        = 32
	maxList         = 16   // entries of a list of names
	maxCert         = 4096 // a certificate, in characters
	maxCode         = 64   // a code of the second factor or a recovery code
)

// b64 is bytes, as text in JSON.
type b64 []byte

func (b b64) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

func (b *b64) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.Strict().AppendDecode(nil, text)
	return err
}

type helloMsg struct {
	Version int      `json:"version"`
	Name    string   `json:"name"`
	Wants   []string `json:"wants"`
	Methods []Method `json:"methods"` // what this viewer has, or can ask for
	Person  bool     `json:"person"`  // somebody types: give him time
	Nonce   b64      `json:"nonce"`
	Cert    string   `json:"cert,omitempty"`
}

func (m *helloMsg) check() error {
	switch {
	case m.Version < 1:
		return errors.New("no version")
	case len(m.Nonce) != nonceLen:
		return fmt.Errorf("a nonce of %d bytes, want %d", len(m.Nonce), nonceLen)
	case len(m.Wants) > maxList || len(m.Methods) > maxList:
		return errors.New("a list is too long")
	case len(m.Name) > 1024 || len(m.Cert) > maxCert:
		return errors.New("a text is too long")
	}
	return nil
}

type challengeMsg struct {
	Version int      `json:"version"`
	Methods []Method `json:"methods"` // ByPassword, ByAccept, ByInvite: what a stranger may try; ByCertificate: let in by that
	MaySave bool     `json:"may_save"`
	KDF     *kdfMsg  `json:"kdf,omitempty"`
	Invite  *kdfMsg  `json:"invite,omitempty"`
	Nonce   b64      `json:"nonce"`
	Puzzle  *puzzle  `json:"puzzle,omitempty"`
}

func (m *challengeMsg) check() error {
	switch {
	case m.Version < 1:
		return errors.New("no version")
	case len(m.Nonce) != nonceLen:
		return fmt.Errorf("a nonce of %d bytes, want %d", len(m.Nonce), nonceLen)
	case len(m.Methods) > maxList:
		return errors.New("a list is too long")
	}
	return m.Puzzle.check()
}

// kdfMsg is kdf on the line.
type kdfMsg struct {
	Memory  uint32 `json:"m"` // KiB
	Time    uint32 `json:"t"`
	Threads uint8  `json:"p"`
	Salt    b64    `json:"salt"`
}

func (k kdf) msg() *kdfMsg { return &kdfMsg{k.Memory, k.Time, k.Threads, k.Salt} }

// kdf returns the parameters, unless they are missing or out of bounds.
func (m *kdfMsg) kdf() (k kdf, err error) {
	if m == nil {
		return k, errors.New("no parameters for the password")
	}
	k = kdf{Memory: m.Memory, Time: m.Time, Threads: m.Threads, Salt: m.Salt}
	return k, k.check()
}

type proofMsg struct {
	Method  Method `json:"method"`
	Token   b64    `json:"token,omitempty"`
	Share   b64    `json:"share,omitempty"`
	Confirm b64    `json:"confirm,omitempty"`
	Save    bool   `json:"save,omitempty"`
	Code    string `json:"code,omitempty"`
	Puzzle  b64    `json:"puzzle,omitempty"` // the solution

	RetryAfter int `json:"retry_after,omitempty"` // host: seconds until the next try, should this one fail
}

// methodCode is the proof that follows another: the second factor.
const methodCode Method = "code"

// methodPuzzle pays for a try, and for the place, before there is a password: the
// solution of the challenge's puzzle.
const methodPuzzle Method = "puzzle"

func (m *proofMsg) check() error {
	switch {
	case len(m.Token) > 64 || len(m.Share) > 128 || len(m.Confirm) > 64 || len(m.Code) > maxCode || len(m.Puzzle) > 64:
		return errors.New("a part is too long")
	case m.RetryAfter < 0 || m.RetryAfter > maxRetry:
		return fmt.Errorf("a wait of %d s", m.RetryAfter)
	}
	return nil
}

type askingMsg struct {
	Seconds int `json:"seconds"`
}

func (m *askingMsg) check() error {
	if m.Seconds < 0 || m.Seconds > maxRetry {
		return fmt.Errorf("%d s to answer", m.Seconds)
	}
	return nil
}

type welcomeMsg struct {
	Ticket  b64      `json:"ticket"` // empty after resume: it stays what it was
	Resume  b64      `json:"resume"` // resumes the session, once
	Perms   []string `json:"perms"`
	Host    string   `json:"host"`
	Auth    Method   `json:"auth"`
	MaySave bool     `json:"may_save"`
	Token   b64      `json:"token,omitempty"`
}

func (m *welcomeMsg) check() error {
	switch {
	case len(m.Ticket) != 0 && len(m.Ticket) != len(Ticket{}), len(m.Token) != 0 && len(m.Token) != len(Secret{}), len(m.Resume) != len(Secret{}):
		return errors.New("a ticket, a token or what resumes is of another length than 32 bytes")
	case len(m.Perms) > maxList:
		return errors.New("a list is too long")
	case len(m.Host) > 1024 || len(m.Auth) > 32:
		return errors.New("a text is too long")
	}
	return nil
}

// maxRetry bounds what a host can make a viewer wait or count down, in seconds.
const maxRetry = 24 * 60 * 60

type refusedMsg struct {
	Code       Code    `json:"code"`
	RetryAfter int     `json:"retry_after,omitempty"` // seconds
	Again      bool    `json:"again"`
	Puzzle     *puzzle `json:"puzzle,omitempty"`
}

func (m *refusedMsg) check() error {
	switch {
	case len(m.Code) == 0 || len(m.Code) > 32:
		return errors.New("no code")
	case m.RetryAfter < 0 || m.RetryAfter > maxRetry:
		return fmt.Errorf("a wait of %d s", m.RetryAfter)
	}
	return m.Puzzle.check()
}

func (m *refusedMsg) wait() time.Duration { return time.Duration(m.RetryAfter) * time.Second }

type permsMsg struct {
	Perms []string `json:"perms"`
}

func (m *permsMsg) check() error {
	if len(m.Perms) > maxList {
		return errors.New("a list is too long")
	}
	return nil
}

type savedMsg struct {
	OK bool `json:"ok"`
}

func (*savedMsg) check() error { return nil }

type resumeMsg struct {
	Ticket b64 `json:"ticket"`
	Secret b64 `json:"secret"`
}

func (m *resumeMsg) check() error {
	if len(m.Ticket) != len(Ticket{}) || len(m.Secret) != len(Secret{}) {
		return fmt.Errorf("a ticket of %d bytes and a secret of %d", len(m.Ticket), len(m.Secret))
	}
	return nil
}

// pingMsg is also pong's.
type pingMsg struct {
	N uint64 `json:"n"`
}

func (*pingMsg) check() error { return nil }

type byeMsg struct {
	Reason Reason `json:"reason"`
}

func (m *byeMsg) check() error {
	if len(m.Reason) > 32 {
		return errors.New("a text is too long")
	}
	return nil
}

// parse reads a body into m, which is a pointer to one of the types above.
func parse(body []byte, m interface{ check() error }) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return fmt.Errorf("auth: %T: %w", m, hideValue(err))
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("auth: %T: more than one value", m)
	}
	if err := m.check(); err != nil {
		return fmt.Errorf("auth: %T: %w", m, err)
	}
	return nil
}

// hideValue drops what json says of the text it met: it may be half a secret.
func hideValue(err error) error {
	if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
		return errors.New("not JSON")
	}
	return errors.New("not the right JSON")
}

// appendJSON is the other half of parse.
func appendJSON(dst []byte, m any) []byte {
	body, err := json.Marshal(m)
	if err != nil {
		return dst // cannot happen: the types above hold nothing that JSON does not know
	}
	return append(dst, body...)
}

// transcriptHash is T0 of DESIGN.md section 3: everything said before the
// proofs, so that nobody can take a method away or put one in. The bodies are
// hashed as they were on the line.
func transcriptHash(hello, challenge []byte) []byte {
	h := sha256.New()
	for _, part := range [][]byte{[]byte("rac login v1"), hello, challenge} {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write(part)
	}
	return h.Sum(nil)
}
