package p2p

import (
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"rac/p2p/wire"
)

func TestAStrangerGetsNoLargerWindow(t *testing.T) {
	friend, stranger, relay := newIdentity(t), newIdentity(t), newIdentity(t)
	relays, err := parseRelays([]string{"/ip4/192.0.2.1/tcp/4001/p2p/" + string(relay.ID())})
	if err != nil {
		t.Fatal(err)
	}
	known := func(id wire.PeerID) bool { return id == friend.ID() }
	for _, c := range []struct {
		who    string
		role   Role
		id     peer.ID
		called bool
		want   int
	}{
		{"a stranger at a host", Host, stranger.id, true, yamuxWindow},
		{"a stranger that a host has punched to", Host, stranger.id, false, yamuxWindow},
		{"a friend at a host", Host, friend.id, true, friendWindow},
		{"the host's relay", Host, relay.id, false, relayWindow},
		{"the host that a connector has called", Connector, stranger.id, false, friendWindow},
		{"who calls a connector", Connector, stranger.id, true, yamuxWindow},
		{"anybody at a relay", server, stranger.id, true, relayWindow},
	} {
		if got := newWindows(Options{Role: c.role, Known: known}, relays).of(c.id, c.called); got != c.want {
			t.Errorf("%s: %d KiB, want %d", c.who, got>>10, c.want>>10)
		}
	}
}

func TestTheWholeWindowIsAccountedFor(t *testing.T) {
	host := start(t, Options{})
	host.Handle(echo, serveEcho)
	viewer := start(t, Options{Role: Connector})
	c := dial(t, viewer, Target{ID: host.ID(), Addrs: over(host.Addrs(), "tcp")})
	memory := func() (n int64) {
		err := viewer.host.Network().ResourceManager().ViewPeer(host.id, func(s network.PeerScope) error { n = s.Stat().Memory; return nil })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const streams = 4 // more than what measures the round trip meanwhile
	for range streams {
		open(t, c, echo)
	}
	if got := memory(); got < streams*friendWindow {
		t.Errorf("%d streams are accounted for with %d KiB, want %d", streams, got>>10, streams*friendWindow>>10)
	}
}
