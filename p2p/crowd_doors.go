package p2p

// The doors by which a crowd comes in: connections, and TCP handshakes.

import (
	"net"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/transport"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// called takes in a connection that a peer has made to this host, or that was
// punched to one who has.
func (n *Node) called(c network.Conn, older []network.Conn) {
	inbound := func(c network.Conn) bool { return c.Stat().Direction == network.DirInbound }
	if n.role != Host || !inbound(c) && !slices.ContainsFunc(older, inbound) {
		return
	}
	id := c.RemotePeer()
	n.budget.trusts(id)
	n.callers.enter(c, &guest{
		id: id, source: sourceOf(c.RemoteMultiaddr()),
		end: func() {
			n.log.Debug("connection closed: there are too many", "peer", id, "addr", c.RemoteMultiaddr())
			n.goWork(func() { c.Close() })
		},
	})
}

// countingUpgrader lets no TCP handshake that dribbles keep another one out.
type countingUpgrader struct {
	transport.Upgrader
	shakes *crowd
}

func (u *countingUpgrader) GateMaListener(l manet.Listener) transport.GatedMaListener {
	return &countingListener{u.Upgrader.GateMaListener(l), u.shakes}
}

type countingListener struct {
	transport.GatedMaListener
	shakes *crowd
}

func (l *countingListener) Accept() (manet.Conn, network.ConnManagementScope, error) {
	conn, scope, err := l.GatedMaListener.Accept()
	if err == nil {
		addr := conn.RemoteMultiaddr()
		l.shakes.enter(shakeKey(addr), &guest{
			source: sourceOf(addr), late: time.Now().Add(acceptTimeout), end: func() { abort(conn) },
		})
	}
	return conn, scope, err
}

// abort closes a connection without a farewell.
func abort(conn manet.Conn) {
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
		tcp.SetLinger(0)
	}
	conn.(net.Conn).Close()
}

// shakeKey is what a handshake and the connection that comes of it have in common.
func shakeKey(remote ma.Multiaddr) string { return remote.String() }
