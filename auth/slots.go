package auth

// How many logins may be under way at once. A stream of a stranger costs a
// goroutine and some kilobytes before he has proved anything; so there is a
// bounded number of places. When all are taken, a random stranger loses his (as
// in OpenSSH's MaxStartups), of those from the network that has most of them: who
// floods loses most, and who comes alone from elsewhere keeps his place. Who has
// paid with a puzzle keeps his against those who have not. Some places are kept
// for known peers.

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
)

// A place costs about 30 kB beside its connection. Where a flood comes from fewer
// networks than there are places, nobody from elsewhere loses his. From more, an
// honest login of 1.5 s outlasts one of 50 a second nearly every second time, and
// nearly always once the puzzle is solved; with 32 places, as OpenSSH has, it would
// be once in ten.
const (
	maxSlots     = 144
	maxStrangers = 96 // the other places are for known peers
	maxPayers    = 72 // among the strangers: the others are for those who have yet to pay
	slotsPerPeer = 2
)

// rank says who may push out whom: only one of the same rank or above.
type rank int

const (
	stranger rank = iota
	payer         // has solved a puzzle, or is being shown to a person
	known         // lane A
)

var errEvicted = errors.New("auth: the place was needed for another login")

type slot struct {
	who  guesser
	rank rank
	drop context.CancelCauseFunc
}

type slots struct {
	mu    sync.Mutex
	taken map[*slot]struct{}
}

func newSlots() *slots { return &slots{taken: map[*slot]struct{}{}} }

// take returns a place, or nil. drop is called, at most once and without the
// lock's being of concern to it, when the place is taken away again.
func (ss *slots) take(who guesser, r rank, drop context.CancelCauseFunc) *slot {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	same, strangers := 0, 0
	for s := range ss.taken {
		if s.who.peer == who.peer {
			same++
		}
		if s.rank < known {
			strangers++
		}
	}
	if same >= slotsPerPeer {
		return nil
	}
	if full := len(ss.taken) >= maxSlots || r < known && strangers >= maxStrangers; full && !ss.evictLocked(r) {
		return nil
	}
	s := &slot{who: who, rank: r, drop: drop}
	ss.taken[s] = struct{}{}
	return s
}

// evictLocked pushes one of the lowest rank out, if that is not above r.
func (ss *slots) evictLocked(r rank) bool {
	var worst []*slot
	for s := range ss.taken {
		if len(worst) > 0 && s.rank < worst[0].rank {
			worst = worst[:0]
		}
		if len(worst) == 0 || s.rank == worst[0].rank {
			worst = append(worst, s)
		}
	}
	if len(worst) == 0 || worst[0].rank > r || worst[0].rank == known {
		return false
	}
	ss.dropLocked(worst)
	return true
}

// raise lifts a place's rank. When too many have paid, a random one of them has
// paid in vain.
func (ss *slots) raise(s *slot, r rank) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	s.rank = max(s.rank, r)
	var payers []*slot
	for o := range ss.taken {
		if o.rank == payer && o != s {
			payers = append(payers, o)
		}
	}
	if r == payer && len(payers) >= maxPayers {
		ss.dropLocked(payers)
	}
}

// crowded: strangers should pay for their places.
func (ss *slots) crowded() bool {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return len(ss.taken) > maxStrangers/2
}

// dropLocked takes the place of one away: a random one from the network that has
// most places. A flood that comes from as many networks as there are places is
// back to chance alone.
func (ss *slots) dropLocked(from []*slot) {
	places, most := map[string]int{}, 0
	for _, s := range from {
		places[s.who.source]++
		most = max(most, places[s.who.source])
	}
	from = slices.DeleteFunc(from, func(s *slot) bool { return places[s.who.source] < most })
	victim := from[rand.IntN(len(from))]
	delete(ss.taken, victim)
	victim.drop(errEvicted)
}

func (ss *slots) free(s *slot) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	delete(ss.taken, s)
}
