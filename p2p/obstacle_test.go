package p2p

import (
	"strings"
	"testing"
	"time"

	ma "github.com/multiformats/go-multiaddr"
)

// The host was started a moment ago, and the viewer, too: what they are behind shows
// itself when the path is relayed already, and is said then.
func TestTheReasonFollowsWhatBecomesKnown(t *testing.T) {
	_, relays := startRelay(t, Options{})
	host := start(t, Options{Relays: relays})
	untilReserved(t, host)
	viewer := start(t, Options{Role: Connector, Relays: relays, testing: testOptions{gater: &wall{peer: host.ID()}, improve: time.Hour}})
	c := dial(t, viewer, Target{ID: host.ID()})
	why := func(want string) {
		t.Helper()
		for began := time.Now(); !strings.Contains(c.Path().Why, want); rest(t.Context(), 10*time.Millisecond, nil) {
			if time.Since(began) > 10*time.Second {
				t.Fatalf("it says %q, want %q in it", c.Path().Why, want)
			}
		}
	}
	why("no direct connection came up")
	if strings.Contains(c.Path().Why, "NAT") {
		t.Fatalf("it says %q before anything is known", c.Path().Why)
	}
	for _, port := range []string{"5001", "5002"} {
		seenBy(host, port, port)
	}
	why("the other side is behind a router that gives each connection another port (a symmetric NAT)")
	for _, port := range []string{"5001", "5002"} {
		seenBy(viewer, port, "5001")
	}
	why("this side is behind a router (NAT), the other side is behind a router that gives")
}

// seenBy lets somebody at a port on the internet see n's UDP at the port mapped.
func seenBy(n *Node, port, mapped string) {
	n.sights.mu.Lock()
	defer n.sights.mu.Unlock()
	at := ma.StringCast("/ip4/9.9.9.9/udp/" + mapped + "/quic-v1")
	n.sights.by["/ip4/9.9.9.9/udp/"+port+"/quic-v1"] = sight{mapped: at}
}
