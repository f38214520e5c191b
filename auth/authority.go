package auth

// The key of an authority: whoever has it says who people are, on every host
// that trusts it. It lives in a file of its own, like the identity, and is made
// once.

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const (
	authorityPEM = "PRIVATE KEY" // PKCS #8, RFC 5958
	maxAuthority = 4 << 10       // bytes; such a file has 119
)

// Authority signs certificates. Formatted in any way it prints its public key.
type Authority struct{ key ed25519.PrivateKey }

// Key is the public half, as it stands in an [[authority]] block.
func (a Authority) Key() string {
	return base64.StdEncoding.EncodeToString(a.key.Public().(ed25519.PublicKey))
}

// Block is what the owner of a host puts into the config to trust the authority;
// it lets nobody in by itself.
func (a Authority) Block(name string) string {
	return fmt.Sprintf(`[[authority]]
name = %q
key = %q
login = false                        # true: whoever holds its certificate gets in without a password, at most with:
permissions = ["view", "control"]
revoked = []                         # serial numbers of certificates that are no longer good: rac cert list
`, clean(name, maxName), a.Key())
}

// Format keeps every verb of fmt from showing the key.
func (a Authority) Format(f fmt.State, _ rune) { fmt.Fprint(f, a.Key()) }

// Sign returns a certificate as text.
func (a Authority) Sign(c Certificate) (string, error) { return c.Sign(a.key) }

// CreateAuthority makes a key and the file for it, which only its owner can
// read. A file that is there already is an error (fs.ErrExist): another key
// would make every certificate of the old one worthless.
func CreateAuthority(file string) (Authority, error) {
	key, _, err := newAuthorityKey()
	if err != nil {
		return Authority{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Authority{}, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return Authority{}, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: authorityPEM, Bytes: der})
	return Authority{key}, createPrivate(file, text)
}

// createPrivate writes a new file; half a one does not stay.
func createPrivate(file string, text []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(file)
	}
	return err
}

// LoadAuthority reads a file that CreateAuthority has made. One that other users
// can read is refused.
func LoadAuthority(file string) (Authority, error) {
	info, err := os.Stat(file)
	if err != nil {
		return Authority{}, err
	}
	if err := checkPrivate(file, info); err != nil {
		return Authority{}, err
	}
	text, err := readBounded(file, maxAuthority)
	if err != nil {
		return Authority{}, err
	}
	key, err := parseAuthority(text)
	if err != nil {
		return Authority{}, fmt.Errorf("%s: %w; put a saved copy back", file, err)
	}
	return Authority{key}, nil
}

func parseAuthority(text []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != authorityPEM {
		return nil, fmt.Errorf("not a PEM file with a %s", authorityPEM)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the key in it is damaged")
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("the key in it is not Ed25519")
	}
	return key, nil
}
