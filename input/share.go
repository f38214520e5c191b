package input

// One computer's input for several viewers at a time.

import (
	"context"
	"fmt"
	"sync"

	"rac/p2p/wire"
)

// Shared is an Injector that several Serves may use at a time. What two viewers
// hold goes down with the first and up with the last of them.
type Shared struct {
	chains chains

	// mu makes events one after the other, and guards what follows.
	mu      sync.Mutex
	inj     Injector
	holders map[Event]*hold // by the id of what is held
	pauses  int
}

// hold is a key or button that viewers hold. It may be up in spite of that: a
// pause has lifted it.
type hold struct {
	viewers int
	down    bool
}

// Share returns inj for use by several viewers. Close closes inj.
func Share(inj Injector) *Shared {
	return &Shared{inj: inj, holders: map[Event]*hold{}}
}

// Serve is the function Serve for a viewer of this computer. A Feed's next stream
// goes on where the one before has ended.
func (s *Shared) Serve(ctx context.Context, stream wire.Stream) error {
	return serve(ctx, stream, &guest{inj: s, chains: &s.chains})
}

// Inject puts an event in. During a Pause everything but releases is refused
// with ErrNotNow.
func (s *Shared) Inject(ev Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, down, ok := pressed(ev)
	if ok && !down {
		return s.releaseLocked(id, ev)
	}
	if k, key := ev.(Key); key && k.Again {
		return s.repeatLocked(k)
	}
	if s.pauses > 0 {
		return fmt.Errorf("input: somebody at the host is being asked: %w", ErrNotNow)
	}
	if ok {
		return s.pressLocked(id, ev)
	}
	return s.inj.Inject(ev)
}

func (s *Shared) pressLocked(id, ev Event) error {
	h := s.holders[id]
	if h == nil {
		h = &hold{}
		s.holders[id] = h
	}
	if !h.down {
		if err := s.inj.Inject(ev); err != nil {
			s.forgetLocked(id, h)
			return err
		}
	}
	h.viewers++
	h.down = true
	return nil
}

// repeatLocked leaves a key alone that a pause has lifted.
func (s *Shared) repeatLocked(k Key) error {
	if h := s.holders[k.id()]; h == nil || !h.down {
		return nil
	}
	return s.inj.Inject(k)
}

// forgetLocked drops an entry that nobody holds.
func (s *Shared) forgetLocked(id Event, h *hold) {
	if h.viewers == 0 {
		delete(s.holders, id)
	}
}

func (s *Shared) releaseLocked(id, ev Event) error {
	h := s.holders[id]
	if h == nil {
		return s.inj.Inject(ev) // a press that failed halfway: better once too often
	}
	if h.viewers--; h.viewers > 0 {
		return nil
	}
	delete(s.holders, id)
	if !h.down {
		return nil
	}
	return s.inj.Inject(ev)
}

// Pause lifts everything that viewers hold and refuses what they press, type
// and point at until resume is called: while a person at this computer is being
// asked something, no viewer can answer. Pauses may overlap. What was held stays
// up until it is pressed anew.
func (s *Shared) Pause() (resume func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pauses++
	for id, h := range s.holders {
		if h.down {
			s.inj.Inject(up(id)) // an error is the viewer's at its next event
			h.down = false
		}
	}
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pauses--
	})
}

// Close closes the Injector.
func (s *Shared) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inj.Close()
}
