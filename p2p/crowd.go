package p2p

import (
	"net"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/transport"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"rac/p2p/wire"
)

// The limits of limits.go turn newcomers away, and whoever holds what there is
// has it for good: four addresses with 256 connections each would shut the owner
// out. So before a limit is reached somebody has to leave, and it is never the one
// who has just come from a network of his own: of those who may go, the first is
// from the network (wire.Remote's Source) that has the most, and there the one who came first.
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
	known  bool
	end    func() // must not wait
}

// crowd is those who are there; the keys are whatever tells them apart.
type crowd struct {
	most int

	mu      sync.Mutex
	guests  map[any]*guest
	from    map[string]int  // how many, by source
	streams map[peer.ID]int // that rac serves
	count   uint64
}

func newCrowd(most int) *crowd {
	return &crowd{most: most, guests: map[any]*guest{}, from: map[string]int{}, streams: map[peer.ID]int{}}
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
	case g.known:
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

func (c *crowd) gone(id peer.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.streams, id)
}

// called takes in a connection that a peer has made to this host.
func (n *Node) called(c network.Conn) {
	if n.role != Host || c.Stat().Direction != network.DirInbound {
		return
	}
	id := c.RemotePeer()
	n.callers.enter(c, &guest{
		id: id, source: sourceOf(c.RemoteMultiaddr()), known: n.known != nil && n.known(wire.PeerID(id.String())),
		end: func() {
			n.log.Debug("connection closed: there are too many", "peer", id, "addr", c.RemoteMultiaddr())
			n.goWork(func() { c.Close() })
		},
	})
}

// countingUpgrader lets no TCP handshake that dribbles keep another one out.
type countingUpgrader struct {
	transport.Upgrader
	shakes *crowd
}

func (u *countingUpgrader) GateMaListener(l manet.Listener) transport.GatedMaListener {
	return &countingListener{u.Upgrader.GateMaListener(l), u.shakes}
}

type countingListener struct {
	transport.GatedMaListener
	shakes *crowd
}

func (l *countingListener) Accept() (manet.Conn, network.ConnManagementScope, error) {
	conn, scope, err := l.GatedMaListener.Accept()
	if err == nil {
		addr := conn.RemoteMultiaddr()
		l.shakes.enter(shakeKey(addr), &guest{
			source: sourceOf(addr), late: time.Now().Add(acceptTimeout), end: func() { abort(conn) },
		})
	}
	return conn, scope, err
}

// abort closes a connection without a farewell.
func abort(conn manet.Conn) {
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
		tcp.SetLinger(0)
	}
	conn.(net.Conn).Close()
}

// shakeKey is what a handshake and the connection that comes of it have in common.
func shakeKey(remote ma.Multiaddr) string { return remote.String() }
