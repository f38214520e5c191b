package p2p

// How we are seen after our address has changed beyond the router, which nothing on this
// computer notices. A connection over QUIC outlives that, and with it the relayed ones
// that lead through it; but the other end goes on to report the address at which it
// began. So a new connection is made, to look.

import (
	"context"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
)

const (
	anewTime  = 3 * time.Second // for a look over a new connection
	anewPause = 3 * time.Second // between two
)

// outdated are connections over which a relay sees us as we were.
type outdated struct {
	mu    sync.Mutex
	conns map[network.Conn]bool
	last  time.Time // when it was last looked anew
}

func (o *outdated) has(c network.Conn) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.conns[c]
}

func (o *outdated) add(conns []network.Conn, layer string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range conns {
		if !c.IsClosed() && layerOf(c.RemoteMultiaddr()) == layer {
			if o.conns == nil {
				o.conns = map[network.Conn]bool{}
			}
			o.conns[c] = true
		}
	}
}

func (o *outdated) leave(c network.Conn) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.conns, c)
}

// due tells whether it is time to look again.
func (o *outdated) due() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if time.Since(o.last) < anewPause {
		return false
	}
	o.last = time.Now()
	return true
}

// lookAnew asks the relays, over new connections, how they see us. It is called
// when a direct connection has died or none could be made, and returns at once.
func (n *Node) lookAnew() {
	if !n.outdated.due() {
		return
	}
	for _, l := range n.relay {
		n.goWork(func() { n.lookAnewAt(l) })
	}
}

func (n *Node) lookAnewAt(l *relayLink) {
	ctx, cancel := context.WithTimeout(n.ctx, anewTime)
	defer cancel()
	addrs, err := n.dns.resolveAll(ctx, l.info)
	if err != nil {
		return
	}
	old := n.host.Network().ConnsToPeer(l.info.ID)
	var work sync.WaitGroup
	for _, a := range addrs {
		work.Go(func() {
			conn, err := n.dialers.dial(ctx, l.info.ID, a, fromClient)
			if err != nil {
				return // over TCP it mostly fails: one such connection from our port is there
			}
			defer conn.Close()
			n.outdated.add(old, layerOf(a))
			if err := n.look(ctx, rawLineOf(conn)); err != nil {
				n.log.Debug("no new look", "relay", l.id().Short(), "error", err)
			}
		})
	}
	work.Wait()
}
