package p2p

// BBR on our own TCP connections. The usual control (CUBIC) takes each lost packet
// for a full queue and halves what it sends; BBR goes by what arrives (Cardwell et
// al., "BBR: Congestion-Based Congestion Control", ACM Queue 14-5, 2016).

import (
	"context"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/transport"
	manet "github.com/multiformats/go-multiaddr/net"
)

// pacingUpgrader asks the kernel for BBR on each TCP connection before its
// handshake. Where that is not to be had, what is there stays; connections through a
// relay are no sockets.
type pacingUpgrader struct{ transport.Upgrader }

func (u *pacingUpgrader) Upgrade(ctx context.Context, t transport.Transport, c manet.Conn, dir network.Direction, id peer.ID, scope network.ConnManagementScope) (transport.CapableConn, error) {
	askForBBR(c)
	return u.Upgrader.Upgrade(ctx, t, c, dir, id, scope)
}

func (u *pacingUpgrader) GateMaListener(l manet.Listener) transport.GatedMaListener {
	return &pacingListener{u.Upgrader.GateMaListener(l)}
}

type pacingListener struct{ transport.GatedMaListener }

func (l *pacingListener) Accept() (manet.Conn, network.ConnManagementScope, error) {
	c, scope, err := l.GatedMaListener.Accept()
	if err == nil {
		askForBBR(c)
	}
	return c, scope, err
}
