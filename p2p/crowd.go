package p2p

import (
	"cmp"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// The limits of limits.go turn newcomers away, and whoever holds what there is
// has it for good: four addresses with 256 connections each would shut the owner
// out. So before a limit is reached somebody has to leave, and it is never the one
// who has just come from a network of his own: of those who may go, the first is from
// the network (wire.Remote's Source) that has the most guests, and there the one who
// came first.
// Coming again does not help: it is the connection's age that counts.

const (
	// maxShakes bounds the handshakes under way; each costs 25 kB. From one network
	// more than one or two are seldom honest.
	maxShakes = 128

	// maxCallers bounds the connections that others have made to a host. Each costs
	// 60 kB, and half as much again until the collector comes; auth has places for
	// 96 strangers.
	maxCallers = 192
)

// standing says who may be sent away before whom.
type standing int

const (
	idle standing = iota // has no stream that rac serves: has not asked for anything, or is done
	busy                 // sent away only when nearly all are busy
	kept                 // never
)

// guest is a connection, or a handshake.
type guest struct {
	id     peer.ID // "": not known yet
	source string
	nth    uint64
	late   time.Time // it is over by then; zero: who knows
	end    func()    // must not wait
}

// crowd is those who are there; the keys are whatever tells them apart.
type crowd struct {
	most int

	mu      sync.Mutex
	guests  map[any]*guest
	from    map[string]int   // how many, by source
	streams map[peer.ID]int  // that rac serves
	friends map[peer.ID]bool // true: of our own choice, as a relay is; false: the owner says so
	count   uint64
}

func newCrowd(most int) *crowd {
	return &crowd{most: most, guests: map[any]*guest{}, from: map[string]int{}, streams: map[peer.ID]int{}, friends: map[peer.ID]bool{}}
}

// enter adds a guest, and sends one away if that is one too many.
func (c *crowd) enter(key any, g *guest) {
	if out := c.admit(key, g); out != nil {
		out.end()
	}
}

// admit returns who has to go, if somebody has.
func (c *crowd) admit(key any, g *guest) *guest {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaveLocked(key) // an address that is used again
	c.count++
	g.nth = c.count
	c.guests[key] = g
	c.from[g.source]++
	if len(c.guests) > c.most {
		c.forgetLateLocked()
	}
	if len(c.guests) <= c.most {
		return nil
	}
	return c.sendAwayLocked()
}

func (c *crowd) leave(key any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaveLocked(key)
}

func (c *crowd) leaveLocked(key any) {
	g := c.guests[key]
	if g == nil {
		return
	}
	delete(c.guests, key)
	if c.from[g.source]--; c.from[g.source] == 0 {
		delete(c.from, g.source)
	}
}

func (c *crowd) forgetLateLocked() {
	now := time.Now()
	for key, g := range c.guests {
		if !g.late.IsZero() && now.After(g.late) {
			c.leaveLocked(key)
		}
	}
}

// sendAwayLocked looks at all of them: some hundreds, at most some hundred times a
// second.
func (c *crowd) sendAwayLocked() (out *guest) {
	var at any
	for key, g := range c.guests {
		s := c.standingLocked(g)
		if s == kept || s == busy && len(c.guests) <= c.most*3/2 {
			continue
		}
		if out == nil || c.beforeLocked(g, out) {
			at, out = key, g
		}
	}
	if out != nil {
		c.leaveLocked(at)
	}
	return out
}

// beforeLocked: a has to leave rather than b.
func (c *crowd) beforeLocked(a, b *guest) bool {
	if x, y := c.standingLocked(a), c.standingLocked(b); x != y {
		return x < y
	}
	if x, y := c.from[a.source], c.from[b.source]; x != y {
		return x > y
	}
	return a.nth < b.nth
}

func (c *crowd) standingLocked(g *guest) standing {
	switch {
	case c.trustsLocked(g.id):
		return kept
	case c.streams[g.id] > 0:
		return busy
	}
	return idle
}

// serving counts the streams of a peer: by 1 when one begins, by -1 when it ends.
func (c *crowd) serving(id peer.ID, by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams[id] += by; c.streams[id] == 0 {
		delete(c.streams, id)
	}
}

// serve makes a peer that is connected busy until it is gone.
func (c *crowd) serve(id peer.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.streams[id] = 1
}

func (c *crowd) serves(id peer.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.streams[id] > 0
}

// trust makes a peer a friend until it is gone.
func (c *crowd) trust(id peer.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.friends[id] = true
}

// heed makes a peer a friend, or none any more, on the owner's word.
func (c *crowd) heed(id peer.ID, friend bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch chosen, known := c.friends[id]; {
	case friend && !known:
		c.friends[id] = false
	case !friend && known && !chosen:
		delete(c.friends, id)
	}
}

func (c *crowd) trusts(id peer.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trustsLocked(id)
}

func (c *crowd) trustsLocked(id peer.ID) bool {
	_, ok := c.friends[id]
	return ok
}

func (c *crowd) part(id peer.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.friends, id)
}

// lighten sends strangers away until those who stay weigh no more than most: first the
// heaviest of the heaviest network. Where the served are spared, they do not count.
func (c *crowd) lighten(most int64, weigh func(peer.ID) int64, spareServed bool) {
	for _, g := range c.heaviest(most, weigh, spareServed) {
		g.end()
	}
}

func (c *crowd) heaviest(most int64, weigh func(peer.ID) int64, spareServed bool) (out []*guest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all int64
	weights, from := map[peer.ID]int64{}, map[string]int64{}
	for _, g := range c.guests {
		if _, counted := weights[g.id]; !counted && !c.trustsLocked(g.id) && !(spareServed && c.streams[g.id] > 0) {
			weights[g.id] = weigh(g.id)
			from[g.source] += weights[g.id]
			all += weights[g.id]
		}
	}
	for all > most {
		var worst *guest
		for _, g := range c.guests {
			if weights[g.id] > 0 && (worst == nil || cmp.Or(cmp.Compare(from[g.source], from[worst.source]),
				cmp.Compare(weights[g.id], weights[worst.id]), cmp.Compare(worst.nth, g.nth)) > 0) {
				worst = g
			}
		}
		if worst == nil {
			break
		}
		all -= weights[worst.id]
		from[worst.source] -= weights[worst.id]
		out = append(out, c.takeLocked(worst.id)...)
	}
	return out
}

// spared is the weight of all whom lighten leaves alone.
func (c *crowd) spared(weigh func(peer.ID) int64, spareServed bool) (all int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range c.friends {
		all += weigh(id)
	}
	if spareServed {
		for id := range c.streams {
			if !c.trustsLocked(id) {
				all += weigh(id)
			}
		}
	}
	return all
}

// dismiss sends a peer away.
func (c *crowd) dismiss(id peer.ID) {
	c.mu.Lock()
	out := c.takeLocked(id)
	c.mu.Unlock()
	for _, g := range out {
		g.end()
	}
}

// takeLocked takes all guests of a peer off the list.
func (c *crowd) takeLocked(id peer.ID) (out []*guest) {
	for key, g := range c.guests {
		if g.id == id {
			c.leaveLocked(key)
			out = append(out, g)
		}
	}
	return out
}

func (c *crowd) gone(id peer.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.streams, id)
}
