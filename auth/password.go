package auth

// The unattended password: how it becomes the line in the config, how it is
// checked for strength, how one is made up. The login itself is in spake.go.

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"crypto/rand"

	"filippo.io/nistec"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// kdf says how a password becomes two numbers: argon2id (RFC 9106) with these
// parameters. It is public: the host tells it to whoever wants to log in.
type kdf struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8
	Salt    []byte // 16 to 64 bytes
}

// newKDF is what new passwords get: RFC 9106's second recommendation, 0.1 to
// 0.4 s on the viewer's machine. The host never runs it for a login.
func newKDF() kdf {
	salt := make([]byte, 16)
	rand.Read(salt)
	return kdf{Memory: 64 << 10, Time: 3, Threads: 4, Salt: salt}
}

// check bounds what a host can make a viewer compute: too little would let a
// fake host guess cheaply at what it sees, too much would choke the viewer.
func (k kdf) check() error {
	switch {
	case k.Memory < 64<<10 || k.Memory > 256<<10:
		return fmt.Errorf("auth: argon2id with %d KiB of memory, want 64 to 256 MiB", k.Memory)
	case k.Time < 3 || k.Time > 10:
		return fmt.Errorf("auth: argon2id with %d passes, want 3 to 10", k.Time)
	case k.Threads < 1 || k.Threads > 4:
		return fmt.Errorf("auth: argon2id with %d threads, want 1 to 4", k.Threads)
	case len(k.Salt) < 16 || len(k.Salt) > 64:
		return fmt.Errorf("auth: argon2id with a salt of %d bytes, want 16 to 64", len(k.Salt))
	}
	return nil
}

// stretch returns w0 and w1 of RFC 9383 section 3.2: 80 bytes of argon2id, each
// half reduced by the group's order, so that the bias is below 2^-64. The RFC's
// identities are left out of the input: the config line may be deployed to
// several hosts; they are bound into each run's transcript instead.
func (k kdf) stretch(p Password) (w0, w1 []byte) {
	typed := norm.NFC.Append(nil, p...) // "é" is one key on one keyboard and two on another
	key := argon2.IDKey(typed, k.Salt, k.Time, k.Memory, k.Threads, 80)
	w0, w1 = reduce(key[:40]), reduce(key[40:])
	clear(key)
	clear(typed)
	return w0, w1
}

func reduce(b []byte) []byte {
	n := new(big.Int).SetBytes(b)
	return n.Mod(n, groupOrder()).FillBytes(make([]byte, scalarLen))
}

// passwordHash is a parsed password_hash: enough to check a login, not enough
// to log in.
type passwordHash struct {
	kdf kdf
	w0  []byte
	l   *nistec.P256Point // L = w1*P
}

const (
	hashName    = "rac-spake2p"
	hashVersion = "v=1"
	pointLen    = 33 // a compressed point
	maxHash     = 400
)

// NewPasswordHash returns the value of password_hash for a password, with a
// fresh salt: the same password gives another hash each time. It takes some
// tenths of a second and 64 MiB. It does not judge the password: CheckPassword
// does.
func NewPasswordHash(p Password) (string, error) {
	if len(p) == 0 {
		return "", errors.New("auth: the password is empty")
	}
	k := newKDF()
	w0, w1 := k.stretch(p)
	return (&passwordHash{kdf: k, w0: w0, l: timesBase(w1)}).String(), nil
}

// String returns the PHC form: $rac-spake2p$v=1$m=65536,t=3,p=4$salt$w0$L with
// base64 without padding; L is a compressed point.
func (h *passwordHash) String() string {
	return fmt.Sprintf("$%s$%s$m=%d,t=%d,p=%d$%s$%s$%s", hashName, hashVersion, h.kdf.Memory, h.kdf.Time, h.kdf.Threads,
		phc.EncodeToString(h.kdf.Salt), phc.EncodeToString(h.w0), phc.EncodeToString(h.l.BytesCompressed()))
}

// phc is the base64 of the PHC string format.
var phc = base64.RawStdEncoding.Strict()

func parsePasswordHash(text string) (*passwordHash, error) {
	fields := strings.Split(text, "$")
	if len(text) > maxHash || len(fields) != 7 || fields[0] != "" {
		return nil, errors.New("password_hash is not one of rac: want $rac-spake2p$v=1$…, as rac passwd writes it")
	}
	if fields[1] != hashName || fields[2] != hashVersion {
		return nil, fmt.Errorf("password_hash is of the kind %q, want %s", bounded(fields[1]+"$"+fields[2], 40), hashName+"$"+hashVersion)
	}
	var h passwordHash
	if _, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &h.kdf.Memory, &h.kdf.Time, &h.kdf.Threads); err != nil {
		return nil, fmt.Errorf("password_hash has the parameters %q, want m=…,t=…,p=…", bounded(fields[3], 40))
	}
	var point []byte
	for i, into := range []*[]byte{&h.kdf.Salt, &h.w0, &point} {
		b, err := phc.DecodeString(fields[4+i])
		if err != nil {
			return nil, fmt.Errorf("password_hash has a part that is not base64: %w", err)
		}
		*into = b
	}
	if err := h.kdf.check(); err != nil {
		return nil, fmt.Errorf("password_hash: %w", err)
	}
	return h.finish(point, text)
}

func (h *passwordHash) finish(point []byte, text string) (_ *passwordHash, err error) {
	if len(h.w0) != scalarLen || len(point) != pointLen {
		return nil, errors.New("password_hash is cut short or too long")
	}
	if !validScalar(h.w0) {
		return nil, errors.New("password_hash holds a number that is out of range")
	}
	if h.l, err = parsePoint(point); err != nil {
		return nil, fmt.Errorf("password_hash: %w", err)
	}
	if h.String() != text {
		return nil, errors.New("password_hash is not in its one form: leading zeros or stray characters")
	}
	return h, nil
}

func validScalar(b []byte) bool {
	n := new(big.Int).SetBytes(b)
	return n.Sign() > 0 && n.Cmp(groupOrder()) < 0
}
