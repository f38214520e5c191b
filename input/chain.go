package input

// A viewer's input at the host, over one stream after the other.

import (
	"context"
	"sync"
	"time"
)

// chainID names a chain. The viewer makes it up, at random, and tells nobody but
// the host.
type chainID [16]byte

// chain is what outlives a stream: how much of the viewer's input was put in, so
// that the next stream neither repeats nor misses any of it, and what is held
// when one stream takes over from another that still works.
type chain struct {
	taken   uint64  // events that were put in or missed, over all its streams
	missed  uint64  // presses and characters of these that could not be put in
	held    []Event // ids that the last stream has handed over; none where it has released all
	yield   chan struct{}
	left    chan struct{} // closed when no stream serves it
	asked   bool          // yield is closed
	waiting int           // streams that want to go on with it
	used    time.Time
}

// maxChains bounds what viewers can make a host remember. One that was forgotten
// starts anew: what was under way is then dropped, and its viewer knows.
const maxChains = 256

// chains are those of one computer. The zero value has none.
type chains struct {
	mu   sync.Mutex
	list map[chainID]*chain
}

// join makes a stream the one that serves a chain. The one before puts in what
// it has begun and has stopped when join returns.
func (cs *chains) join(ctx context.Context, id chainID) (*chain, error) {
	c, left := cs.tryJoin(id, nil)
	for left != nil {
		select {
		case <-left:
		case <-ctx.Done():
			if cs.giveUp(c) {
				return nil, ctx.Err()
			}
		}
		c, left = cs.tryJoin(id, c)
	}
	return c, nil
}

// tryJoin returns what to wait for where another stream must stop first; waited is the
// chain that was waited for so far, if any.
func (cs *chains) tryJoin(id chainID, waited *chain) (c *chain, left chan struct{}) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.list == nil {
		cs.list = map[chainID]*chain{}
	}
	if waited != nil {
		waited.waiting--
	}
	c = cs.list[id]
	if c != nil && c.left != nil {
		if !c.asked {
			c.asked = true
			close(c.yield)
		}
		c.waiting++
		return c, c.left
	}
	if c == nil {
		cs.makeRoomLocked()
		c = &chain{}
		cs.list[id] = c
	}
	c.yield, c.left, c.asked, c.used = make(chan struct{}), make(chan struct{}), false, time.Now()
	return c, nil
}

// giveUp ends the waiting for a chain; false: it has been left to us, and so has what
// is held there.
func (cs *chains) giveUp(c *chain) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if c.left == nil {
		return false
	}
	c.waiting--
	return true
}

// makeRoomLocked forgets the chain that was left the longest ago.
func (cs *chains) makeRoomLocked() {
	if len(cs.list) < maxChains {
		return
	}
	var oldest chainID
	var found *chain
	for id, c := range cs.list {
		if c.left == nil && c.waiting == 0 && (found == nil || c.used.Before(found.used)) {
			oldest, found = id, c
		}
	}
	delete(cs.list, oldest)
}

// leave ends a stream's service; what the viewer holds is for the one that takes
// over. Where nobody waits to do so any more, it returns false: the keys would stay
// down for good.
func (cs *chains) leave(c *chain, held []Event) (handed bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if handed = c.waiting > 0; !handed {
		held = nil
	}
	c.held, c.used = held, time.Now()
	close(c.left)
	c.left = nil
	return handed
}
