package p2p

// A host that has lost its connection to the relay takes its place again by
// another one, and the relay knows nothing of the loss: of two connections
// libp2p takes the one that had more streams, and callers would wait for an
// answer from the dead one until it times out.

import (
	"context"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

// stalePatience is how long the connections of a host that has just reserved may
// take to answer; the one that it has reserved by does.
const stalePatience = 3 * time.Second

// dropStale closes those of a host's connections that do not answer while
// another one does.
func (r *Relay) dropStale(id peer.ID) {
	conns := r.stack.swarm.ConnsToPeer(id)
	if len(conns) < 2 {
		return
	}
	dead := make(chan network.Conn, len(conns))
	if pingAll(context.Background(), conns, stalePatience, func(c network.Conn) { dead <- c }) == 0 {
		return
	}
	close(dead)
	for c := range dead {
		r.log.Debug("dead connection closed", "peer", c.RemotePeer(), "addr", c.RemoteMultiaddr())
		c.Close()
	}
}
