package p2p

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// Two homes with IPv6, whose routers let nobody in who was not called; over IPv4
// both are symmetric. The relay knows IPv4 only, so that nobody but themselves can
// tell them their addresses.
func TestTwoBehindFirewallsMeetOverIPv6(t *testing.T) {
	everywhere := []string{"/ip4/0.0.0.0/udp/0/quic-v1", "/ip6/::/udp/0/quic-v1", "/ip4/0.0.0.0/tcp/0", "/ip6/::/tcp/0"}
	roles{
		"relay": relayRole,
		"host": func(t *testing.T, relays []string) {
			n := start(t, Options{Relays: relays, Listen: everywhere})
			n.Handle(echo, serveEcho)
			untilReserved(t, n)
			fmt.Println("ID", n.ID())
			stay()
		},
		"viewer": func(t *testing.T, args []string) {
			n := start(t, Options{Role: Connector, Relays: args[1:], Listen: everywhere})
			began := time.Now()
			c := dial(t, n, Target{ID: wire.PeerID(args[0])})
			if !c.Path().Direct {
				select {
				case <-c.Better():
				case <-time.After(20 * time.Second):
				}
			}
			say(t, open(t, c, echo), "hello")
			fmt.Println("PATH", c.Path().Addr, c.Path().Why, time.Since(began).Round(time.Millisecond))
		},
	}.play(t, func(t *testing.T) {
		for _, noUDP := range []bool{false, true} {
			nat := p2ptest.Router{NAT: p2ptest.Symmetric, Delay: 20 * time.Millisecond}
			lab := p2ptest.NewLab(t, nat, nat)
			overIPv6(lab, noUDP)
			relay := startRole(t, lab.Internet, "relay", "").reads(t, "RELAY ")
			id := startRole(t, lab.B, "host", relay).reads(t, "ID ")
			path := startRole(t, lab.A, "viewer", id+" "+relay).reads(t, "PATH ")
			t.Logf("without UDP %v: %s", noUDP, path)
			if !strings.HasPrefix(path, "/ip6/2a00:20::11/") {
				t.Errorf("the path is %s, want a direct one over IPv6", path)
			}
		}
	})
}

// overIPv6 gives a lab IPv6, through routers that let nobody in who was not called.
func overIPv6(lab *p2ptest.Lab, noUDP bool) {
	lab.Internet.Run("", "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
	udp := ""
	if noUDP {
		udp = "meta l4proto udp drop"
	}
	for i, home := range []p2ptest.Computer{lab.A, lab.B} {
		n, router := i+1, []*p2ptest.Line{lab.RouterA, lab.RouterB}[i].Router()
		lab.Internet.IP(fmt.Sprintf("addr add 2a00:10%d::fe/64 dev wan%d nodad\nroute add 2a00:%d0::/64 via 2a00:10%d::1", n, n, n, n))
		router.Run("", "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
		router.IP(fmt.Sprintf("addr add 2a00:10%d::1/64 dev wan nodad\naddr add 2a00:%d0::1/64 dev lan nodad\nroute add default via 2a00:10%d::fe", n, n, n))
		router.Run(`
table ip6 filter {
	chain through { type filter hook forward priority 0; policy drop;
		`+udp+`
		ct state established,related accept
		iifname "lan" accept
	}
}
`, "nft", "-f", "-")
		home.IP(fmt.Sprintf("addr add 2a00:%d0::11/64 dev eth0 nodad\nroute add default via 2a00:%d0::1", n, n))
	}
}
