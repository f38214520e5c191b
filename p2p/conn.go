package p2p

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multistream"

	"rac/p2p/wire"
)

// ErrLost is wrapped by the errors for a peer to whom no connection is left.
var ErrLost = errors.New("the connection is lost")

// ErrRefused is wrapped by the errors for a stream whose protocol the peer does
// not serve.
var ErrRefused = errors.New("the peer does not serve this")

// Conn is the line to one peer: one libp2p connection or, while a better one is
// taking over, several.
type Conn struct {
	node *Node
	id   peer.ID

	better chan struct{} // closed once, when the path has become direct
	surer  chan struct{} // closed once, when the path has gone over to TCP
	lossy  chan struct{} // holds a token when the host has said that the line loses packets
	done   chan struct{} // closed once, when no connection is left

	mu        sync.Mutex
	path      Path     // without what is known of the obstacle
	obstacle  obstacle // to a direct path
	fired     bool     // better is closed
	preferred bool     // surer is closed
	closed    bool     // done is closed
}

// ID returns the peer's verified ID.
func (c *Conn) ID() wire.PeerID { return wire.PeerID(c.id.String()) }

// Path returns how the streams travel that Open opens now. Why it is relayed follows
// what becomes known.
func (c *Conn) Path() Path {
	c.mu.Lock()
	path, in := c.path, c.obstacle
	c.mu.Unlock()
	if !path.Direct && in.err != nil {
		path.Why, path.Help = c.node.whyRelayed(c.id, in.theirs, in.err)
	}
	return path
}

// Better is closed when a direct connection has come up on a Conn that began
// relayed. Streams that are open stay on the relay; those that Open opens from
// then on are direct.
func (c *Conn) Better() <-chan struct{} { return c.better }

// Surer is closed when a direct path over QUIC that loses packets has been given up
// for one over TCP. Streams that are open stay where they are, as with Better.
func (c *Conn) Surer() <-chan struct{} { return c.surer }

// Done is closed when no connection to the peer is left. On its own libp2p
// notices a dead line only after some 30 s; who needs it sooner sends pings on
// a stream and closes the Conn when they stay unanswered.
func (c *Conn) Done() <-chan struct{} { return c.done }

// openTimeout bounds Open where ctx does not: without a deadline libp2p can wait
// for ever.
const openTimeout = 10 * time.Second

// Open opens a stream on the best connection to the peer. Where the peer does not
// serve the protocol, it or the first Read returns ErrRefused.
func (c *Conn) Open(ctx context.Context, proto wire.Protocol) (wire.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	// Without the first, libp2p waits for ever on a limited relay; without the
	// second, it dials anew behind our back.
	ctx = network.WithAllowLimitedConn(ctx, "rac")
	ctx = network.WithNoDial(ctx, "rac")
	raw, err := c.openStream(ctx, protocol.ID(proto))
	if err != nil {
		return nil, c.explain(proto, err)
	}
	s := newStream(c.node, raw)
	if !c.node.track(s) {
		s.reset()
		return nil, c.explain(proto, ErrLost)
	}
	return s, nil
}

func (c *Conn) explain(proto wire.Protocol, err error) error {
	var unknown multistream.ErrNotSupported[protocol.ID]
	switch {
	case errors.As(err, &unknown):
		err = ErrRefused
	case len(c.node.host.Network().ConnsToPeer(c.id)) == 0:
		err = ErrLost
	}
	return fmt.Errorf("p2p: %s to %s: %w", proto, c.ID().Short(), err)
}

// Close drops every connection to the peer, so that the next Dial begins afresh.
func (c *Conn) Close() error {
	c.node.doubt()
	c.node.drop(c)
	err := c.node.host.Network().ClosePeer(c.id)
	c.end()
	return err
}

func (c *Conn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed = true
		close(c.done)
	}
}

// improved takes over a direct connection.
func (c *Conn) improved(path Path) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.path.Direct || !path.Direct {
		return
	}
	c.path = path
	if !c.fired {
		c.fired = true
		close(c.better)
	}
}

// prefer takes over a connection that carries more than the direct one before it.
func (c *Conn) prefer(path Path) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.preferred || c.path.Addr == path.Addr {
		return
	}
	c.path, c.preferred = path, true
	close(c.surer)
}

// newConn makes a Conn of what Dial has won, and watches it until it ends.
func (n *Node) newConn(id peer.ID, path Path) (*Conn, error) {
	c := &Conn{node: n, id: id, path: path,
		better: make(chan struct{}), surer: make(chan struct{}), lossy: make(chan struct{}, 1), done: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closing {
		return nil, errors.New("p2p: the node is closed")
	}
	n.conns[c] = struct{}{}
	n.work.Go(func() { n.heedLosses(c) })
	if !path.Direct {
		n.work.Go(func() { n.improve(c) })
	}
	return c, nil
}

func (n *Node) drop(c *Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.conns, c)
}

// connsTo returns the live Conns to id.
func (n *Node) connsTo(id peer.ID) []*Conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	var found []*Conn
	for c := range n.conns {
		if c.id == id {
			found = append(found, c)
		}
	}
	return found
}

// track notes a stream that was opened here, unless the node closes.
func (n *Node) track(s *stream) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closing {
		return false
	}
	n.trackLocked(s)
	return true
}

// goWork runs f in a goroutine that Close waits for; false: the node is down.
func (n *Node) goWork(f func()) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down {
		return false
	}
	n.work.Go(f)
	return true
}

// notifiee is how libp2p tells a Node of connections that come and go.
type notifiee Node

func (*notifiee) Listen(network.Network, ma.Multiaddr)      {}
func (*notifiee) ListenClose(network.Network, ma.Multiaddr) {}

func (nn *notifiee) Connected(_ network.Network, c network.Conn) {
	n := (*Node)(nn)
	n.shakes.leave(shakeKey(c.RemoteMultiaddr()))
	older := slices.DeleteFunc(n.host.Network().ConnsToPeer(c.RemotePeer()), func(o network.Conn) bool { return o == c })
	n.called(c, older)
	direct := isDirect(c.RemoteMultiaddr())
	if direct { // relayed ones are in nobody's way
		older = slices.DeleteFunc(older, func(o network.Conn) bool { return !isDirect(o.RemoteMultiaddr()) })
	}
	if len(older) > 0 {
		n.goWork(func() { n.prune(n.ctx, older, whileHeard(pingTimeout, pingTimeout)) })
	}
	if !direct {
		return
	}
	n.goWork(func() { n.punch.stop(c.RemotePeer()) })
	for _, conn := range n.connsTo(c.RemotePeer()) {
		n.goWork(func() { n.measure(conn, c) })
	}
}

func (nn *notifiee) Disconnected(_ network.Network, c network.Conn) {
	n := (*Node)(nn)
	n.callers.leave(c)
	n.outdated.leave(c)
	n.preferred.remove(c)
	if n.best(c.RemotePeer()) != nil {
		return
	}
	n.callers.part(c.RemotePeer())
	n.disuse(c.RemotePeer())
	n.relayLost(c.RemotePeer())
	for _, conn := range n.connsTo(c.RemotePeer()) {
		n.drop(conn)
		conn.end()
	}
}

// disuse forgets a peer that has gone: strangers come with as many IDs as they
// like.
func (n *Node) disuse(id peer.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.used, id)
}

// pingTimeout is how long a connection may take to prove that it is alive.
const pingTimeout = 2 * time.Second

// measure looks at a new direct connection and hands it to c if it answers.
func (n *Node) measure(c *Conn, direct network.Conn) {
	ctx, cancel := context.WithTimeout(n.ctx, pingTimeout)
	defer cancel()
	if rtt, err := pingConn(ctx, direct); err == nil {
		n.remember(direct)
		c.improved(pathOf(direct, rtt))
		rest(n.ctx, surplusTime, c.done)
		n.closeSurplus(c.id)
	}
}

// measureFirst adds the round trip to the path that c begins with.
func (n *Node) measureFirst(c *Conn, first network.Conn) {
	ctx, cancel := context.WithTimeout(n.ctx, pingTimeout)
	defer cancel()
	rtt, err := pingConn(ctx, first)
	if err != nil {
		n.log.Debug("round trip not measured", "peer", c.id, "error", err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.path.Addr == first.RemoteMultiaddr().String() {
		c.path.RTT = rtt
	}
}

// prune closes those of conns that do not answer in time. A peer that comes again has
// often lost its old connection, by a new address or a sleep, and the dead one would be
// used first and would block a hole punch, until libp2p notices after 30 s.
func (n *Node) prune(ctx context.Context, conns []network.Conn, limit bound) {
	var wg sync.WaitGroup
	for _, c := range conns {
		wg.Go(func() {
			waiting, cancel := limit(ctx, c)
			defer cancel()
			if _, err := pingConn(waiting, c); err != nil && ctx.Err() == nil {
				n.log.Debug("dead connection closed", "peer", c.RemotePeer(), "addr", c.RemoteMultiaddr())
				c.Close()
			}
		})
	}
	wg.Wait()
}
