package p2p

// Which addresses two peers that punch tell each other, and which of those they dial.

import (
	"net"
	"slices"
	"strconv"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// meeting is what we tell the peer at the other end of a relayed connection.
// Addresses in private networks are told only to a peer behind the same router, or at a
// relay in a private network. theirs are the peer's addresses; nil where we begin.
func (n *Node) meeting(c network.Conn, theirs []ma.Multiaddr) meet {
	nat := n.NAT()
	m := meet{UDP: nat.UDP, TCP: nat.TCP}
	for _, p := range portsOf(n.swarm.ListenAddresses(), portmapAnywhere4) {
		if p.udp {
			m.UDPPort = p.port
		} else {
			m.TCPPort = p.port
		}
	}
	addrs := n.sights.mapped()
	for _, s := range nat.Mapped {
		addrs = append(addrs, ma.StringCast(s))
	}
	near := n.nearness(c)
	if near == publicRelay && sameIP(n.sights.mapped(), theirs) {
		near = privateRelay
	}
	own, _ := net.InterfaceAddrs()
	for _, a := range n.listening(own) {
		if near.shows(a) {
			addrs = append(addrs, a)
		}
	}
	m.Addrs = texts(ma.Unique(addrs))
	return m
}

// nearness is how near the relay of a connection is, and with it its peers.
type nearness int

const (
	publicRelay nearness = iota
	privateRelay
	ownRelay // on this very machine
)

func (n *Node) nearness(c network.Conn) nearness {
	relay, err := peer.Decode(valueOf(c.RemoteMultiaddr(), ma.P_P2P))
	if err != nil {
		return publicRelay
	}
	near := publicRelay
	for _, r := range n.host.Network().ConnsToPeer(relay) {
		switch addr := r.RemoteMultiaddr(); {
		case manet.IsIPLoopback(addr):
			return ownRelay
		case manet.IsPrivateAddr(addr):
			near = privateRelay
		}
	}
	return near
}

// shows tells whether a peer there may know, and can use, an address of ours.
func (near nearness) shows(a ma.Multiaddr) bool {
	switch {
	case manet.IsIPLoopback(a):
		return near == ownRelay
	case manet.IsIP6LinkLocal(a):
		return false
	case manet.IsPublicAddr(a):
		return true
	}
	return near != publicRelay
}

// callables are the addresses that we dial on a peer's word, whoever has begun the
// punch. To a host the peer may be a stranger. A connector has chosen its peer, which may
// be behind the same router, or listen on a low port, but is not on this computer's
// loopback unless the relay is.
func (n *Node) callables(c network.Conn, addrs []ma.Multiaddr) []ma.Multiaddr {
	near, lowest := n.nearness(c), lowestPort
	if n.role == Connector {
		near, lowest = max(near, privateRelay), 1
	}
	return slices.DeleteFunc(addrs, func(a ma.Multiaddr) bool {
		port, err := strconv.Atoi(portOf(a))
		return err != nil || port < lowest || !near.shows(a)
	})
}

// sameIP tells whether two lists have an IP in common.
func sameIP(a, b []ma.Multiaddr) bool {
	return slices.ContainsFunc(a, func(x ma.Multiaddr) bool {
		ip, err := manet.ToIP(x)
		return err == nil && slices.ContainsFunc(b, func(y ma.Multiaddr) bool {
			other, err := manet.ToIP(y)
			return err == nil && ip.Equal(other)
		})
	})
}
