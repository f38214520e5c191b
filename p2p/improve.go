package p2p

// How a relayed connection becomes a direct one, from the side that dialled: by
// punching a hole, and on the local network. It is tried at once, again when the
// network changes, and ever more seldom in between. While it does not succeed,
// Path tells why (obstacle.go).

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

const (
	improveTime = 5 * time.Second // for one attempt
	improveMax  = 10 * time.Minute
)

// pauses are those between attempts: two short ones, as a packet may have been
// lost, then 30 s, 1 min, … 10 min.
func (n *Node) pauses() func() time.Duration {
	next := n.tests.improve
	var short []time.Duration
	if next == 0 {
		next, short = 30*time.Second, []time.Duration{time.Second, 5 * time.Second}
	}
	return func() time.Duration {
		if len(short) > 0 {
			pause := short[0]
			short = short[1:]
			return pause
		}
		pause := next
		next = min(2*next, improveMax)
		return pause
	}
}

// improve works for a direct path to the peer of c until there is one.
func (n *Node) improve(c *Conn) {
	ctx, cancel := context.WithCancel(n.ctx)
	defer cancel()
	defer c.expectObstacle()()
	next := n.pauses()
	for ctx.Err() == nil {
		changed := n.changed()
		n.tryDirect(ctx, c)
		wait := time.NewTimer(next())
		select {
		case <-wait.C:
		case <-changed:
			next = n.pauses()
		case <-c.better:
			cancel()
		case <-c.done:
			cancel()
		case <-ctx.Done():
		}
		wait.Stop()
	}
}

// tryDirect tries once.
func (n *Node) tryDirect(ctx context.Context, c *Conn) {
	ctx, cancel := context.WithTimeout(network.WithForceDirectDial(ctx, "rac"), improveTime)
	defer cancel()
	var work sync.WaitGroup
	if n.lan != nil {
		work.Go(func() {
			err := n.lan.find(ctx, c.id, func(ctx context.Context, addrs []ma.Multiaddr) error {
				n.swarm.Backoff().Clear(c.id)
				return n.host.Connect(ctx, peer.AddrInfo{ID: c.id, Addrs: addrs})
			})
			if err == nil {
				cancel()
			}
		})
	}
	if relayed := n.best(c.id); relayed != nil && !isDirect(relayed.RemoteMultiaddr()) {
		if udp, tcp := n.kinds(); !(meet{UDP: udp, TCP: tcp}).exact() {
			n.lookSoon()
		}
		theirs, err := n.punch.begin(ctx, relayed)
		switch {
		case err == nil:
			cancel()
		case ctx.Err() == nil && !errors.Is(err, errPunching):
			c.stuck(theirs, err)
			n.log.Debug("still relayed", "peer", c.id, "error", err)
		}
	}
	work.Wait()
}

func isPublicDirect(c network.Conn) bool {
	return isDirect(c.RemoteMultiaddr()) && manet.IsPublicAddr(c.RemoteMultiaddr())
}
