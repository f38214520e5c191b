package p2p

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"github.com/multiformats/go-multistream"
)

// NATKind is what stands between this computer and the internet, for one
// transport, as far as it has shown itself.
type NATKind string

const (
	NATUnknown   NATKind = ""          // nobody on the internet has told us our address
	NATNone      NATKind = "none"      // others see an address of this computer; a firewall may be there
	NATSome      NATKind = "nat"       // others see a router's address; one observer cannot tell more
	NATCone      NATKind = "cone"      // all see the same port: holes can be punched (RFC 4787: endpoint-independent mapping)
	NATSymmetric NATKind = "symmetric" // each sees another port
	NATBlocked   NATKind = "blocked"   // nothing comes back over this transport
)

// NAT tells how this computer is seen from outside.
type NAT struct {
	UDP    NATKind  `json:"udp"`
	TCP    NATKind  `json:"tcp"`
	Seen   []string `json:"seen"`   // multiaddrs as others see them
	Router string   `json:"router"` // "": not asked; "searching"; "none": forwards no port on request; "forwards"
	By     string   `json:"by"`     // how it was asked to forward: "PCP", "NAT-PMP and UPnP", …
	Mapped []string `json:"mapped"` // multiaddrs that the router forwards here
}

// NAT returns what is known now. It is little until a relay has been reached,
// and the router is searched for 10 s.
func (n *Node) NAT() NAT {
	udp, tcp := n.kinds()
	state := NAT{UDP: udp, TCP: tcp, Seen: texts(n.sights.mapped())}
	if n.router != nil {
		state.Router, state.By, state.Mapped = n.router.state(n.swarm.ListenAddresses())
	}
	return state
}

// kinds is what stands between this computer and the internet, as far as is known now.
func (n *Node) kinds() (udp, tcp NATKind) {
	udp, tcp = n.sights.kind("udp"), n.sights.kind("tcp")
	if udp == NATUnknown && slices.ContainsFunc(n.relay, (*relayLink).noUDP) {
		udp = NATBlocked
	}
	return udp, tcp
}

func texts(addrs []ma.Multiaddr) []string {
	out := make([]string, 0, len(addrs))
	for _, a := range addrs {
		out = append(out, a.String())
	}
	return out
}

// sights are the addresses under which others see us. Only those whom we have
// called are believed, and only our relays' word counts for long.
type sights struct {
	ports func() []ma.Multiaddr // that we listen on

	mu    sync.Mutex
	by    map[string]sight // by the address and transport of who sees
	nth   int
	moves [movesAtOnce]time.Time // the last ones that were acted on, the oldest first
	waits bool                   // the next one waits
}

type sight struct {
	mapped ma.Multiaddr
	own    bool // mapped is an address of this computer
	nth    int
}

// maxSights bounds what the public network can make us remember.
const maxSights = 32

// saw notes that whoever is at remote sees us, who come from local, at mapped. It
// returns whether that is another address than before.
func (s *sights) saw(local, remote, mapped ma.Multiaddr) (moved bool) {
	if mapped == nil || !isDirect(remote) || !manet.IsPublicAddr(remote) || !manet.IsPublicAddr(mapped) ||
		transportOf(mapped) != transportOf(local) || !s.listens(local) {
		return false // what another port of ours is mapped to is of no use
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := remote.String()
	if old, known := s.by[key]; known && !old.mapped.Equal(mapped) {
		// Another router, or the same one after a restart: what others saw is over, too.
		maps.DeleteFunc(s.by, func(_ string, v sight) bool { return layerOf(v.mapped) == layerOf(mapped) })
		moved = true
	}
	if len(s.by) < maxSights {
		s.nth++
		s.by[key] = sight{mapped: mapped, own: isOwn(mapped), nth: s.nth}
	}
	return moved
}

const (
	movesAtOnce = 8 // both transports at each of some relays
	movesWithin = 20 * time.Second
)

// move says how long it takes until a move may be acted on; ours is false if that will
// be done for another one.
func (s *sights) move(now time.Time) (wait time.Duration, ours bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waits {
		return 0, false
	}
	wait = max(s.moves[0].Add(movesWithin).Sub(now), 0)
	s.waits = wait > 0
	copy(s.moves[:], s.moves[1:])
	s.moves[movesAtOnce-1] = now.Add(wait)
	return wait, true
}

// moved ends the waiting.
func (s *sights) moved() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waits = false
}

// forget leaves out what whoever is at remote has seen.
func (s *sights) forget(remote ma.Multiaddr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.by, remote.String())
}

// listens tells whether local's port is one that we listen on.
func (s *sights) listens(local ma.Multiaddr) bool {
	port := portOf(local)
	return slices.ContainsFunc(s.ports(), func(l ma.Multiaddr) bool {
		return isDirect(l) && transportOf(l) == transportOf(local) && portOf(l) == port
	})
}

// mapped returns where others see us, the newest first.
func (s *sights) mapped() []ma.Multiaddr {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := slices.SortedFunc(maps.Values(s.by), func(a, b sight) int { return b.nth - a.nth })
	var addrs []ma.Multiaddr
	for _, v := range seen {
		if !slices.ContainsFunc(addrs, v.mapped.Equal) {
			addrs = append(addrs, v.mapped)
		}
	}
	return addrs
}

// kind compares what several have seen over "udp" or "tcp", IPv4 alone: IPv6 has
// no NATs worth the name.
func (s *sights) kind(transport string) NATKind {
	s.mu.Lock()
	defer s.mu.Unlock()
	observers := 0
	ports := map[string]bool{}
	own := false
	for _, v := range s.by {
		if layerOf(v.mapped) != transport {
			continue
		}
		own = own || v.own
		if has(v.mapped, ma.P_IP4) {
			observers++
			ports[portOf(v.mapped)] = true
		}
	}
	switch {
	case own:
		return NATNone
	case observers == 0:
		return NATUnknown
	case len(ports) > 1:
		return NATSymmetric
	case observers > 1:
		return NATCone
	}
	return NATSome
}

// layerOf is "udp" or "tcp".
func layerOf(a ma.Multiaddr) string {
	if has(a, ma.P_UDP) {
		return "udp"
	}
	return "tcp"
}

func portOf(a ma.Multiaddr) string {
	if port, err := a.ValueForProtocol(ma.P_UDP); err == nil {
		return port
	}
	port, err := a.ValueForProtocol(ma.P_TCP)
	if err != nil {
		return ""
	}
	return port
}

// isOwn tells whether an interface of this computer has a's IP.
func isOwn(a ma.Multiaddr) bool {
	ip, err := manet.ToIP(a)
	if err != nil {
		return false
	}
	own, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(own, func(o net.Addr) bool {
		mine, ok := o.(*net.IPNet)
		return ok && mine.IP.Equal(ip)
	})
}

// listenToSights notes what peers tell when they identify themselves. It takes
// events without delay: libp2p stops all that follows an identification until
// they are taken.
func (n *Node) listenToSights() error {
	sub, err := n.host.EventBus().Subscribe(new(event.EvtPeerIdentificationCompleted))
	if err != nil {
		return err
	}
	n.work.Go(func() {
		defer sub.Close()
		for {
			select {
			case e := <-sub.Out():
				done := e.(event.EvtPeerIdentificationCompleted)
				if n.trusts(done.Conn) {
					n.seen(done.Conn.LocalMultiaddr(), done.Conn.RemoteMultiaddr(), done.ObservedAddr)
				}
			case <-n.ctx.Done():
				return
			}
		}
	})
	return nil
}

func (n *Node) trusts(c network.Conn) bool {
	return c.Stat().Direction == network.DirOutbound || linkOf(n.relay, c.RemotePeer()) != nil
}

// line is a connection, known to the swarm or not, on which a stream can be opened.
type line struct {
	local, remote ma.Multiaddr
	open          func(context.Context) (io.ReadWriteCloser, error)
	outdated      bool // how the other end sees it is how it has begun
}

func lineOf(c network.Conn) line {
	return line{local: c.LocalMultiaddr(), remote: c.RemoteMultiaddr(), open: func(ctx context.Context) (io.ReadWriteCloser, error) {
		s, err := c.NewStream(network.WithAllowLimitedConn(ctx, "rac"))
		if err == nil {
			err = s.SetProtocol(identify.ID)
		}
		return s, err
	}}
}

func rawLineOf(c transport.CapableConn) line {
	return line{local: c.LocalMultiaddr(), remote: c.RemoteMultiaddr(), open: func(ctx context.Context) (io.ReadWriteCloser, error) { return c.OpenStream(ctx) }}
}

// look asks who is at the other end where it sees us. libp2p asks once, at the
// beginning; a connection over QUIC outlives a change of address.
func (n *Node) look(ctx context.Context, l line) error {
	s, err := l.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	stop := context.AfterFunc(ctx, func() { s.(interface{ Reset() error }).Reset() })
	defer stop()
	if err := multistream.SelectProtoOrFail(identify.ID, s); err != nil {
		return err
	}
	mapped, err := readObserved(s)
	if err != nil {
		return fmt.Errorf("p2p: identify: %w", err)
	}
	if !l.outdated {
		n.seen(l.local, l.remote, mapped)
	}
	return nil
}

// seen notes a sight, and acts on a new one. That makes us ask again where we are: who
// tells another address each time would keep us busy, so after some moves in a row
// the next ones wait and are acted on together.
func (n *Node) seen(local, remote, mapped ma.Multiaddr) {
	if !n.sights.saw(local, remote, mapped) {
		return
	}
	n.log.Debug("seen at another address", "addr", mapped)
	act := func() {
		n.tellChange()
		n.repunch()
	}
	switch wait, ours := n.sights.move(time.Now()); {
	case ours && wait > 0:
		n.goWork(func() {
			rest(n.ctx, wait, nil)
			n.sights.moved()
			act()
		})
	case ours:
		act()
	}
}

// maxIdentify is the longest identify message that libp2p reads.
const maxIdentify = 8 << 10

// readObserved returns field 4, the observed address, of an identify message
// (https://github.com/libp2p/specs/blob/master/identify/README.md): protobuf
// with its length in front.
func readObserved(r io.Reader) (ma.Multiaddr, error) {
	in := bufio.NewReader(r)
	size, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, err
	}
	if size > maxIdentify {
		return nil, fmt.Errorf("a message of %d bytes", size)
	}
	message := make([]byte, size)
	if _, err := io.ReadFull(in, message); err != nil {
		return nil, err
	}
	return observedField(message)
}

func observedField(message []byte) (ma.Multiaddr, error) {
	const observed, counted = 4, 2 // field; wire type of what has its length in front, as all fields of it do
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 || tag&7 != counted {
			return nil, errors.New("it cannot be read")
		}
		message = message[n:]
		size, n := binary.Uvarint(message)
		if n <= 0 || size > uint64(len(message)-n) {
			return nil, io.ErrUnexpectedEOF
		}
		body := message[n : n+int(size)]
		if tag>>3 == observed {
			return ma.NewMultiaddrBytes(body)
		}
		message = message[n+int(size):]
	}
	return nil, errors.New("no address is in it")
}
