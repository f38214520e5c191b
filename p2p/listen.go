package p2p

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// A host's own port lies below the range that systems give to outgoing
// connections (Linux 32768, others 49152), so that it is nearly always free.
const (
	firstPort = 20000
	portCount = 12000
)

// hostPort is the port that a host with this ID listens on, with UDP and TCP.
// That it can be guessed from the ID gives nothing away: who knows the ID may
// know the port.
func hostPort(id peer.ID) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return firstPort + int(h.Sum32()%portCount)
}

// listenOn returns what makes a swarm listen as o wants it.
func listenOn(o Options) (func(*swarm.Swarm) error, error) {
	if o.Role != server && len(o.Listen) == 0 {
		port := 0
		if o.Role == Host {
			port = hostPort(o.Identity.id)
		}
		return func(s *swarm.Swarm) error { return listenEverywhere(s, port) }, nil
	}
	var addrs []ma.Multiaddr
	for _, s := range o.Listen {
		addr, err := parseListen(s)
		if err != nil {
			return nil, err
		}
		addrs = append(addrs, addr)
	}
	return func(s *swarm.Swarm) error { return listenOnAll(s, addrs) }, nil
}

// listenOnAll insists on every address: somebody has asked for it.
func listenOnAll(s *swarm.Swarm, addrs []ma.Multiaddr) error {
	for _, addr := range addrs {
		if err := listen(s, addr); err != nil {
			return fmt.Errorf("cannot listen on %s: %w", addr, err)
		}
	}
	return nil
}

// listenEverywhere takes what it gets: a machine may lack IPv6, and the port
// may be taken, by a second host with the same key for instance.
func listenEverywhere(s *swarm.Swarm, port int) error {
	var failed []error
	for _, format := range []string{"/ip4/0.0.0.0/tcp/%d", "/ip4/0.0.0.0/udp/%d/quic-v1", "/ip6/::/tcp/%d", "/ip6/::/udp/%d/quic-v1"} {
		err := listen(s, ma.StringCast(fmt.Sprintf(format, port)))
		if err != nil && port != 0 {
			err = listen(s, ma.StringCast(fmt.Sprintf(format, 0)))
		}
		if err != nil {
			failed = append(failed, err)
		}
	}
	if !slices.ContainsFunc(s.ListenAddresses(), isDirect) {
		return fmt.Errorf("cannot listen on any address: %w", errors.Join(failed...))
	}
	return nil
}

// listen refuses an address that another process has. libp2p would share it
// (SO_REUSEPORT, so that TCP holes can be punched from the port that listens),
// and the system would hand half of the callers to the wrong host.
func listen(s *swarm.Swarm, addr ma.Multiaddr) error {
	network, where, err := manet.DialArgs(addr)
	if err != nil {
		return err
	}
	var probe io.Closer
	if has(addr, ma.P_TCP) {
		probe, err = net.Listen(network, where)
	} else {
		probe, err = net.ListenPacket(network, where)
	}
	if err != nil {
		return err
	}
	probe.Close()
	return s.Listen(addr)
}

// Addrs returns the multiaddrs of this node, each ending in /p2p/ID: those of
// its interfaces, loopback included, those that its router or other peers have
// told, and the ways through its relays.
func (n *Node) Addrs() []string {
	own, err := net.InterfaceAddrs()
	if err != nil {
		n.log.Warn("the addresses of this machine cannot be read", "error", err)
	}
	addrs := append(n.listening(own), n.host.AllAddrs()...)
	for _, s := range n.NAT().Mapped { // libp2p has those, too, some seconds later
		addrs = append(addrs, ma.StringCast(s))
	}
	addrs = append(addrs, n.circuits()...)
	addrs = slices.DeleteFunc(ma.Unique(addrs), func(a ma.Multiaddr) bool {
		return a.Equal(circuitOnly) || manet.IsIPUnspecified(a) || manet.IsIP6LinkLocal(a) // that needs the reader's own zone
	})
	slices.SortStableFunc(addrs, func(a, b ma.Multiaddr) int { return usefulness(a) - usefulness(b) })
	var out []string
	for _, a := range addrs {
		out = append(out, a.String()+"/p2p/"+n.id.String())
	}
	return out
}

// listening are the addresses out of own at which this node takes connections.
// libp2p can tell them too, but up to a minute late.
func (n *Node) listening(own []net.Addr) []ma.Multiaddr {
	var addrs []ma.Multiaddr
	for _, l := range n.host.Network().ListenAddresses() {
		first, rest := ma.SplitFirst(l)
		ip, err := manet.ToIP(l)
		if err != nil {
			continue // a relay's
		}
		for _, o := range own {
			mine, ok := o.(*net.IPNet)
			if !ok || (mine.IP.To4() != nil) != (first.Code() == ma.P_IP4) || !ip.IsUnspecified() && !ip.Equal(mine.IP) {
				continue
			}
			if head, err := manet.FromIP(mine.IP); err == nil {
				addrs = append(addrs, ma.Join(head, rest))
			}
		}
	}
	return addrs
}

var circuitOnly = ma.StringCast("/p2p-circuit")

// usefulness orders addresses for a reader: those that another machine can use
// first, loopback next to last, relays last.
func usefulness(a ma.Multiaddr) int {
	switch {
	case !isDirect(a):
		return 2
	case manet.IsIPLoopback(a):
		return 1
	}
	return 0
}

func isDirect(a ma.Multiaddr) bool { return !has(a, ma.P_CIRCUIT) }
