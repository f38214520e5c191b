package p2p

import (
	"net"
	"testing"
	"time"

	ma "github.com/multiformats/go-multiaddr"
)

func TestTCPGoesFirstNearbyAndQUICFarAway(t *testing.T) {
	_, home, _ := net.ParseCIDR("2001:db8:1::/64")
	own := []net.Addr{home}
	for _, c := range []struct{ first, then string }{
		{"/ip4/192.168.1.7/tcp/1", "/ip4/192.168.1.7/udp/1/quic-v1"},
		{"/ip4/127.0.0.1/tcp/1", "/ip4/192.168.1.7/tcp/1"},
		{"/ip6/2001:db8:1::7/tcp/1", "/ip6/2001:db8:1::7/udp/1/quic-v1"},
		{"/ip4/9.9.9.9/udp/1/quic-v1", "/ip4/9.9.9.9/tcp/1"},
	} {
		when := map[string]time.Duration{}
		for _, a := range rankNear([]ma.Multiaddr{ma.StringCast(c.then), ma.StringCast(c.first)}, own) {
			when[a.Addr.String()] = a.Delay
		}
		if len(when) != 2 || when[c.first] > when[c.then] {
			t.Errorf("%s after %v, %s after %v", c.first, when[c.first], c.then, when[c.then])
		}
	}
}
