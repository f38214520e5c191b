package auth

// SPAKE2+ (RFC 9383), suite P256-SHA256-HKDF-SHA256-HMAC-SHA256: the viewer
// proves that it knows the password, the host that it knows the password's
// verifier, and neither shows the other anything that could be guessed against
// offline. Names are those of the RFC: the prover P is the viewer, the verifier
// V is the host.

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/big"

	"filippo.io/nistec"
)

const (
	scalarLen = 32
	shareLen  = 65 // an uncompressed point
)

var errShare = errors.New("auth: not a point of P-256")

// spakeM and spakeN are M and N of RFC 9383 section 4 for P-256, points whose
// discrete logarithms nobody knows.
func spakeM() *nistec.P256Point {
	return constPoint("02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f")
}

func spakeN() *nistec.P256Point {
	return constPoint("03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49")
}

func constPoint(text string) *nistec.P256Point {
	b, _ := hex.DecodeString(text)
	p, err := nistec.NewP256Point().SetBytes(b)
	if err != nil {
		panic("auth: a constant is not a point") // held by the test of the RFC's vectors
	}
	return p
}

// groupOrder returns the order of P-256, and is its generator's.
func groupOrder() *big.Int {
	q, _ := new(big.Int).SetString("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
	return q
}

// parsePoint reads a point that a peer sent, or the config holds. What is not
// on the curve or is the identity is refused (RFC 9383 section 6): the curve's
// cofactor is 1, so nothing else is to be checked.
func parsePoint(b []byte) (*nistec.P256Point, error) {
	p, err := nistec.NewP256Point().SetBytes(b)
	if err != nil || p.IsInfinity() == 1 {
		return nil, errShare
	}
	return p, nil
}

func parseShare(b []byte) (*nistec.P256Point, error) {
	if len(b) != shareLen {
		return nil, errShare
	}
	return parsePoint(b)
}

// randomScalar returns a number in [1, order) without bias: what is too large
// (about once in 2^32) is thrown away.
func randomScalar() []byte {
	order := groupOrder().FillBytes(make([]byte, scalarLen))
	for {
		k := make([]byte, scalarLen)
		rand.Read(k) // never fails: it ends the program if the system has no randomness
		if bytes.Compare(k, order) < 0 && !bytes.Equal(k, make([]byte, scalarLen)) {
			return k
		}
	}
}

// times and plus are safe on parsed points and scalars of 32 bytes, the only
// errors of which nistec knows.
func times(p *nistec.P256Point, k []byte) *nistec.P256Point {
	r, err := nistec.NewP256Point().ScalarMult(p, k)
	if err != nil {
		return nistec.NewP256Point() // the identity: every caller refuses it
	}
	return r
}

func timesBase(k []byte) *nistec.P256Point {
	return times(nistec.NewP256Point().SetGenerator(), k)
}

func plus(a, b *nistec.P256Point) *nistec.P256Point { return nistec.NewP256Point().Add(a, b) }

func minus(a, b *nistec.P256Point) *nistec.P256Point {
	return plus(a, nistec.NewP256Point().Negate(b))
}

// binding is what both sides must agree on besides the password.
type binding struct {
	context              []byte // what was said before, hashed
	idProver, idVerifier string // from the connection, never from a message
}

// of keeps the runs of different secrets apart.
func (b binding) of(m Method) binding {
	b.context = append(append([]byte(nil), b.context...), m...)
	return b
}

// spakeProver is the viewer's half of one run.
type spakeProver struct {
	bind   binding
	w0, w1 []byte
	x      []byte
	share  []byte // shareP: the first message
}

func newSpakeProver(bind binding, w0, w1, x []byte) *spakeProver {
	share := plus(timesBase(x), times(spakeM(), w0)).Bytes() // X = x*P + w0*M
	return &spakeProver{bind: bind, w0: w0, w1: w1, x: x, share: share}
}

// finish takes the host's answer. An error means a wrong password, or a host
// that does not have the verifier; nothing must be sent to it then.
func (p *spakeProver) finish(shareV, confirmV []byte) (confirmP []byte, err error) {
	y, err := parseShare(shareV)
	if err != nil {
		return nil, err
	}
	rest := minus(y, times(spakeN(), p.w0)) // Y - w0*N
	keys, err := p.bind.keys(p.share, shareV, times(rest, p.x), times(rest, p.w1), p.w0)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(keys.confirmV, confirmV) {
		return nil, errConfirm
	}
	return keys.confirmP, nil
}

// errConfirm says that the two sides do not have the same password.
var errConfirm = errors.New("auth: the proof does not hold")

// spakeVerifier is the host's half of one run.
type spakeVerifier struct {
	share    []byte // shareV
	confirm  []byte // confirmV, sent along with it
	expected []byte // confirmP
}

// newSpakeVerifier answers a shareP. Whoever reads the answer can check one guess
// with it: the caller counts a try before he sends it.
func newSpakeVerifier(bind binding, w0 []byte, l *nistec.P256Point, shareP, y []byte) (*spakeVerifier, error) {
	x, err := parseShare(shareP)
	if err != nil {
		return nil, err
	}
	share := plus(timesBase(y), times(spakeN(), w0)).Bytes() // Y = y*P + w0*N
	z := times(minus(x, times(spakeM(), w0)), y)             // Z = y*(X - w0*M)
	keys, err := bind.keys(shareP, share, z, times(l, y), w0)
	if err != nil {
		return nil, err
	}
	return &spakeVerifier{share: share, confirm: keys.confirmV, expected: keys.confirmP}, nil
}

// holds reports whether the viewer has proved that it knows the password.
func (v *spakeVerifier) holds(confirmP []byte) bool { return hmac.Equal(v.expected, confirmP) }

// spakeKeys are all values of RFC 9383 section 3.4.
type spakeKeys struct {
	transcript         []byte // TT
	main               []byte // K_main
	keyP, keyV         []byte // K_confirmP, K_confirmV
	confirmP, confirmV []byte
	shared             []byte // K_shared
}

func (b binding) keys(shareP, shareV []byte, z, v *nistec.P256Point, w0 []byte) (k spakeKeys, err error) {
	if z.IsInfinity() == 1 || v.IsInfinity() == 1 {
		return k, errShare
	}
	for _, field := range [][]byte{
		b.context, []byte(b.idProver), []byte(b.idVerifier), spakeM().Bytes(), spakeN().Bytes(),
		shareP, shareV, z.Bytes(), v.Bytes(), w0,
	} {
		k.transcript = binary.LittleEndian.AppendUint64(k.transcript, uint64(len(field)))
		k.transcript = append(k.transcript, field...)
	}
	sum := sha256.Sum256(k.transcript)
	k.main = sum[:]
	confirm, err := hkdf.Key(sha256.New, k.main, nil, "ConfirmationKeys", 2*sha256.Size)
	if err != nil {
		return k, err
	}
	if k.shared, err = hkdf.Key(sha256.New, k.main, nil, "SharedKey", sha256.Size); err != nil {
		return k, err
	}
	k.keyP, k.keyV = confirm[:sha256.Size], confirm[sha256.Size:]
	k.confirmP, k.confirmV = mac(k.keyP, shareV), mac(k.keyV, shareP)
	return k, nil
}

func mac(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}
