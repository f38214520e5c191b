package p2p

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// Two behind routers have a hole over QUIC and one over TCP. When one of the routers
// begins to block UDP they are still direct, at once.
func TestAHoleOverTCPIsThereWhenUDPIsBlockedMidway(t *testing.T) {
	roles{
		"relay":  relayRole,
		"host":   hostRole,
		"viewer": holdTwoHoles,
	}.play(t, func(t *testing.T) {
		nat := p2ptest.Router{NAT: p2ptest.Restricted, Delay: 20 * time.Millisecond}
		lab := p2ptest.NewLab(t, nat, nat)
		relay := startRole(t, lab.Internet, "relay", "").reads(t, "RELAY ")
		id := startRole(t, lab.B, "host", relay).reads(t, "ID ")
		viewer := startRole(t, lab.A, "viewer", id+" "+relay)
		t.Log(viewer.reads(t, "HOLES "))
		nat.NoUDP = true
		lab.RouterA.Becomes(nat)
		path := viewer.reads(t, "PATH ")
		t.Log(path)
		if !strings.HasPrefix(path, "true tcp") {
			t.Errorf("%s: want a direct path over TCP", path)
		}
	})
}

func holdTwoHoles(t *testing.T, args []string) {
	n := startInLab(t, Options{Role: Connector, Relays: args[1:]})
	id := wire.PeerID(args[0])
	c := dial(t, n, Target{ID: id})
	began := time.Now()
	over := func(layer string) bool {
		return slices.ContainsFunc(n.host.Network().ConnsToPeer(c.id), func(line network.Conn) bool {
			return isDirect(line.RemoteMultiaddr()) && layerOf(line.RemoteMultiaddr()) == layer
		})
	}
	for (!over("udp") || !over("tcp")) && time.Since(began) < 20*time.Second {
		rest(t.Context(), 10*time.Millisecond, nil)
	}
	fmt.Println("HOLES", over("udp"), over("tcp"), time.Since(began).Round(time.Millisecond))
	for over("udp") && time.Since(began) < time.Minute {
		c = n.Revive(t.Context(), id, time.Second)
		rest(t.Context(), 100*time.Millisecond, nil)
	}
	if c == nil {
		fmt.Println("PATH none")
		return
	}
	say(t, open(t, c, echo), "still here")
	fmt.Println("PATH", c.Path().Direct, c.Path().Transport)
}

// Two behind one router that sends nobody from inside back inside (no hairpin), and
// no multicast: the addresses in their network are told in the session, to whom the
// relay sees at the same address.
func TestTwoBehindOneRouterWithoutHairpinAreDirect(t *testing.T) {
	roles{
		"relay": relayRole,
		"host":  hostRole,
		"viewer": func(t *testing.T, args []string) {
			n := startInLab(t, Options{Role: Connector, Relays: args[1:]})
			c := dial(t, n, Target{ID: wire.PeerID(args[0])})
			if !c.Path().Direct {
				select {
				case <-c.Better():
				case <-time.After(20 * time.Second):
				}
			}
			fmt.Println("PATH", c.Path().Direct, c.Path().Addr, c.Path().Why)
		},
	}.play(t, func(t *testing.T) {
		nat := p2ptest.Router{NAT: p2ptest.Restricted}
		lab := p2ptest.NewLab(t, nat, nat)
		relay := startRole(t, lab.Internet, "relay", "").reads(t, "RELAY ")
		id := startRole(t, lab.A, "host", relay).reads(t, "ID ")
		path := startRole(t, lab.A, "viewer", id+" "+relay).reads(t, "PATH ")
		if !strings.HasPrefix(path, "true /ip4/192.168.1.11/") {
			t.Errorf("%s: want a direct path in the network of both", path)
		}
	})
}

// hostRole is a host at the relays that it is told of, which says ID and its own.
func hostRole(t *testing.T, relays []string) {
	n := startInLab(t, Options{Relays: relays})
	n.Handle(echo, serveEcho)
	untilReserved(t, n)
	fmt.Println("ID", n.ID())
	stay()
}
