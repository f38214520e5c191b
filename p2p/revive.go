package p2p

// What is done when a line has fallen silent: libp2p itself notices after some
// 30 s.

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/wire"
)

// doubtTime is how long a connection may take for an answer when there is reason
// to think that it is dead.
const (
	doubtTime = time.Second

	// loadedTime is the same where nothing is suspected: the queue of a line that
	// is full with a session's bytes can be seconds long.
	loadedTime = 4 * time.Second

	// doubtGrace is how much longer than the fastest the others may take.
	doubtGrace = 200 * time.Millisecond
)

// Revive is called when a peer has fallen silent. It returns a Conn of a
// connection to it that still answers, such as the relayed one beside a direct
// one that is dead, or nil: then Dial is next. Those that do not answer within
// patience, or soon after another has, are dropped; meanwhile the relays are
// looked at, too.
func (n *Node) Revive(ctx context.Context, id wire.PeerID, patience time.Duration) *Conn {
	p, err := decodeID(string(id))
	if err != nil {
		return nil
	}
	conns := n.host.Network().ConnsToPeer(p)
	for _, l := range n.relay {
		n.goWork(func() { n.doubtRelay(l, patience) })
	}
	fastest := pingAll(ctx, conns, patience, func(c network.Conn) {
		if n.ctx.Err() == nil {
			n.log.Debug("dead connection closed", "peer", id.Short(), "addr", c.RemoteMultiaddr())
			c.Close()
			n.lookAnew()
		}
	})
	best := n.best(p)
	if best == nil || best.Stat().Limited || fastest == 0 {
		return nil
	}
	c, err := n.newConn(p, pathOf(best, fastest))
	if err != nil {
		return nil
	}
	return c
}

// pingAll pings connections and gives to dead those that do not answer within
// patience, or soon after the fastest has. It returns how long that one took; 0:
// none has answered.
func pingAll(ctx context.Context, conns []network.Conn, patience time.Duration, dead func(network.Conn)) time.Duration {
	waiting, cancel := awake(ctx, patience)
	defer cancel()
	var fastest atomic.Int64
	var wg sync.WaitGroup
	for _, c := range conns {
		wg.Go(func() {
			switch rtt, err := pingConn(waiting, c); {
			case err == nil:
				fastest.CompareAndSwap(0, int64(rtt))
				time.AfterFunc(doubtGrace+2*rtt, cancel)
			case ctx.Err() == nil:
				dead(c)
			}
		})
	}
	wg.Wait()
	return time.Duration(fastest.Load())
}

// doubtRelay looks at a relay, and makes Dial wait for a new connection to it
// where it is not there.
func (n *Node) doubtRelay(l *relayLink, patience time.Duration) {
	if !l.isUp() {
		return
	}
	n.lookAround(l, within(patience))
	if n.best(l.info.ID) == nil && l.isUp() {
		l.set(ErrLost)
		offer(l.lost)
	}
}

// Changed returns a channel that is closed when this computer's network has
// changed: its addresses, or those under which others see it.
func (n *Node) Changed() <-chan struct{} { return n.changed() }

// Leave ends what c does beside its streams: looking for a better path. The
// connections stay, for the streams that are still open and for another Conn to
// the same peer.
func (c *Conn) Leave() {
	c.node.drop(c)
	c.end()
}

// busy tells whether streams of rac's are open: a session runs.
func (n *Node) busy() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.streams) > 0
}

// relaysNow tells whether one runs through a relay.
func (n *Node) relaysNow(relay peer.ID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for s := range n.streams {
		if valueOf(s.raw.Conn().RemoteMultiaddr(), ma.P_P2P) == relay.String() {
			return true
		}
	}
	return false
}

// remember keeps the address of a direct connection for the next Dial: that of a
// punched hole stands nowhere else, and the hole is often still there.
func (n *Node) remember(c network.Conn) {
	if isDirect(c.RemoteMultiaddr()) {
		n.host.Peerstore().AddAddr(c.RemotePeer(), c.RemoteMultiaddr(), peerstore.RecentlyConnectedAddrTTL)
	}
}
