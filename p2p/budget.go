package p2p

import (
	"errors"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/wire"
)

// What strangers may take of a host while they are connected. libp2p's limits are
// the same for all peers, and a friend's tunnel has a stream for each connection
// of a browser: four IDs with as many would have all the memory that there is, and
// yamux ends the connection of whoever opens a stream then, the owner's too.

const (
	// strangerStreams are those that one may have opened at once. A login and what
	// libp2p itself says take six, over a relay and directly at the same time twice
	// as many.
	strangerStreams = 16

	strangerMemory = strangerStreams * yamuxWindow // what yamux may have to keep for those
)

var errBudget = errors.New("that is too much for a peer that is not logged in")

// budget is a host's network.ResourceManager, which asks who somebody is before he
// gets much.
type budget struct {
	network.ResourceManager
	most    int64 // bytes for all strangers
	callers *crowd
	friend  func(peer.ID) bool // asks the owner of the node: not under a lock of anybody's
}

func newBudget(rm network.ResourceManager, known func(wire.PeerID) bool, relays []*relayLink, callers *crowd) *budget {
	return &budget{rm, boundsOf(Host).memory / 2, callers, func(id peer.ID) bool {
		return linkOf(relays, id) != nil || known != nil && known(wire.PeerID(id.String()))
	}}
}

// trusts asks whether somebody is a friend, and notes it.
func (b *budget) trusts(id peer.ID) bool {
	if b.callers.trusts(id) {
		return true
	}
	if !b.friend(id) {
		return false
	}
	b.callers.trust(id)
	return true
}

// OpenStream is asked for each stream, over QUIC and over TCP, when it is there. A
// stranger with too many is hung up on: to refuse them for as long as he likes
// would cost more than the handshakes that he gets.
func (b *budget) OpenStream(id peer.ID, dir network.Direction) (network.StreamManagementScope, error) {
	if dir == network.DirInbound && !b.trusts(id) && b.of(id).NumStreamsInbound >= strangerStreams {
		b.callers.dismiss(id)
		return nil, errBudget
	}
	return b.ResourceManager.OpenStream(id, dir)
}

// of returns what a peer has.
func (b *budget) of(id peer.ID) (has network.ScopeStat) {
	b.ViewPeer(id, func(s network.PeerScope) error { has = s.Stat(); return nil })
	return has
}

// spend is asked before a stream over yamux gets its memory. When all strangers
// together have too much, those with the most have to leave.
func (b *budget) spend(id peer.ID) error {
	if b.trusts(id) {
		return nil
	}
	if b.of(id).Memory+yamuxWindow > strangerMemory {
		return errBudget
	}
	var all network.ScopeStat
	b.ViewSystem(func(s network.ResourceScope) error { all = s.Stat(); return nil })
	if all.Memory+yamuxWindow > b.most {
		b.callers.lighten(b.most-yamuxWindow, func(id peer.ID) int64 { return b.of(id).Memory })
	}
	return nil
}

func (b *budget) OpenConnection(dir network.Direction, fd bool, addr ma.Multiaddr) (network.ConnManagementScope, error) {
	scope, err := b.ResourceManager.OpenConnection(dir, fd, addr)
	if err != nil {
		return nil, err
	}
	return budgetConn{scope, b}, nil
}

// budgetConn is the scope of a connection: what QUIC asks for larger windows, and
// where yamux gets the peer's from.
type budgetConn struct {
	network.ConnManagementScope
	b *budget
}

// ReserveMemory is called under locks of quic-go's: nobody is asked here.
func (c budgetConn) ReserveMemory(size int, prio uint8) error {
	if s := c.ConnManagementScope.PeerScope(); prio < network.ReservationPriorityAlways && (s == nil || !c.b.callers.trusts(s.Peer())) {
		return errBudget
	}
	return c.ConnManagementScope.ReserveMemory(size, prio)
}

func (c budgetConn) PeerScope() network.PeerScope {
	s := c.ConnManagementScope.PeerScope()
	if s == nil {
		return nil
	}
	return budgetPeer{s, c.b}
}

type budgetPeer struct {
	network.PeerScope
	b *budget
}

// BeginSpan is how yamux begins a stream.
func (p budgetPeer) BeginSpan() (network.ResourceScopeSpan, error) {
	if err := p.b.spend(p.Peer()); err != nil {
		return nil, err
	}
	span, err := p.PeerScope.BeginSpan()
	if err != nil {
		return nil, err
	}
	return budgetSpan{span, p}, nil
}

type budgetSpan struct {
	network.ResourceScopeSpan
	peer budgetPeer
}

// ReserveMemory is asked for the first window, always, and for a larger one, which
// no stranger needs.
func (s budgetSpan) ReserveMemory(size int, prio uint8) error {
	if prio < network.ReservationPriorityAlways && !s.peer.b.callers.trusts(s.peer.Peer()) {
		return errBudget
	}
	return s.ResourceScopeSpan.ReserveMemory(size, prio)
}
