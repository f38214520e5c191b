package p2p

// BBR on our own TCP connections. The usual control (CUBIC) takes each lost packet
// for a full queue and halves what it sends; BBR goes by what arrives (Cardwell et
// al., "BBR: Congestion-Based Congestion Control", ACM Queue 14-5, 2016).

import (
	"context"
	"sync"
	"time"

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
	up, err := u.Upgrader.Upgrade(ctx, t, withBBR(quickly(c)), dir, id, scope)
	if err != nil {
		return nil, err
	}
	return counted(up, c), nil
}

func (u *pacingUpgrader) UpgradeGatedMaListener(t transport.Transport, l transport.GatedMaListener) transport.Listener {
	return u.Upgrader.UpgradeGatedMaListener(t, &pacingListener{l})
}

type pacingListener struct{ transport.GatedMaListener }

func (l *pacingListener) Accept() (manet.Conn, network.ConnManagementScope, error) {
	c, scope, err := l.GatedMaListener.Accept()
	if err == nil {
		c = withBBR(quickly(c))
	}
	return c, scope, err
}

// withBBR returns c with BBR, or as it is.
func withBBR(c manet.Conn) manet.Conn {
	if askForBBR(c) != nil {
		return c
	}
	return &pacedConn{Conn: c}
}

// pacedConn lets BBR begin anew where it has learned of the program and not of the line.
//
// BBR takes what arrived in the last ten round trips for what the line carries, sends no
// faster, and tries a quarter more in each eighth. After a film, which takes a fifth of its
// line, a picture that was to become exact so got 2.4 of 10 Mbit/s, and 7 two seconds
// later. While BBR knows nothing of a line it doubles what it sends in each round trip,
// until that is no gain. A new one has no pause for a while either: every ten seconds BBR
// sends next to nothing for 200 ms, to see how long the way is when nobody fills it.
type pacedConn struct {
	manet.Conn
	mu     sync.Mutex
	looked time.Time
	anew   time.Time // when BBR last began anew
}

const (
	pacedLook = 250 * time.Millisecond // between two looks; one takes two system calls
	pacedAge  = 8 * time.Second        // of a BBR that will soon pause
)

func (c *pacedConn) Write(b []byte) (int, error) {
	c.look(time.Now())
	return c.Conn.Write(b)
}

func (c *pacedConn) look(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.looked) < pacedLook {
		return
	}
	c.looked = now
	if beginAnew(c.Conn, now.Sub(c.anew) > pacedAge) {
		c.anew = now
	}
}
