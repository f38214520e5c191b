package p2p

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/autonatv2"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"rac/p2p/wire"
)

// A Relay is the other half of relays.go: a server that hosts and connectors
// behind NATs meet at. It passes their bytes on, sealed as they are, for as long
// as they need it (libp2p's own relays stop after 128 KiB or 2 min); it shows
// both their public addresses, so that most pairs can do without it a second
// later; it answers whether an address of theirs can be called from outside
// (AutoNAT v2); it keeps the hosts' records (dht.go).

// RelayOptions say how a Relay runs.
type RelayOptions struct {
	Identity *Identity // what hosts and connectors name it by
	Observer *Identity // another one: libp2p keeps one connection to each ID

	// Listen has the multiaddrs to listen on, in place of port 4001 of all
	// addresses, QUIC and TCP. The observer listens on the next port, both, too.
	Listen []string

	// Announce has the multiaddrs under which the world reaches this machine,
	// where those of its own interfaces are not.
	Announce []string

	// Allow names the hosts that may reserve a place and so be called through the
	// relay; empty: anybody may.
	Allow []wire.PeerID

	Log *slog.Logger // nil: nothing is logged
}

const (
	relayPort = 4001

	// What libp2p's relays allow is made for strangers. Buffers of 64 KiB in place
	// of 2 KiB carry 370 Mbit/s over TCP in place of 143.
	relayPlaces       = 4096
	relayPlacesPerIP  = 1024 // a carrier's NAT, or a school
	relayCircuits     = 64   // of each peer
	relayBuffer       = 64 << 10
	relayGuests       = 12288 // connections, with the observer's; see crowd.go
	relayPlaceFor     = time.Hour
	introductionLimit = 5 * time.Second
)

// Relay is a running relay; it ends by Close.
type Relay struct {
	stack    *stack
	observer *stack
	dialer   *stack // calls back for AutoNAT, under an ID that nobody is connected to
	service  *relay.Relay
	reach    *autonatv2.AutoNAT
	records  *dht.IpfsDHT
	stats    relayStats
	guests   *crowd
	allowed  map[peer.ID]bool // empty: all
	log      *slog.Logger
	work     sync.WaitGroup // connections that are being closed
	closing  sync.Once
	closed   error
}

// StartRelay starts a relay.
func StartRelay(o RelayOptions) (r *Relay, err error) {
	if o.Identity == nil || o.Observer == nil || o.Identity.id == o.Observer.id {
		return nil, errors.New("p2p: a relay needs two identities")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	hush(o.Log)
	r = &Relay{guests: newCrowd(relayGuests), allowed: map[peer.ID]bool{}, log: o.Log, stats: newRelayStats()}
	defer func() {
		if err != nil {
			r.Close()
			r, err = nil, fmt.Errorf("relay: %w", err)
		}
	}()
	for _, s := range o.Allow {
		id, err := decodeID(string(s))
		if err != nil {
			return nil, err
		}
		r.allowed[id] = true
	}
	return r, r.start(o)
}

func (r *Relay) start(o RelayOptions) error {
	announced, err := announcer(o.Announce)
	if err != nil {
		return err
	}
	if len(o.Listen) == 0 {
		o.Listen = relayListen()
	}
	if r.stack, err = newStack(Options{Identity: o.Identity, Role: server, Listen: o.Listen, Known: r.knows, announced: announced, guests: r.guests}); err != nil {
		return err
	}
	if r.observer, err = newStack(Options{Identity: o.Observer, Role: server, Listen: observerListen(o.Listen, r.stack.swarm.ListenAddresses()), guests: r.guests}); err != nil {
		return fmt.Errorf("the observer: %w", err)
	}
	r.stack.swarm.Notify(r.notifiee(r.stack))
	r.observer.swarm.Notify(r.notifiee(r.observer))
	r.stack.host.SetStreamHandler(protocol.ID(RelayProtocol), r.introduce)
	if err := r.startReach(); err != nil {
		return err
	}
	if r.records, err = startRecords(r.stack.host, r.allows); err != nil {
		return err
	}
	r.service, err = relay.New(r.stack.host, relay.WithResources(relay.Resources{
		ReservationTTL: relayPlaceFor, MaxReservations: relayPlaces, MaxReservationsPerIP: relayPlacesPerIP, MaxReservationsPerASN: relayPlaces,
		MaxCircuits: relayCircuits, BufferSize: relayBuffer,
	}), relay.WithACL(r), relay.WithMetricsTracer(&r.stats), relay.WithReservationAddressFilter(func(ma.Multiaddr) bool { return true }))
	return err
}

// startReach starts the AutoNAT service.
func (r *Relay) startReach() error {
	id, err := throwAwayIdentity()
	if err != nil {
		return err
	}
	if r.dialer, err = newStack(Options{Identity: id, Role: server}); err != nil {
		return err
	}
	reach, err := autonatv2.New(r.dialer.host)
	if err != nil {
		return err
	}
	if err := reach.Start(r.stack.host); err != nil {
		return err
	}
	r.reach = reach
	return nil
}

// Close ends the relay and everything that goes through it.
func (r *Relay) Close() error {
	r.closing.Do(func() { r.closed = r.close() })
	return r.closed
}

func (r *Relay) close() error {
	var errs []error
	if r.service != nil {
		errs = append(errs, r.service.Close())
	}
	if r.reach != nil {
		r.reach.Close()
	}
	if r.records != nil {
		errs = append(errs, r.records.Close())
	}
	for _, s := range []*stack{r.dialer, r.observer, r.stack} {
		if s != nil {
			errs = append(errs, s.close())
		}
	}
	r.work.Wait()
	return errors.Join(errs...)
}

// ID returns the relay's ID.
func (r *Relay) ID() wire.PeerID { return wire.PeerID(r.stack.host.ID().String()) }

// Addrs returns the multiaddrs for Options.Relays, each ending in /p2p/ID: what
// was announced, or those of this machine, the public ones first and loopback
// last.
func (r *Relay) Addrs() []string {
	addrs := slices.DeleteFunc(r.stack.host.Addrs(), func(a ma.Multiaddr) bool { return manet.IsIP6LinkLocal(a) || !isDirect(a) })
	rank := func(a ma.Multiaddr) int {
		switch {
		case manet.IsIPLoopback(a):
			return 2
		case manet.IsPrivateAddr(a):
			return 1
		}
		return 0
	}
	slices.SortStableFunc(addrs, func(a, b ma.Multiaddr) int { return rank(a) - rank(b) })
	var out []string
	for _, a := range addrs {
		out = append(out, a.String()+"/p2p/"+r.stack.host.ID().String())
	}
	return out
}

// Public tells whether one of Addrs can be reached from the internet, as far as
// an address shows that.
func (r *Relay) Public() bool {
	return slices.ContainsFunc(r.stack.host.Addrs(), func(a ma.Multiaddr) bool {
		return isDirect(a) && (manet.IsPublicAddr(a) || has(a, ma.P_DNS) || has(a, ma.P_DNS4) || has(a, ma.P_DNS6))
	})
}

// relayListen is where a relay listens unless it is told: a machine may lack
// IPv6, but another port would be no use to those who know this one.
func relayListen() []string {
	families := []string{"/ip4/0.0.0.0"}
	if probe, err := net.Listen("tcp6", "[::]:0"); err == nil {
		probe.Close()
		families = append(families, "/ip6/::")
	}
	var listen []string
	for _, f := range families {
		listen = append(listen, fmt.Sprintf("%s/tcp/%d", f, relayPort), fmt.Sprintf("%s/udp/%d/quic-v1", f, relayPort))
	}
	return listen
}

// observerListen is the port after each one that the relay listens on; any where the
// relay was told to take any.
func observerListen(asked []string, listening []ma.Multiaddr) []string {
	var listen []string
	for _, a := range listening {
		port, err := strconv.Atoi(portOf(a))
		if err != nil {
			continue // circuitOnly
		}
		port++
		if slices.ContainsFunc(asked, func(s string) bool {
			told := ma.StringCast(s)
			return layerOf(told) == layerOf(a) && portOf(told) == "0"
		}) {
			port = 0
		}
		ip, _ := ma.SplitFirst(a)
		listen = append(listen, ip.String()+portText(a, strconv.Itoa(port)))
	}
	return listen
}

// portText is what follows the IP in an address like a with another port.
func portText(a ma.Multiaddr, port string) string {
	if layerOf(a) == "udp" {
		return "/udp/" + port + "/quic-v1"
	}
	return "/tcp/" + port
}

// announcer puts what was announced in the place of our own addresses.
func announcer(texts []string) (func([]ma.Multiaddr) []ma.Multiaddr, error) {
	var told []ma.Multiaddr
	for _, s := range texts {
		if err := ValidateAnnounce(s); err != nil {
			return nil, err
		}
		told = append(told, ma.StringCast(s))
	}
	return func(own []ma.Multiaddr) []ma.Multiaddr {
		if len(told) > 0 {
			return slices.Clone(told)
		}
		return own
	}, nil
}

// ValidateAnnounce says whether s is an address that can be announced: one that
// others can dial, without an ID.
func ValidateAnnounce(s string) error {
	addr, id, err := splitAddr(s)
	if err != nil {
		return err
	}
	if id != "" || has(addr, ma.P_P2P) {
		return fmt.Errorf("address %s to announce must not name a peer: the relay adds its ID", s)
	}
	if manet.IsIPUnspecified(addr) {
		return fmt.Errorf("address %s to announce must name one address, not all", s)
	}
	return checkDialable(s, addr)
}

func valueOf(a ma.Multiaddr, code int) string {
	v, err := a.ValueForProtocol(code)
	if err != nil {
		return ""
	}
	return v
}

// introduce tells a peer where the observer is.
func (r *Relay) introduce(s network.Stream) {
	defer s.Close()
	s.SetDeadline(time.Now().Add(introductionLimit))
	w := wire.NewWriter(s, maxBody)
	for _, a := range observerAddrs(r.observer) {
		if err := w.Write(msgObserver, []byte(a.String())); err != nil {
			s.Reset()
			return
		}
	}
}

// observerAddrs are where an observer listens, without the IP: the relay may
// not know the one that the world sees.
func observerAddrs(st *stack) []ma.Multiaddr {
	var addrs []ma.Multiaddr
	for _, a := range st.swarm.ListenAddresses() {
		port := portOf(a)
		if port == "" || !isDirect(a) {
			continue
		}
		any := "/ip4/0.0.0.0"
		if has(a, ma.P_IP6) {
			any = "/ip6/::"
		}
		addrs = append(addrs, ma.StringCast(any+portText(a, port)+"/p2p/"+st.host.ID().String()))
	}
	return ma.Unique(addrs)
}
