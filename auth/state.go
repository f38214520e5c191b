package auth

// What changes often and is not the owner's business to edit.

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"rac/auth/config"
	"rac/p2p/wire"
)

const (
	maxState  = 1 << 20             // bytes of state.json
	maxPeers  = 1000                // remembered peers; those not seen for longest go first
	knownFor  = 90 * 24 * time.Hour // after a login by password
	stateMode = 0o600
)

// State is state.json: when a client's token was last used, who has logged in by
// password, the last step of the second factor. Losing it costs nobody access.
type State struct {
	file string // "": kept in memory only

	mu   sync.Mutex
	data stateData
}

type stateData struct {
	LastUsed map[wire.PeerID]time.Time `json:"last_used"`      // of a token
	Password map[wire.PeerID]time.Time `json:"password_login"` // of the last login by password
	TOTPOf   string                    `json:"totp_of"`        // the second factor that the step is of
	TOTPStep int64                     `json:"totp_step"`      // the last time step that was used
}

// OpenState reads a state file, or starts with an empty state. A damaged file
// is set aside as FILE.damaged.
func OpenState(file string) (*State, error) {
	s, err := ReadState(file)
	if err != nil {
		if err := os.Rename(file, file+".damaged"); err != nil {
			return nil, fmt.Errorf("auth: the state cannot be read, nor set aside: %w", err)
		}
	}
	s.file = file
	return s, nil
}

// ReadState reads a state file and leaves it alone: what changes in this State is
// not written. Of a damaged file it returns an empty state and the error.
func ReadState(file string) (*State, error) {
	s := &State{}
	text, err := readBounded(file, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &s.data)
	}
	if err != nil {
		return &State{}, fmt.Errorf("auth: %s cannot be read: %w", file, err)
	}
	return s, nil
}

func readBounded(file string, max int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > max {
		return nil, fmt.Errorf("%s has %d bytes, at most %d are read", filepath.Base(file), info.Size(), max)
	}
	return os.ReadFile(file)
}

// LastUsed tells when a client's token was last used; zero: never.
func (s *State) LastUsed(client wire.PeerID) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data.LastUsed[client]
}

func (s *State) usedToken(client wire.PeerID, now time.Time) error {
	return s.change(func(d *stateData) { put(&d.LastUsed, client, now) })
}

func (s *State) loggedIn(peer wire.PeerID, now time.Time) error {
	return s.change(func(d *stateData) { put(&d.Password, peer, now) })
}

// forget makes a stranger of a peer.
func (s *State) forget(peer wire.PeerID) error {
	return s.change(func(d *stateData) {
		delete(d.LastUsed, peer)
		delete(d.Password, peer)
	})
}

func (s *State) knows(peer wire.PeerID, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.data.Password[peer]
	return ok && now.Sub(last) < knownFor
}

// useStep takes a time step of the second factor that is kept as sealed, if it
// is later than the last one taken: a code that was looked at over a shoulder is
// worth nothing. Another factor starts anew, so that a clock that once ran ahead
// does not lock its owner out for good.
func (s *State) useStep(sealed string, step int64) (fresh bool) {
	sum := sha256.Sum256([]byte(sealed))
	of := hex.EncodeToString(sum[:8])
	s.change(func(d *stateData) { // on a full disk the memory still holds it
		if fresh = of != d.TOTPOf || step > d.TOTPStep; fresh {
			d.TOTPOf, d.TOTPStep = of, step
		}
	})
	return fresh
}

func put(m *map[wire.PeerID]time.Time, peer wire.PeerID, now time.Time) {
	if *m == nil {
		*m = map[wire.PeerID]time.Time{}
	}
	(*m)[peer] = now.UTC().Truncate(time.Second)
	for len(*m) > maxPeers {
		oldest := peer
		for p, t := range *m {
			if t.Before((*m)[oldest]) || t.Equal((*m)[oldest]) && strings.Compare(string(p), string(oldest)) < 0 {
				oldest = p
			}
		}
		delete(*m, oldest)
	}
}

func (s *State) change(f func(*stateData)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.data)
	if s.file == "" {
		return nil
	}
	text, err := json.MarshalIndent(&s.data, "", " ")
	if err != nil {
		return err
	}
	return config.ReplaceFile(s.file, append(text, '\n'), stateMode)
}
