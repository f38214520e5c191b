// Package p2p finds computers by their ID and opens streams to them. Whoever is
// at the other end of a stream has proved in the connection's handshake (TLS
// 1.3 or Noise) that he holds the key of his wire.PeerID; what he may do is not
// decided here but behind each stream's door, by auth. p2p does not know what
// the streams carry.
//
// A Node is this computer on the network: a host serves streams (Handle), a
// connector opens them (Dial, then Conn.Open). Ways to a computer are tried at
// once: addresses that are given or known, its answer on the local network, and
// the user's own relays. A stream through a relay works like a direct one, only
// slower; Conn.Better tells when a direct connection has come up beside it.
//
// All of it rests on libp2p, which no other package of rac imports. stack.go
// puts libp2p's parts together; the rest is what rac adds: dial.go (the race of all
// ways), conn.go and path.go (what was won), discover.go and mdns.go (the local
// network), dht*.go (the public one), relays.go and punch.go (being reached behind a
// NAT), relay_server.go (rac relay), crowd.go and budget.go (strangers).
package p2p

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/wire"
)

// Role tells what a Node is for.
type Role int

const (
	Host      Role = iota // is found by its ID and serves streams
	Connector             // dials; listens only so that holes can be punched to it

	server Role = -1 // of a Relay, which is no Node
)

// Options say what a Node does. The zero value but for Identity is a host that
// is reachable by its addresses only.
type Options struct {
	Identity *Identity
	Role     Role

	// Listen has the multiaddrs to listen on, in place of the default ones:
	// QUIC and TCP on all addresses. A host's default port follows from its ID,
	// so that it is the same after a restart: a forwarded port, a firewall's
	// rule and an address that a viewer remembers stay good.
	Listen []string

	LAN bool // announce this ID (host), look for IDs (connector) on the local network

	// Public lets a host ask the router to forward its port (UPnP, PCP, NAT-PMP) and
	// leave a record with the public libp2p network, and a connector look there;
	// dht.go says what strangers learn. Bootstrap has multiaddrs of whom they turn
	// to first, in place of that network's own.
	Public    bool
	Bootstrap []string

	// Relays are multiaddrs that end in /p2p/ID. A host is reached through each
	// of them, a connector looks for hosts behind each of them.
	Relays []string

	// Known tells a host's friends from strangers, who must go first when there are
	// too many connections, and get more of the host's memory. It is asked when one
	// comes, and for each of his streams; nil: all are strangers.
	Known func(wire.PeerID) bool

	Log *slog.Logger // nil: nothing is logged

	announced func(own []ma.Multiaddr) []ma.Multiaddr // what peers are told of our addresses; nil: own
	guests    *crowd                                  // a relay's, who are at its observer, too
	testing   testOptions
}

// Node is this computer on the network.
type Node struct {
	*stack
	id    peer.ID
	role  Role
	log   *slog.Logger
	punch *puncher
	lan   *lan // nil without Options.LAN
	relay []*relayLink
	meet  []rendezvous
	tests testOptions
	known func(wire.PeerID) bool

	borrowed borrowed // places on public relays
	sights   sights   // under which addresses others see us
	outdated outdated // connections whose other ends see us as we were

	watched   connSet // connections over QUIC whose losses are looked at
	preferred connSet // connections over TCP to hosts whose lines lose packets

	ctx    context.Context // ends when the node closes
	cancel context.CancelFunc
	work   sync.WaitGroup // the node's own goroutines

	mu       sync.Mutex
	closing  bool           // no new streams
	down     bool           // no new work
	doubted  bool           // a Conn was closed; see doubt
	handlers sync.WaitGroup // adds only under mu while not closing
	streams  map[*stream]struct{}
	conns    map[*Conn]struct{}
	used     map[peer.ID]struct{} // connected peers that rac's streams were spoken with
	change   chan struct{}        // closed and replaced when the network changes
}

// Start starts a node. It does not wait for relays, routers or the local
// network, so that without a network it is as fast as with one. The node ends
// by Close; its handlers are told to end when ctx ends, too.
func Start(ctx context.Context, o Options) (*Node, error) {
	if o.Identity == nil {
		return nil, errors.New("p2p: a node needs an identity")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	relays, err := parseRelays(o.Relays)
	if err != nil {
		return nil, err
	}
	meet, err := rendezvousOf(o, relays)
	if err != nil {
		return nil, err
	}
	hush(o.Log)
	st, err := newStack(o)
	if err != nil {
		return nil, err
	}
	n := &Node{stack: st, id: o.Identity.id, role: o.Role, log: o.Log, tests: o.testing, known: o.Known,
		streams: map[*stream]struct{}{}, conns: map[*Conn]struct{}{}, used: map[peer.ID]struct{}{}, change: make(chan struct{}),
		sights: sights{ports: st.swarm.ListenAddresses, by: map[string]sight{}}}
	n.ctx, n.cancel = context.WithCancel(ctx)
	n.relay, n.meet = relays, meet
	if err := n.listenToSights(); err != nil {
		n.cancel()
		st.close()
		return nil, err
	}
	n.punch = startPuncher(n)
	if n.role == Connector {
		n.hearLosses()
	}
	n.host.Network().Notify((*notifiee)(n))
	n.startRelays()
	n.startRendezvous()
	n.work.Go(n.watchNetwork)
	if n.router != nil {
		n.work.Go(func() { n.keepForwarding(n.router.own) })
		n.work.Go(func() { n.keepForwarding(n.router.six) })
	}
	if o.LAN {
		n.startLAN()
	}
	return n, nil
}

// ID returns the name by which others dial this node.
func (n *Node) ID() wire.PeerID { return wire.PeerID(n.id.String()) }

// handlerGrace is how long handlers may say goodbye after their ctx has ended,
// before their streams are cut.
const handlerGrace = time.Second

// Handle lets serve have each stream that a peer opens for proto. Streams for
// other protocols are refused. A panic in serve ends the process, as one in any
// goroutine does.
func (n *Node) Handle(proto wire.Protocol, serve wire.Handler) {
	n.host.SetStreamHandler(protocol.ID(proto), func(raw network.Stream) {
		s := newStream(n, raw)
		if !n.enter(s) {
			s.reset()
			return
		}
		defer n.handlers.Done()
		defer s.Close()
		n.watchLosses(raw.Conn())
		from := wire.PeerID(raw.Conn().RemotePeer().String())
		if err := serve(n.ctx, from, s); err != nil && n.ctx.Err() == nil && !errors.Is(err, io.EOF) {
			n.log.Info("stream ended", "protocol", proto, "peer", from.Short(), "error", err)
		}
	})
}

// enter counts a handler in, unless the node closes.
func (n *Node) enter(s *stream) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closing {
		return false
	}
	n.handlers.Add(1)
	n.trackLocked(s)
	return true
}

func (n *Node) trackLocked(s *stream) {
	n.streams[s] = struct{}{}
	n.callers.serving(s.raw.Conn().RemotePeer(), 1)
	if c := s.raw.Conn(); !c.IsClosed() { // else Disconnected may have come before
		n.used[c.RemotePeer()] = struct{}{}
	}
}

// forget is called by a stream that closes.
func (n *Node) forget(s *stream) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, ok := n.streams[s]; ok {
		delete(n.streams, s)
		n.callers.serving(s.raw.Conn().RemotePeer(), -1)
	}
}

// Close ends the node: handlers are told by their ctx and waited for, what they
// have written last is on its way, then all connections are closed.
func (n *Node) Close() error {
	n.mu.Lock()
	again := n.closing
	n.closing = true
	n.mu.Unlock()
	if again {
		return nil
	}
	n.cancel()
	n.waitForHandlers()
	n.flush()
	n.stopLAN()
	n.mu.Lock()
	n.down = true
	n.mu.Unlock()
	err := n.stack.close()
	n.work.Wait()
	if err != nil {
		return fmt.Errorf("p2p: close: %w", err)
	}
	return nil
}

// waitForHandlers cuts the streams of those that take too long: one may sit in
// a Read that only its peer could end.
func (n *Node) waitForHandlers() {
	cut := time.AfterFunc(handlerGrace, n.resetStreams)
	defer cut.Stop()
	n.handlers.Wait()
	n.resetStreams()
}

func (n *Node) resetStreams() {
	n.mu.Lock()
	streams := make([]*stream, 0, len(n.streams))
	for s := range n.streams {
		streams = append(streams, s)
	}
	n.mu.Unlock()
	for _, s := range streams {
		s.reset()
	}
}

// flushTime bounds the wait of a closing node for its peers.
const flushTime = 500 * time.Millisecond

// flush waits until the peers have what was last written to them: closing a
// connection drops what is still in its queues, and a pong comes back only
// after everything before the ping has arrived.
func (n *Node) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	n.mu.Lock()
	used := slices.Collect(maps.Keys(n.used))
	n.mu.Unlock()
	var wg sync.WaitGroup
	for _, id := range used {
		for _, c := range n.host.Network().ConnsToPeer(id) {
			wg.Go(func() { pingConn(ctx, c) })
		}
	}
	wg.Wait()
}
