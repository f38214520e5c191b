package p2p

// How a relayed connection becomes a direct one, from the side that dialled: by
// punching a hole, and on the local network. It is tried at once, again when the
// network changes, and ever more seldom in between. While it does not succeed,
// Path tells why.

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

const (
	improveTime = 5 * time.Second // for one attempt
	improveMax  = 10 * time.Minute
)

// pauses are those between attempts: two short ones, as a packet may have been
// lost, then 30 s, 1 min, … 10 min.
func (n *Node) pauses() func() time.Duration {
	next := n.tests.improve
	var short []time.Duration
	if next == 0 {
		next, short = 30*time.Second, []time.Duration{time.Second, 5 * time.Second}
	}
	return func() time.Duration {
		if len(short) > 0 {
			pause := short[0]
			short = short[1:]
			return pause
		}
		pause := next
		next = min(2*next, improveMax)
		return pause
	}
}

// improve works for a direct path to the peer of c until there is one.
func (n *Node) improve(c *Conn) {
	ctx, cancel := context.WithCancel(n.ctx)
	defer cancel()
	next := n.pauses()
	for ctx.Err() == nil {
		changed := n.changed()
		n.tryDirect(ctx, c)
		wait := time.NewTimer(next())
		select {
		case <-wait.C:
		case <-changed:
			next = n.pauses()
		case <-c.better:
			cancel()
		case <-c.done:
			cancel()
		case <-ctx.Done():
		}
		wait.Stop()
	}
}

// tryDirect tries once.
func (n *Node) tryDirect(ctx context.Context, c *Conn) {
	ctx, cancel := context.WithTimeout(network.WithForceDirectDial(ctx, "rac"), improveTime)
	defer cancel()
	var work sync.WaitGroup
	if n.lan != nil {
		work.Go(func() {
			err := n.lan.find(ctx, c.id, func(ctx context.Context, addrs []ma.Multiaddr) error {
				n.swarm.Backoff().Clear(c.id)
				return n.host.Connect(ctx, peer.AddrInfo{ID: c.id, Addrs: addrs})
			})
			if err == nil {
				cancel()
			}
		})
	}
	if relayed := n.best(c.id); relayed != nil && !isDirect(relayed.RemoteMultiaddr()) {
		theirs, err := n.punch.begin(ctx, relayed)
		switch {
		case err == nil:
			cancel()
		case ctx.Err() == nil && !errors.Is(err, errPunching):
			c.stuck(n.whyRelayed(relayed, theirs, err))
			n.log.Debug("still relayed", "peer", c.id, "error", err)
		}
	}
	work.Wait()
}

// whyRelayed says what stands in the way of a direct path to the peer of c, who
// has said theirs of itself. err is how the attempt has failed.
func (n *Node) whyRelayed(c network.Conn, theirs meet, err error) string {
	nat := n.NAT()
	if theirs.UDPPort == 0 && theirs.TCPPort == 0 { // an older rac, or it has not answered
		theirs.UDPPort = uint16(hostPort(c.RemotePeer()))
		theirs.TCPPort = theirs.UDPPort
	}
	return inTheWay(meet{UDP: nat.UDP, TCP: nat.TCP}, theirs, err)
}

// inTheWay is a sentence for people, with what would help. The host is the other
// side: it has a port for its router to forward.
func inTheWay(ours, theirs meet, err error) string {
	var reasons []string
	for _, side := range []struct {
		name string
		meet
	}{{"this side", ours}, {"the other side", theirs}} {
		if s := side.describe(); s != "" {
			reasons = append(reasons, side.name+" is "+s)
		}
	}
	if len(reasons) == 0 {
		reasons = append(reasons, shortest(flatten(err)[0]).Error())
	}
	help := fmt.Sprintf("at the host's router, %s forwarded to the host would help", theirs.ports())
	switch {
	case ours.UDP == NATBlocked || theirs.UDP == NATBlocked:
		help = "letting UDP through there would help, or, " + help
	case ours.symmetric() && theirs.symmetric():
		help += ", or IPv6 on both sides"
	}
	return fmt.Sprintf("no direct connection came up over QUIC or TCP: %s; %s", strings.Join(reasons, ", "), help)
}

// ports is what a computer listens on: "port 20123 (UDP and TCP)".
func (m meet) ports() string {
	switch {
	case m.UDPPort == m.TCPPort:
		return fmt.Sprintf("port %d (UDP and TCP)", m.UDPPort)
	case m.TCPPort == 0:
		return fmt.Sprintf("port %d (UDP)", m.UDPPort)
	case m.UDPPort == 0:
		return fmt.Sprintf("port %d (TCP)", m.TCPPort)
	}
	return fmt.Sprintf("port %d (UDP) or %d (TCP)", m.UDPPort, m.TCPPort)
}

func (m meet) symmetric() bool { return m.UDP == NATSymmetric || m.TCP == NATSymmetric }

// describe puts into words what stands before a computer.
func (m meet) describe() string {
	var text string
	switch {
	case m.UDP == NATSymmetric && m.TCP == NATCone:
		text = "behind a router that gives each connection over UDP another port (a symmetric NAT)"
	case m.UDP == NATCone && m.TCP == NATSymmetric:
		text = "behind a router that gives each connection over TCP another port (a symmetric NAT)"
	case m.symmetric():
		text = "behind a router that gives each connection another port (a symmetric NAT)"
	case m.UDP == NATCone || m.TCP == NATCone || m.UDP == NATSome || m.TCP == NATSome:
		text = "behind a router (NAT)"
	case m.UDP == NATNone || m.TCP == NATNone:
		text = "behind a firewall"
	}
	if m.UDP == NATBlocked {
		if text == "" {
			return "without UDP"
		}
		text += " that lets no UDP through"
	}
	return text
}

func isPublicDirect(c network.Conn) bool {
	return isDirect(c.RemoteMultiaddr()) && manet.IsPublicAddr(c.RemoteMultiaddr())
}
