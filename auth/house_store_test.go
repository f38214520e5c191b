package auth

// The config of the house, and the hashes of its passwords.

import (
	"slices"
	"sync"
	"testing"

	"rac/auth/config"
	"rac/p2p/wire"
)

// memory is a Store without a file.
type memory struct {
	mu   sync.Mutex
	c    *config.Config
	err  error // of Load
	full error // of a write
}

func (m *memory) Load() (*config.Config, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.c, m.err
}

// change is what an editor does.
func (m *memory) change(f func(*config.Config)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := *m.c
	c.Tokens, c.Network.Allow = slices.Clone(c.Tokens), slices.Clone(c.Network.Allow)
	f(&c)
	m.c = &c
}

func (m *memory) write(f func(*config.Config) error) (err error) {
	if m.full != nil {
		return m.full
	}
	m.change(func(c *config.Config) { err = f(c) })
	return err
}

func (m *memory) SaveToken(t config.Token, passwordHash string) error {
	return m.write(func(c *config.Config) error {
		if !c.Unattended.AllowSaveLogin || c.Unattended.PasswordHash != passwordHash {
			return errOvertaken
		}
		c.Tokens = append(slices.DeleteFunc(c.Tokens, func(o config.Token) bool { return o.Client == t.Client }), t)
		return nil
	})
}

func (m *memory) ResealToken(client wire.PeerID, old, new string) error {
	return m.write(func(c *config.Config) error {
		t := c.Token(string(client))
		if t == nil || t.Sealed != old {
			return errOvertaken
		}
		t.Sealed = new
		return nil
	})
}

func (m *memory) BurnRecoveryCode(hash string) error {
	return m.write(func(c *config.Config) error {
		i := slices.Index(c.Unattended.RecoveryCodes, hash)
		if i < 0 {
			return errOvertaken
		}
		c.Unattended.RecoveryCodes = slices.Delete(slices.Clone(c.Unattended.RecoveryCodes), i, i+1)
		return nil
	})
}

func (m *memory) DropToken(client wire.PeerID) error {
	return m.write(func(c *config.Config) error {
		c.Tokens = slices.DeleteFunc(c.Tokens, func(o config.Token) bool { return o.Client == string(client) })
		return nil
	})
}

// hashes keeps the tests from running argon2id for each house.
var hashes sync.Map

func hashed(t testing.TB, password string) string {
	t.Helper()
	if h, ok := hashes.Load(password); ok {
		return h.(string)
	}
	h, err := NewPasswordHash(Password(password))
	if err != nil {
		t.Fatal(err)
	}
	hashes.Store(password, h)
	return h
}

var stretched sync.Map

// remembered is argon2id, once for each password and salt.
func remembered(k kdf, p Password) (w0, w1 []byte) {
	key := string(p) + "/" + string(k.Salt)
	if known, ok := stretched.Load(key); ok {
		return known.([2][]byte)[0], known.([2][]byte)[1]
	}
	w0, w1 = k.stretch(p)
	stretched.Store(key, [2][]byte{w0, w1})
	return w0, w1
}
