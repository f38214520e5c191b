package auth

// Saved logins. After a login by password the host makes 32 random bytes, the
// token, for this one client. The client keeps them, sealed with its identity
// key; the host keeps their hash, sealed with its own. Neither half is worth
// anything elsewhere, and the token opens nothing for another client: its ID is
// bound in, and the connection has verified it.
//
// The host's seal is also bound to the password hash: whoever changes that
// line, to another password or the same one, has killed every token.

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"rac/p2p/wire"
)

const (
	hostSealLabel   = "rac token seal host v1"
	clientSealLabel = "rac token seal client v1"

	// rotateAfter is the age at which a token is replaced when it is used: a
	// copy of the client's file is then found out by the next use of the other.
	rotateAfter = 24 * time.Hour

	// rotateGrace lets a second login through that was already under way with
	// the old token when the first one got the new.
	rotateGrace = time.Minute
)

func newSecret() (s Secret) {
	rand.Read(s[:]) // never fails: it ends the program if the system has no randomness
	return s
}

func (s Secret) hash() [32]byte { return sha256.Sum256(s[:]) }

// tokenState is the sealed part of a token block.
type tokenState struct {
	current  [32]byte // SHA-256 of the token
	previous [32]byte // of the one before; zeros: there was none
	rotated  time.Time
	settled  bool // the client has shown that it has the current one
}

const stateLen = 32 + 32 + 8 + 1

func (st tokenState) append(dst []byte) []byte {
	dst = append(dst, st.current[:]...)
	dst = append(dst, st.previous[:]...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(st.rotated.Unix()))
	if st.settled {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func parseTokenState(b []byte) (st tokenState, err error) {
	if len(b) != stateLen || b[72] > 1 {
		return st, errors.New("auth: not the state of a token")
	}
	copy(st.current[:], b)
	copy(st.previous[:], b[32:])
	st.rotated = time.Unix(int64(binary.BigEndian.Uint64(b[64:])), 0)
	st.settled = b[72] == 1
	return st, nil
}

// verdict is what a presented token turns out to be.
type verdict int

const (
	tokenWrong  verdict = iota
	tokenGood           // the current one
	tokenStale          // the one before, from a client that may not have the current one yet
	tokenCloned         // the one before, after the current one was used: two have it
)

func (st tokenState) judge(s Secret, now time.Time) verdict {
	h := s.hash()
	current := subtle.ConstantTimeCompare(h[:], st.current[:]) == 1
	previous := subtle.ConstantTimeCompare(h[:], st.previous[:]) == 1
	switch {
	case current:
		return tokenGood
	case previous && (!st.settled || now.Sub(st.rotated) < rotateGrace):
		return tokenStale
	case previous:
		return tokenCloned
	}
	return tokenWrong
}

// seals makes and opens the host's half of tokens.
type seals struct{ key []byte }

// bound is the associated data: the client and the password that it typed.
func bound(client wire.PeerID, passwordHash string) []byte {
	sum := sha256.Sum256([]byte(passwordHash))
	return append([]byte(client), sum[:]...)
}

func (x seals) seal(client wire.PeerID, passwordHash string, st tokenState) string {
	return seal(x.key, st.append(nil), bound(client, passwordHash))
}

func (x seals) open(client wire.PeerID, passwordHash, sealed string) (tokenState, error) {
	plain, err := unseal(x.key, sealed, bound(client, passwordHash))
	if err != nil {
		return tokenState{}, err
	}
	return parseTokenState(plain)
}

// SealLogin returns a token as it is kept in the [[peer]] block of host. It is
// useless to any other identity than the one whose secret func this is.
func SealLogin(secret func(label string) []byte, host wire.PeerID, token Secret) (string, error) {
	if host == "" {
		return "", errors.New("auth: a saved login belongs to a host")
	}
	return seal(secret(clientSealLabel), token[:], []byte(host)), nil
}

// OpenLogin is the other half of SealLogin. An error means that the saved login
// is not this identity's, or damaged: it counts as dead.
func OpenLogin(secret func(label string) []byte, host wire.PeerID, sealed string) (token Secret, err error) {
	plain, err := unseal(secret(clientSealLabel), sealed, []byte(host))
	if err != nil {
		return token, err
	}
	if len(plain) != len(token) {
		return token, errors.New("auth: the saved login has a wrong length")
	}
	copy(token[:], plain)
	clear(plain)
	return token, nil
}

// seal is XChaCha20-Poly1305 with a random nonce, as base64: nonce ‖ ciphertext.
func seal(key, plain, bound []byte) string {
	aead := newAEAD(key)
	box := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	rand.Read(box)
	return base64.RawStdEncoding.EncodeToString(aead.Seal(box, box, plain, bound))
}

const maxSealed = 1024 // characters; nothing that is sealed here comes near

func unseal(key []byte, text string, bound []byte) ([]byte, error) {
	if len(text) > maxSealed {
		return nil, errUnseal
	}
	box, err := base64.RawStdEncoding.Strict().DecodeString(text)
	aead := newAEAD(key)
	if err != nil || len(box) < aead.NonceSize() {
		return nil, errUnseal
	}
	plain, err := aead.Open(nil, box[:aead.NonceSize()], box[aead.NonceSize():], bound)
	if err != nil {
		return nil, errUnseal
	}
	return plain, nil
}

var errUnseal = errors.New("auth: cannot be unsealed with this identity")

// newAEAD brings any key to the cipher's 32 bytes, so that it cannot fail.
func newAEAD(key []byte) cipher.AEAD {
	if len(key) != chacha20poly1305.KeySize {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		panic("auth: " + err.Error()) // only for another length
	}
	return aead
}
