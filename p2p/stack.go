package p2p

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/core/transport"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/libp2p/go-libp2p/p2p/host/observedaddrs"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore/pstoremem"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	quictransport "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/quic-go/quic-go"
)

// stack is libp2p, put together by hand. libp2p.New would bring WebRTC,
// WebTransport, WebSocket, a dependency injector and Prometheus along, for 5 MB
// of program and as much memory that rac has no use for.
type stack struct {
	host     *basichost.BasicHost
	swarm    *swarm.Swarm
	quic     *quicreuse.ConnManager
	observed *observedaddrs.Manager
	dns      *resolver
	shakes   *crowd  // TCP handshakes under way
	callers  *crowd  // who has connected to this host or relay
	budget   *budget // of a host or a relay
	dialers  *dialers
	router   *router // nil: ports are not to be forwarded
}

// testOptions are what a test of this package can turn.
type testOptions struct {
	gater   connmgr.ConnectionGater
	improve time.Duration // first pause between attempts at a direct connection; 0: improvePause

	silence time.Duration // of a relay that a session leads through; 0: silentTime

	anywhere bool // addresses that are not public are left and taken at a rendezvous
}

const (
	acceptTimeout = 5 * time.Second // for a stranger's handshake; libp2p's own is 15 s
	negotiateTime = 10 * time.Second
)

// newStack starts libp2p and listens.
func newStack(o Options) (st *stack, err error) {
	listen, err := listenOn(o)
	if err != nil {
		return nil, err
	}
	var undo []func() error
	defer func() {
		if err != nil {
			for _, f := range slices.Backward(undo) {
				f()
			}
			st, err = nil, fmt.Errorf("p2p: %w", err)
		}
	}()
	relays, err := parseRelays(o.Relays)
	if err != nil {
		return nil, err
	}
	rm, err := newResourceManager(boundsOf(o.Role))
	if err != nil {
		return nil, err
	}
	undo = append(undo, rm.Close)
	st = &stack{dns: &resolver{}, shakes: newCrowd(boundsOf(o.Role).shakes), callers: newCrowd(maxCallers), dialers: newDialers(o.testing.gater)}
	if o.guests != nil {
		st.callers = o.guests
	}
	if o.Role == Host || o.guests != nil {
		st.budget = newBudget(rm, o.Role, st.callers, friendsOf(o.Known, relays))
		rm = st.budget
	}
	peers, err := pstoremem.NewPeerstore()
	if err != nil {
		return nil, err
	}
	undo = append(undo, peers.Close)
	if err = errors.Join(peers.AddPrivKey(o.Identity.id, o.Identity.key), peers.AddPubKey(o.Identity.id, o.Identity.key.GetPublic())); err != nil {
		return nil, err
	}
	bus := eventbus.NewBus()
	if st.quic, err = newQUIC(o.Identity, rm); err != nil {
		return nil, err
	}
	undo = append(undo, st.quic.Close)
	if st.swarm, err = swarm.NewSwarm(o.Identity.id, peers, bus, swarmOptions(o, rm, st.dns)...); err != nil {
		return nil, err
	}
	undo = append(undo, st.swarm.Close)
	up, err := addTransports(st, o, relays, rm)
	if err != nil {
		return nil, err
	}
	if st.observed, err = observedaddrs.NewManager(bus, st.swarm); err != nil {
		return nil, err
	}
	undo = append(undo, st.observed.Close)
	hostOpts := &basichost.HostOpts{EventBus: bus, EnablePing: true, UserAgent: "rac", ProtocolVersion: "rac/1",
		NegotiationTimeout: negotiateTime, ObservedAddrsManager: st.observed, AddrsFactory: o.announced}
	if o.Public && o.Role == Host {
		hostOpts.NATManager = func(n network.Network) basichost.NATManager {
			st.router = newRouter(n, [12]byte(o.Identity.Secret("rac pcp nonce v1")))
			return st.router
		}
	}
	if st.host, err = basichost.NewHost(st.swarm, hostOpts); err != nil {
		return nil, err
	}
	undo = append(undo, st.host.Close)
	if err = st.addCircuit(up); err != nil {
		return nil, err
	}
	if err = listen(st.swarm); err != nil {
		return nil, err
	}
	st.observed.Start(st.swarm)
	st.host.Start()
	return st, nil
}

// close ends what newStack has started, in reverse.
func (st *stack) close() error {
	return errors.Join(st.host.Close(), st.observed.Close(), st.quic.Close())
}

// swarmOptions leave out libp2p's black hole detector: after some dials that
// fail it stops trying UDP or IPv6 at all, and rac's few dials are all meant.
func swarmOptions(o Options, rm network.ResourceManager, dns network.MultiaddrDNSResolver) []swarm.Option {
	opts := []swarm.Option{swarm.WithResourceManager(rm), swarm.WithDialRanker(rank), swarm.WithMultiaddrResolver(dns),
		swarm.WithUDPBlackHoleSuccessCounter(nil), swarm.WithIPv6BlackHoleSuccessCounter(nil)}
	if o.testing.gater != nil {
		opts = append(opts, swarm.WithConnectionGater(o.testing.gater))
	}
	return opts
}

// addTransports adds TCP, with TLS 1.3 or Noise and yamux over it, and QUIC.
func addTransports(st *stack, o Options, relays []*relayLink, rm network.ResourceManager) (transport.Upgrader, error) {
	muxers := []upgrader.StreamMuxer{{ID: yamux.ID, Muxer: newWindows(o, relays)}}
	tlsTransport, err := libp2ptls.New(libp2ptls.ID, o.Identity.key, muxers)
	if err != nil {
		return nil, err
	}
	noiseTransport, err := noise.New(noise.ID, o.Identity.key, muxers)
	if err != nil {
		return nil, err
	}
	inner, err := upgrader.New([]sec.SecureTransport{tlsTransport, noiseTransport}, muxers, nil, rm, o.testing.gater,
		upgrader.WithAcceptTimeout(acceptTimeout))
	if err != nil {
		return nil, err
	}
	up := &countingUpgrader{&pacingUpgrader{inner}, st.shakes}
	overTCP, err := tcp.NewTCPTransport(up, rm, nil)
	if err != nil {
		return nil, err
	}
	overUDP, err := quictransport.NewTransport(o.Identity.key, st.quic, nil, o.testing.gater, rm)
	if err != nil {
		return nil, err
	}
	st.dialers.tcp, st.dialers.quic = overTCP, overUDP
	if st.dialers.free, err = anyPort(up, rm); err != nil {
		return nil, err
	}
	return up, errors.Join(st.swarm.AddTransport(overTCP), st.swarm.AddTransport(overUDP))
}

// newQUIC counts a stranger's connection against the limits before its
// handshake, and makes him prove his address when many come.
func newQUIC(id *Identity, rm network.ResourceManager) (*quicreuse.ConnManager, error) {
	var reset quic.StatelessResetKey
	var token quic.TokenGeneratorKey
	copy(reset[:], id.Secret("rac quic stateless reset v1"))
	copy(token[:], id.Secret("rac quic token v1"))
	return quicreuse.NewConnManager(reset, token,
		quicreuse.ConnContext(func(ctx context.Context, info *quic.ClientInfo) (context.Context, error) {
			addr, err := quicreuse.ToQuicMultiaddr(info.RemoteAddr, quic.Version1)
			if err != nil {
				addr = nil // the limits are counted without it
			}
			scope, err := rm.OpenConnection(network.DirInbound, false, addr)
			if err != nil {
				return ctx, err
			}
			ctx = network.WithConnManagementScope(ctx, scope)
			context.AfterFunc(ctx, scope.Done)
			return ctx, nil
		}),
		quicreuse.VerifySourceAddress(func(addr net.Addr) bool { return rm.VerifySourceAddress(addr) }))
}
