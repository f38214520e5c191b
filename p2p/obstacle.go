package p2p

// What stands in the way of a direct path, for a person. Each side tells the other
// what kind of NAT it is behind when they punch; where it does not know that yet,
// it says so afterwards, on the same stream, as soon as it does.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"rac/p2p/wire"
)

const (
	// obstacleTime and some round trips after a relayed path has come up nearly each
	// that can be direct is: from then on there is a reason to give.
	obstacleTime  = 1200 * time.Millisecond
	obstacleTrips = 2

	// learnTime is how long a side that has met another may take to find out what it
	// is behind: a host looks at the observer over QUIC then, at the latest.
	learnTime  = 15 * time.Second
	learnPause = 50 * time.Millisecond
)

var errNotSoFar = errors.New("no answer so far")

// obstacle is what is known of a path that is relayed.
type obstacle struct {
	theirs meet  // what the peer has said of itself last
	err    error // how the last attempt has failed; nil: there is nothing to tell yet
}

// stuck notes why the path is still relayed.
func (c *Conn) stuck(theirs meet, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.obstacle.err = err
	if theirs.said() {
		c.obstacle.theirs = theirs
	}
}

// heard notes what the peer says of itself.
func (c *Conn) heard(theirs meet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.obstacle.theirs = theirs
}

// hears notes what a peer has said of itself.
func (n *Node) hears(id peer.ID, theirs meet) {
	for _, c := range n.connsTo(id) {
		c.heard(theirs)
	}
}

// expectObstacle gives a reason for the path of c before its first attempt has failed.
func (c *Conn) expectObstacle() (stop func() bool) {
	return time.AfterFunc(obstacleTime+obstacleTrips*c.Path().RTT, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.obstacle.err == nil {
			c.obstacle.err = errNotSoFar
		}
	}).Stop
}

// exact tells whether more cannot be known of what a side is behind.
func (m meet) exact() bool {
	sure := func(k NATKind) bool { return k != NATUnknown && k != NATSome }
	return sure(m.UDP) && sure(m.TCP)
}

// said tells whether it is what somebody has said.
func (m meet) said() bool {
	return m.UDP != NATUnknown || m.TCP != NATUnknown || m.UDPPort+m.TCPPort != 0
}

// tellKinds tells a peer, whom we have told m of ourselves, what we find out
// afterwards about what we are behind, until that is exact.
func (n *Node) tellKinds(ctx context.Context, w *wire.Writer, m meet) {
	if m.exact() {
		return
	}
	n.lookSoon()
	ctx, cancel := context.WithTimeout(ctx, learnTime)
	defer cancel()
	for m.Addrs = nil; !m.exact() && ctx.Err() == nil; rest(ctx, learnPause, nil) {
		udp, tcp := n.kinds()
		if udp == m.UDP && tcp == m.TCP {
			continue
		}
		m.UDP, m.TCP = udp, tcp
		if err := w.Append(msgMeet, func(dst []byte) []byte { return appendMeet(dst, m) }); err != nil {
			return
		}
	}
}

// hearKinds hears what the peer at the other end of a punch finds out about itself.
func (n *Node) hearKinds(id peer.ID, s io.Reader) {
	for {
		theirs, _, err := readMeet(s)
		if err != nil {
			return
		}
		n.hears(id, theirs)
	}
}

// whyRelayed says what stands in the way of a direct path to a peer, who has
// said theirs of itself, and what would help. err is how the attempt has failed.
func (n *Node) whyRelayed(id peer.ID, theirs meet, err error) (why, help string) {
	udp, tcp := n.kinds()
	if theirs.UDPPort == 0 && theirs.TCPPort == 0 { // an older rac, or it has not answered
		theirs.UDPPort = uint16(hostPort(id))
		theirs.TCPPort = theirs.UDPPort
	}
	return inTheWay(meet{UDP: udp, TCP: tcp}, theirs, err)
}

// inTheWay is a sentence for people, in two parts. The host is the other side: it
// has a port for its router to forward.
func inTheWay(ours, theirs meet, err error) (why, help string) {
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
	help = fmt.Sprintf("at the host's router, %s forwarded to the host would help", theirs.ports())
	switch {
	case ours.UDP == NATBlocked || theirs.UDP == NATBlocked:
		help = "letting UDP through there would help, or, " + help
	case ours.symmetric() && theirs.symmetric():
		help += ", or IPv6 on both sides"
	}
	return "no direct connection came up over QUIC or TCP: " + strings.Join(reasons, ", "), help
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
