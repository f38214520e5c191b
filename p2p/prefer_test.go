package p2p

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// tollgate lets no direct connection over TCP through until it is up, and counts dials.
type tollgate struct {
	wall
	up    atomic.Bool
	dials atomic.Int64
}

func newTollgate() *tollgate {
	g := &tollgate{}
	g.wall.open.Store(true)
	return g
}

func (g *tollgate) InterceptAddrDial(_ peer.ID, a ma.Multiaddr) bool {
	if overTCP(a) {
		g.dials.Add(1)
		return g.up.Load()
	}
	return true
}

func (g *tollgate) InterceptAccept(c network.ConnMultiaddrs) bool {
	return g.up.Load() || !overTCP(c.RemoteMultiaddr())
}

// A host that says again and again that its line loses packets could have each of its
// viewers call at eight addresses of its choice each time. But what it says while the
// viewer pauses is not lost.
func TestAHostThatTalksOfLostPacketsWithoutEndIsHeardOnceInAWhile(t *testing.T) {
	host := start(t, Options{})
	host.Handle(echo, serveEcho)
	gate := newTollgate()
	viewer := start(t, Options{Role: Connector, testing: testOptions{gater: gate}})
	c := dial(t, viewer, at(host, "quic-v1"))
	say(t, open(t, c, echo), "hello")
	viewer.host.Peerstore().AddAddrs(host.id, host.host.Addrs(), 1<<40)
	before, began := gate.dials.Load(), time.Now()
	tell := func() {
		if err := host.tellLossy(host.best(viewer.id)); err != nil {
			t.Fatal(err)
		}
	}
	for range 40 {
		tell()
	}
	gate.up.Store(true)
	tell()
	<-c.Surer()
	most := preferMost * int64(1+time.Since(began)/preferAgain)
	if n := gate.dials.Load() - before; n == 0 || n > most {
		t.Errorf("the viewer has called %d times, want 1 to %d", n, most)
	}
}

// Nothing runs on the relayed connection of a session that has become direct, and so it
// may be gone when a hole for TCP is to be punched.
func TestALineThatLosesPacketsIsLeftAlsoWhenTheRelayedOneHasGone(t *testing.T) {
	_, relays := startRelay(t, Options{})
	host := start(t, Options{Relays: relays})
	host.Handle(echo, serveEcho)
	untilReserved(t, host)
	gate := newTollgate()
	viewer := start(t, Options{Role: Connector, Relays: relays, testing: testOptions{gater: gate, improve: 100 * time.Millisecond}})
	c := dial(t, viewer, Target{ID: host.ID()})
	if !c.Path().Direct {
		<-c.Better()
	}
	for _, line := range viewer.host.Network().ConnsToPeer(host.id) {
		if !isDirect(line.RemoteMultiaddr()) {
			line.Close()
		}
	}
	viewer.host.Peerstore().ClearAddrs(host.id) // it is behind a router that lets no caller in
	gate.up.Store(true)
	if err := host.tellLossy(host.best(viewer.id)); err != nil {
		t.Fatal(err)
	}
	<-c.Surer()
	if p := c.Path(); p.Transport != "tcp" || !p.Direct {
		t.Errorf("the path is %+v, want a direct one over TCP", p)
	}
}
