package p2p

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"rac/p2p/wire"
)

// Identity is the Ed25519 key that a computer is known by: its ID is the hash
// of the public half. It lives in a file of its own, never in the config, so
// that the config can be shown around. Formatted in any way it prints its ID.
type Identity struct {
	key crypto.PrivKey
	id  peer.ID
}

// keyFileMax is far above the size of a PEM block with an Ed25519 key (119
// bytes): whatever is longer is not ours.
const keyFileMax = 4 << 10

const pemType = "PRIVATE KEY" // PKCS #8, RFC 5958

// LoadIdentity reads the identity from the file path, and makes both on first
// use. Of several processes that do so at once, one wins and all get the same
// identity. A file that other users can read or write is refused.
func LoadIdentity(path string) (*Identity, error) {
	id, err := readIdentity(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return id, err
	}
	if err := createIdentity(path); err != nil {
		return nil, err
	}
	return readIdentity(path)
}

func readIdentity(path string) (*Identity, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("identity key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("identity key: %w", err)
	}
	if err := checkPrivate(path, info); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, keyFileMax))
	if err != nil {
		return nil, fmt.Errorf("identity key: %w", err)
	}
	id, err := parseIdentity(text)
	if err != nil {
		return nil, fmt.Errorf("identity key %s: %w; put a saved copy back, or remove the file: rac then makes a new key, and this computer gets a new ID", path, err)
	}
	return id, nil
}

func parseIdentity(text []byte) (*Identity, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return nil, fmt.Errorf("not a PEM file with a %s", pemType)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the key in it is damaged")
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key in it is not Ed25519")
	}
	return identityOf(key)
}

func identityOf(key ed25519.PrivateKey) (*Identity, error) {
	priv, err := crypto.UnmarshalEd25519PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("p2p: identity: %w", err)
	}
	id, err := peer.IDFromPrivateKey(priv)
	if err != nil {
		return nil, fmt.Errorf("p2p: identity: %w", err)
	}
	return &Identity{key: priv, id: id}, nil
}

// throwAwayIdentity is one that no file remembers.
func throwAwayIdentity() (*Identity, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("p2p: identity: %w", err)
	}
	return identityOf(key)
}

// createIdentity puts a new key at path unless there is one. The whole file
// appears under its name at once, by a link: a rename would replace the key
// that another process has just made and begun to use.
func createIdentity(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("identity key: %w", err)
	}
	text, err := newKeyFile()
	if err != nil {
		return err
	}
	tmp, err := writeSynced(dir, text)
	if err != nil {
		return fmt.Errorf("identity key: %w", err)
	}
	defer os.Remove(tmp)
	if err := os.Link(tmp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("identity key: %w", err)
	}
	return nil
}

func newKeyFile() ([]byte, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("identity key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("identity key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}), nil
}

// writeSynced writes text to a new file in dir that only its owner can read
// (os.CreateTemp makes it so) and that a power cut does not empty.
func writeSynced(dir string, text []byte) (name string, err error) {
	f, err := os.CreateTemp(dir, ".identity-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return f.Name(), err
}

// ID returns the name that others know this computer by.
func (i *Identity) ID() wire.PeerID { return wire.PeerID(i.id.String()) }

// Secret returns 32 bytes that only the holder of the key can compute, other
// ones for each label (HKDF-SHA256, RFC 5869). They seal what this computer
// keeps for itself.
func (i *Identity) Secret(label string) []byte {
	raw, err := i.key.Raw()
	if err != nil {
		panic("p2p: an Ed25519 key has no bytes: " + err.Error())
	}
	seed := ed25519.PrivateKey(raw).Seed()
	secret, err := hkdf.Key(sha256.New, seed, nil, label, 32)
	if err != nil {
		panic("p2p: HKDF refuses 32 bytes: " + err.Error())
	}
	return secret
}

// Format prints the ID for every verb: %+v and %#v would show the key.
func (i *Identity) Format(f fmt.State, _ rune) { io.WriteString(f, i.id.String()) }

// LogValue is the ID.
func (i *Identity) LogValue() slog.Value { return slog.StringValue(i.id.String()) }
