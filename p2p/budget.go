package p2p

import (
	"errors"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/wire"
)

// What strangers may take of a host or a relay while they are connected. libp2p's
// limits are the same for all peers, and a friend's tunnel has a stream for each
// connection of a browser: four IDs with as many would have all the memory that there
// is, and yamux ends the connection of whoever opens a stream then, the owner's too.

const (
	// strangerStreams is how many streams one stranger may have open at a host. A login
	// and libp2p's own talk take six; twice as many over a relay and directly at once.
	strangerStreams = 16

	strangerMemory = strangerStreams * yamuxWindow // what yamux may have to keep for those

	// relayStreams and relayMemory are for whoever is at a relay and is not served yet,
	// such as the viewer of a host there: he may ask for relayCircuits circuits.
	relayStreams = 64
	relayMemory  = 16 << 20
)

var errBudget = errors.New("that is too much for a peer that is not logged in")

// budget is the network.ResourceManager of a host or a relay, which asks who somebody
// is before he gets much.
type budget struct {
	network.ResourceManager
	allowance
	callers *crowd
	friend  func(peer.ID) bool // asks the owner of the node: not under a lock of anybody's
}

// allowance is what those get who are no friends.
type allowance struct {
	streams int   // that one has opened
	memory  int64 // bytes, of one
	all     int64 // bytes, of all together
	window  int64 // bytes, of a stream over yamux

	// What the guests that a relay serves (with a place there, or calling a host that has
	// one) may have together; below it each may have as much as a friend. 0: this is a
	// host, which serves no strangers.
	served int64
}

func allowanceOf(r Role) allowance {
	whole := boundsOf(r).memory
	if r == server {
		return allowance{streams: relayStreams, memory: relayMemory, all: whole / 2, window: relayWindow, served: whole / 8 * 7}
	}
	return allowance{streams: strangerStreams, memory: strangerMemory, all: whole / 2, window: yamuxWindow}
}

func newBudget(rm network.ResourceManager, r Role, callers *crowd, friend func(peer.ID) bool) *budget {
	return &budget{rm, allowanceOf(r), callers, friend}
}

// friendsOf are those whom the owner knows, and his relays.
func friendsOf(known func(wire.PeerID) bool, relays []*relayLink) func(peer.ID) bool {
	return func(id peer.ID) bool {
		return linkOf(relays, id) != nil || known != nil && known(wire.PeerID(id.String()))
	}
}

// trusts asks whether somebody is a friend, and notes it: whose saved login has been
// revoked is none any more.
func (b *budget) trusts(id peer.ID) bool {
	b.callers.heed(id, b.friend(id))
	return b.callers.trusts(id)
}

// serves tells whether somebody is served, friend or not.
func (b *budget) serves(id peer.ID) bool { return b.served > 0 && b.callers.serves(id) }

// OpenStream is asked for each stream, over QUIC and over TCP, when it is there. A
// stranger with too many is hung up on: to refuse them for as long as he likes
// would cost more than the handshakes that he gets.
func (b *budget) OpenStream(id peer.ID, dir network.Direction) (network.StreamManagementScope, error) {
	if dir == network.DirInbound && !b.trusts(id) && !b.serves(id) && b.of(id).NumStreamsInbound >= b.streams {
		b.callers.dismiss(id)
		return nil, errBudget
	}
	scope, err := b.ResourceManager.OpenStream(id, dir)
	if err != nil {
		return nil, err
	}
	return budgetStream{scope}, nil
}

// budgetStream is the scope of a stream, which is not told the stream's protocol
// or service: those have no limits, and libp2p would keep for each what each peer has
// of it until a minute after he is gone: 9 MB in a flood.
type budgetStream struct{ network.StreamManagementScope }

func (budgetStream) SetProtocol(protocol.ID) error { return nil }
func (budgetStream) SetService(string) error       { return nil }

// of returns what a peer has.
func (b *budget) of(id peer.ID) (has network.ScopeStat) {
	b.ViewPeer(id, func(s network.PeerScope) error { has = s.Stat(); return nil })
	return has
}

// spend is asked before a stream over yamux gets its memory. When all strangers
// together have nearly too much, those with the most have to leave; guests whom a relay
// serves, only when all of them together have too much. It takes a moment until they
// are gone: meanwhile no other stranger gets memory that is not there.
func (b *budget) spend(id peer.ID) error {
	if b.trusts(id) {
		return nil
	}
	served := b.serves(id)
	if !served && b.of(id).Memory+b.window > b.memory {
		return errBudget
	}
	weigh := func(id peer.ID) int64 { return b.of(id).Memory }
	if most := b.all - b.all/leaving; !served && b.whole()+b.window > most {
		b.callers.lighten(most-b.window, weigh, b.served > 0)
		spared := b.callers.spared(weigh, b.served > 0)
		if b.whole()-spared+b.window > b.all {
			return errBudget
		}
	}
	if b.served > 0 && b.whole()+b.window > b.served {
		b.callers.lighten(b.served-b.window, weigh, false)
	}
	return nil
}

// leaving is the part of the strangers' memory that is kept free for those who have been
// sent away and are not gone yet: an eighth.
const leaving = 8

// whole is the memory that all peers have together.
func (b *budget) whole() (memory int64) {
	b.ViewSystem(func(s network.ResourceScope) error { memory = s.Stat().Memory; return nil })
	return memory
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

// mayGrow tells whether somebody's windows may become larger than they begin. It asks
// nobody.
func (b *budget) mayGrow(id peer.ID) bool { return b.callers.trusts(id) || b.serves(id) }

// ReserveMemory is called under locks of quic-go's: nobody is asked here.
func (c budgetConn) ReserveMemory(size int, prio uint8) error {
	if s := c.ConnManagementScope.PeerScope(); prio < network.ReservationPriorityAlways && (s == nil || !c.b.mayGrow(s.Peer())) {
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
	if prio < network.ReservationPriorityAlways && !s.peer.b.mayGrow(s.peer.Peer()) {
		return errBudget
	}
	return s.ResourceScopeSpan.ReserveMemory(size, prio)
}
