package auth

// Certificates: an authority that the owner trusts says who holds a key. The
// host shows the name as verified, in the prompt and in the record; an
// authority with login = true also lets its holders in.
//
// A certificate is one line of text:
//
//	rac-cert-v1.PAYLOAD.SIGNATURE
//
// PAYLOAD is base64url of a JSON object {serial, peer, name, from, until,
// perms}, SIGNATURE base64url of Ed25519 (RFC 8032) over the bytes
// "rac certificate v1", a zero byte, and the JSON as it stands there. It is no
// secret: it is of use only to whoever has the key of that peer ID.
// docs/certificates.md has the whole of it, testdata/certificates.json the
// vectors.

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rac/auth/config"
	"rac/p2p/wire"
)

const (
	certPrefix  = "rac-cert-v1"
	certContext = "rac certificate v1\x00"
	certSlack   = 5 * time.Minute // between two clocks
)

// Certificate is what an authority says of a peer.
type Certificate struct {
	Serial string      `json:"serial"` // 16 hex digits; for the list of revoked ones
	Peer   wire.PeerID `json:"peer"`
	Name   string      `json:"name"` // "Anna, ACME GmbH"
	From   time.Time   `json:"from"`
	Until  time.Time   `json:"until"`
	Perms  []string    `json:"perms"` // the most that it can give
}

// NewCertificate fills in a serial; sign it with Sign.
func NewCertificate(peer wire.PeerID, name string, validity time.Duration, perms Perms) Certificate {
	var serial [8]byte
	rand.Read(serial[:])
	now := time.Now().UTC().Truncate(time.Second)
	return Certificate{
		Serial: hex.EncodeToString(serial[:]), Peer: peer, Name: clean(name, maxName),
		From: now, Until: now.Add(validity), Perms: perms.Names(),
	}
}

// newAuthorityKey makes a key that signs certificates, and its public half as it
// stands in an [[authority]] block.
func newAuthorityKey() (key ed25519.PrivateKey, public string, err error) {
	pub, key, err := ed25519.GenerateKey(nil)
	return key, base64.StdEncoding.EncodeToString(pub), err
}

// Sign returns the certificate as text. One that no host would take is an error.
func (c Certificate) Sign(key ed25519.PrivateKey) (string, error) {
	if err := c.check(); err != nil {
		return "", err
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	text := certPrefix + "." + enc.EncodeToString(payload) + "." + enc.EncodeToString(ed25519.Sign(key, certMessage(payload)))
	if len(text) > maxCert {
		return "", fmt.Errorf("auth: the certificate has %d characters, at most %d are taken", len(text), maxCert)
	}
	return text, nil
}

func certMessage(payload []byte) []byte { return append([]byte(certContext), payload...) }

// ReadCertificate reads the text and says whose key has signed it: the public
// keys are those of authorities. ErrUnknownAuthority if none has: what the
// certificate says is returned all the same, to be shown. Holds looks at the
// dates and the peer.
func ReadCertificate(text string, authorities ...string) (c Certificate, authority string, err error) {
	payload, signature, err := splitCertificate(text)
	if err != nil {
		return c, "", err
	}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return Certificate{}, "", errors.New("auth: the certificate's text is damaged")
	}
	if _, err := d.Token(); err != io.EOF {
		return Certificate{}, "", errors.New("auth: the certificate's text is damaged")
	}
	if err := c.check(); err != nil {
		return c, "", err
	}
	for _, authority := range authorities {
		key, err := base64.StdEncoding.DecodeString(authority)
		if err == nil && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, certMessage(payload), signature) {
			return c, authority, nil
		}
	}
	return c, "", ErrUnknownAuthority
}

// ErrUnknownAuthority is returned for a certificate that none of the given keys
// has signed: by another key, or it was changed afterwards.
var ErrUnknownAuthority = errors.New("auth: the certificate is signed by nobody who is trusted here")

func splitCertificate(text string) (payload, signature []byte, err error) {
	parts := strings.Split(strings.TrimSpace(text), ".")
	if len(text) > maxCert || len(parts) != 3 || parts[0] != certPrefix {
		return nil, nil, errors.New("auth: not a certificate: want rac-cert-v1.….…")
	}
	payload, err1 := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	signature, err2 := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err1 != nil || err2 != nil || len(signature) != ed25519.SignatureSize {
		return nil, nil, errors.New("auth: the certificate is damaged")
	}
	return payload, signature, nil
}

func (c Certificate) check() error {
	if _, err := ParsePerms(c.Perms); err != nil {
		return err
	}
	if c.Perms == nil { // limited would take that for all of them
		return errors.New("auth: the certificate does not say what it permits")
	}
	switch b, err := hex.DecodeString(c.Serial); {
	case err != nil || len(b) != 8:
		return errors.New("auth: the certificate has no serial number")
	case c.Peer == "" || len(c.Peer) > 128:
		return errors.New("auth: the certificate has no peer ID")
	case c.Name == "" || c.Name != clean(c.Name, maxName):
		return errors.New("auth: the certificate has no name, or one that cannot be shown")
	case !c.From.Before(c.Until):
		return errors.New("auth: the certificate ends before it begins")
	}
	if err := config.CheckVerifiedName(c.Name); err != nil {
		return fmt.Errorf("auth: the certificate's name %w", err)
	}
	return nil
}

// Holds reports why a certificate does not stand for a peer at a moment, if so.
// Two clocks may differ by five minutes.
func (c Certificate) Holds(peer wire.PeerID, now time.Time) error {
	switch {
	case c.Peer != peer:
		return errors.New("auth: the certificate is another peer's")
	case now.Add(certSlack).Before(c.From):
		return errors.New("auth: the certificate is not valid yet")
	case !now.Before(c.end()):
		return errors.New("auth: the certificate has expired")
	}
	return nil
}

// end is when the last clock that is believed takes the certificate for expired.
func (c Certificate) end() time.Time { return c.Until.Add(certSlack) }

// credential is a certificate that was shown, with the authority that stands
// for it.
type credential struct {
	cert Certificate
	key  string // the authority's
}

// believed returns the authority that stands for a credential under a config,
// or why there is none.
func (cr *credential) believed(peer wire.PeerID, c *config.Config, now time.Time) (*config.Authority, error) {
	i := slices.IndexFunc(c.Authorities, func(a config.Authority) bool { return a.Key == cr.key })
	switch {
	case i < 0:
		return nil, ErrUnknownAuthority
	case slices.ContainsFunc(c.Authorities[i].Revoked, func(s string) bool { return strings.EqualFold(s, cr.cert.Serial) }):
		return nil, errors.New("auth: the certificate is revoked")
	}
	return &c.Authorities[i], cr.cert.Holds(peer, now)
}

// showCertificate takes the certificate of a hello, if there is one that is
// believed; a bad one counts as none.
func (d *door) showCertificate(text string, c *config.Config) {
	if text == "" || len(c.Authorities) == 0 {
		return
	}
	keys := make([]string, 0, len(c.Authorities))
	for _, a := range c.Authorities {
		keys = append(keys, a.Key)
	}
	cert, key, err := ReadCertificate(text, keys...)
	if err != nil {
		d.log.Info("certificate not believed", "error", err)
		return
	}
	cr := &credential{cert, key}
	a, err := cr.believed(d.from, c, time.Now())
	if err != nil {
		d.log.Info("certificate not believed", "error", err, "serial", cert.Serial)
		return
	}
	d.cred, d.verified = cr, cert.Name+" — verified by "+clean(a.Name, maxName)
}

// byCertificate lets in who has a certificate of an authority with login = true.
func (d *door) byCertificate(c *config.Config, broken bool) *basis {
	if d.cred == nil || broken || !c.Unattended.Enabled {
		return nil
	}
	a, err := d.cred.believed(d.from, c, time.Now())
	if err != nil || !a.Login {
		return nil
	}
	return &basis{method: ByCertificate, granted: AllPerms, cred: d.cred}
}

// judgeCertificate is what a config makes of a session by certificate.
func judgeCertificate(st *standing, b basis, peer wire.PeerID, c *config.Config) {
	a, err := b.cred.believed(peer, c, time.Now())
	switch {
	case err != nil || !a.Login:
		st.reason = Revoked
		return
	case !c.Unattended.Enabled:
		st.reason = Disabled
		return
	}
	st.perms &= limited(a.Permissions) & limited(b.cred.cert.Perms)
	st.expires = b.cred.cert.end()
}
