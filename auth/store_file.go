package auth

// The Store that is a config file.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"rac/auth/config"
	"rac/p2p/wire"
)

const (
	// goneTries times goneWait is how long an editor may take to put a file
	// back that it has moved away.
	goneTries = 5
	goneWait  = 20 * time.Millisecond
)

// FileStore returns the Store that reads and edits f.
func FileStore(f *config.File) Store { return &fileStore{f: f} }

type fileStore struct {
	f *config.File

	mu  sync.Mutex
	was bool // the file has been there
}

func (s *fileStore) Load() (*config.Config, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read()
}

// read takes a file that is gone for a broken one. config.File.Load takes it
// for a new one, with the defaults: a login in the moment in which an editor
// moves the file would then end every session.
func (s *fileStore) read() (*config.Config, error) {
	for try := 0; ; try++ {
		missing := s.missing()
		c, err := s.f.Load()
		missing = missing || s.missing()
		if err != nil || !missing {
			s.was = s.was || err == nil
			return c, err
		}
		if !s.was {
			return c, nil
		}
		if try == goneTries {
			return nil, fmt.Errorf("%s is gone: %w", s.f.Path(), fs.ErrNotExist)
		}
		time.Sleep(goneWait)
	}
}

func (s *fileStore) missing() bool {
	_, err := os.Stat(s.f.Path())
	return errors.Is(err, fs.ErrNotExist)
}

var errOvertaken = errors.New("auth: the config has changed meanwhile")

func (s *fileStore) SaveToken(t config.Token, passwordHash string) error {
	return s.f.Edit(func(e *config.Edit) error {
		now := e.Config().Unattended
		if !now.Enabled || !now.AllowSaveLogin || now.PasswordHash != passwordHash {
			return errOvertaken
		}
		if old := e.Config().Token(t.Client); old != nil {
			// What the owner has written about this client stays.
			t.Name, t.Expires, t.Permissions = old.Name, old.Expires, old.Permissions
		}
		return e.PutToken(t)
	})
}

func (s *fileStore) ResealToken(client wire.PeerID, old, new string) error {
	return s.f.Edit(func(e *config.Edit) error {
		if t := e.Config().Token(string(client)); t == nil || t.Sealed != old {
			return errOvertaken
		}
		return e.UpdateToken(string(client), func(t *config.Token) { t.Sealed = new })
	})
}

func (s *fileStore) BurnRecoveryCode(hash string) error {
	return s.f.Edit(func(e *config.Edit) error {
		if !slices.Contains(e.Config().Unattended.RecoveryCodes, hash) {
			return errOvertaken
		}
		return e.RemoveFrom("unattended.recovery_codes", hash)
	})
}

func (s *fileStore) DropToken(client wire.PeerID) error {
	err := s.f.Edit(func(e *config.Edit) error { return e.RemoveToken(string(client)) })
	if errors.Is(err, config.ErrNotFound) {
		return nil
	}
	return err
}
