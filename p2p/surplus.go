package p2p

import (
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// surplusTime is how long a direct connection beside another one may be of use: the
// streams have moved to one of them by then.
const surplusTime = 10 * time.Second

// closeSurplus closes connections to id that nothing runs on, where another one to
// the same address over the same transport has streams. Both sides of a punch dial,
// so that there are mostly two, and a host has room for 192. Only the side that dialled
// calls this. It alone opens streams, and libp2p opens them on the connection that has
// most: so none is on its way on what is closed here. One over the other transport
// stays: when UDP is blocked later, it is the way back.
func (n *Node) closeSurplus(id peer.ID) {
	conns := n.host.Network().ConnsToPeer(id)
	for _, idle := range conns {
		if isDirect(idle.RemoteMultiaddr()) && len(idle.GetStreams()) == 0 && slices.ContainsFunc(conns, func(c network.Conn) bool {
			return !c.IsClosed() && len(c.GetStreams()) > 0 && sameWay(c.RemoteMultiaddr(), idle.RemoteMultiaddr())
		}) {
			n.log.Debug("surplus connection closed", "peer", id, "addr", idle.RemoteMultiaddr())
			idle.Close()
		}
	}
}

// sameWay tells whether two addresses are of one IP and transport.
func sameWay(a, b ma.Multiaddr) bool {
	return isDirect(a) && isDirect(b) && layerOf(a) == layerOf(b) && sameIP([]ma.Multiaddr{a}, []ma.Multiaddr{b})
}
