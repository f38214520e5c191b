package p2p

import (
	"sync/atomic"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// tollgate lets no direct dial over TCP through, and counts them.
type tollgate struct {
	wall
	dials atomic.Int64
}

func (g *tollgate) InterceptAddrDial(_ peer.ID, a ma.Multiaddr) bool {
	if overTCP(a) {
		g.dials.Add(1)
		return false
	}
	return true
}

// A host that says again and again that its line loses packets could have each of its
// viewers call at eight addresses of its choice each time.
func TestAHostThatTalksOfLostPacketsWithoutEndIsHeardOnce(t *testing.T) {
	host := start(t, Options{})
	host.Handle(echo, serveEcho)
	gate := &tollgate{}
	gate.wall.open.Store(true)
	viewer := start(t, Options{Role: Connector, testing: testOptions{gater: gate}})
	c := dial(t, viewer, at(host, "quic-v1"))
	say(t, open(t, c, echo), "hello")
	viewer.host.Peerstore().AddAddrs(host.id, host.host.Addrs(), 1<<40)
	before := gate.dials.Load()
	for range 40 {
		if err := host.tellLossy(host.best(viewer.id)); err != nil {
			t.Fatal(err)
		}
	}
	viewer.Close() // waits for what it does
	if n := gate.dials.Load() - before; n == 0 || n > preferMost {
		t.Errorf("the viewer has called %d times, want 1 to %d", n, preferMost)
	}
}
