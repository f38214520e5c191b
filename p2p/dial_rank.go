package p2p

import (
	"net"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// quicHandicap is what TCP gets ahead of QUIC on a local network: it carries a
// picture with a third of the CPU. A machine that does not answer on TCP costs
// this much more. It is five round trips of 60 ms, since a private address may be at
// the other end of a VPN: with 100 ms a packet lost in TCP's handshake decided for
// QUIC, which then carried a third of what TCP with BBR did on a line that loses 1 %.
const quicHandicap = 300 * time.Millisecond

// rank decides when each address of a peer is dialled. On the public internet
// and for relays it is libp2p's own order (RFC 8305 style, QUIC first); on
// private networks, on those that this machine is part of (at home, IPv6
// addresses are public), and on this machine itself TCP goes first, and an
// address that can only be this machine before others.
func rank(addrs []ma.Multiaddr) []network.AddrDelay {
	own, err := net.InterfaceAddrs()
	if err != nil {
		own = nil // then only private addresses count as near
	}
	return rankNear(addrs, own)
}

func rankNear(addrs []ma.Multiaddr, own []net.Addr) []network.AddrDelay {
	var near, far []ma.Multiaddr
	for _, a := range addrs {
		if isDirect(a) && (manet.IsPrivateAddr(a) || onLink(a, own)) {
			near = append(near, a)
		} else {
			far = append(far, a)
		}
	}
	ranked := swarm.DefaultDialRanker(far)
	for _, a := range near {
		ranked = append(ranked, network.AddrDelay{Addr: a, Delay: nearDelay(a)})
	}
	return ranked
}

// onLink tells whether a lies in a network of one of our own addresses.
func onLink(a ma.Multiaddr, own []net.Addr) bool {
	ip, err := manet.ToIP(a)
	return err == nil && slices.ContainsFunc(own, func(o net.Addr) bool {
		n, ok := o.(*net.IPNet)
		return ok && n.Contains(ip)
	})
}

func nearDelay(a ma.Multiaddr) time.Duration {
	var delay time.Duration
	if !manet.IsIPLoopback(a) {
		delay += 5 * time.Millisecond
	}
	if has(a, ma.P_IP6) {
		delay += 20 * time.Millisecond
	}
	if has(a, ma.P_QUIC_V1) {
		delay += quicHandicap
	}
	return delay
}
