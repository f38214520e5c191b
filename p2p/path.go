package p2p

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"github.com/multiformats/go-multistream"

	"rac/p2p/wire"
)

// Path is how the bytes to a peer travel.
type Path struct {
	Direct    bool          // false: through a relay
	Limited   bool          // through a relay of others, for a few bytes and minutes only
	Addr      string        // the peer's multiaddr; through a relay, the relay's
	Transport string        // "tcp" or "quic-v1"
	RTT       time.Duration // when the connection came up; 0: not measured
	Why       string        // it is relayed: what stands in the way; "": not known yet
	Help      string        // what would help against that
}

// String is for people: "direct, 12 ms".
func (p Path) String() string {
	way := "relayed"
	if p.Direct {
		way = "direct"
	}
	switch {
	case p.RTT == 0:
		return way
	case p.RTT < 10*time.Millisecond:
		return fmt.Sprintf("%s, %.1f ms", way, p.RTT.Seconds()*1000)
	}
	return fmt.Sprintf("%s, %d ms", way, p.RTT.Milliseconds())
}

func pathOf(c network.Conn, rtt time.Duration) Path {
	addr := c.RemoteMultiaddr()
	return Path{Direct: isDirect(addr), Limited: c.Stat().Limited, Addr: addr.String(), Transport: transportOf(addr), RTT: rtt}
}

func transportOf(addr ma.Multiaddr) string {
	if has(addr, ma.P_QUIC_V1) {
		return "quic-v1"
	}
	return "tcp"
}

func remoteOf(c network.Conn) wire.Remote {
	addr := c.RemoteMultiaddr()
	return wire.Remote{Direct: isDirect(addr), Addr: addr.String(), Source: sourceOf(addr)}
}

// sourceOf names the network that a peer comes from, as coarse as addresses are
// given out: one guesser has all of an IPv6 /48, many neighbours an IPv4 /24.
func sourceOf(addr ma.Multiaddr) string {
	if !isDirect(addr) {
		relay, err := addr.ValueForProtocol(ma.P_P2P)
		if err != nil {
			return "relay"
		}
		return "relay " + relay
	}
	ip, err := manet.ToIP(addr)
	if err != nil {
		return addr.String()
	}
	a, _ := netip.AddrFromSlice(ip)
	a = a.Unmap()
	bits := 48
	if a.Is4() {
		bits = 24
	}
	prefix, err := a.Prefix(bits)
	if err != nil {
		return a.String()
	}
	return prefix.String()
}

// pingConn measures the round trip on this very connection. libp2p's own ping
// takes whichever connection it likes best, and that may be the dead one.
func pingConn(ctx context.Context, c network.Conn) (time.Duration, error) {
	s, err := c.NewStream(network.WithAllowLimitedConn(ctx, "ping"))
	if err != nil {
		return 0, err
	}
	defer s.Reset()
	if deadline, ok := ctx.Deadline(); ok {
		s.SetDeadline(deadline)
	}
	stop := context.AfterFunc(ctx, func() { s.Reset() })
	defer stop()
	if err := s.SetProtocol(ping.ID); err != nil {
		return 0, err
	}
	line := multistream.NewMSSelect(s, ping.ID) // sends the protocol's name along, in the same round trip
	var sent, got [ping.PingSize]byte
	rand.Read(sent[:])
	start := time.Now()
	if _, err := line.Write(sent[:]); err != nil {
		return 0, err
	}
	if _, err := io.ReadFull(line, got[:]); err != nil {
		return 0, err
	}
	if got != sent {
		return 0, fmt.Errorf("p2p: a pong from %s is not the ping that was sent", c.RemotePeer())
	}
	return time.Since(start), nil
}
