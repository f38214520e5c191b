package p2p

// A connection that is dialled past libp2p's swarm. The swarm merges all dials to
// one peer, waits between its addresses, stops for a while after failures, and
// never makes a second connection to somebody. A hole punch needs the opposite:
// every address, from both sides, at the same moment. And a relay shows us our address
// only for the transport over which we are connected to it.

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/core/transport"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"
)

// dialers dial with the transports themselves, and hand what comes of it to the
// swarm.
type dialers struct {
	host   host.Host
	up     transport.Upgrader
	tcp    transport.Transport // from the port that we listen on: what a hole is punched for
	free   transport.Transport // TCP from any port
	quic   transport.Transport // from the port that we listen on
	gater  connmgr.ConnectionGater
	ready  chan transport.CapableConn
	closed chan struct{}
	once   sync.Once
}

func newDialers(gater connmgr.ConnectionGater) *dialers {
	return &dialers{gater: gater, ready: make(chan transport.CapableConn), closed: make(chan struct{})}
}

// origin is the port that a connection over TCP is dialled from, and who plays
// the client in the handshake.
type origin int

const (
	fromAny    origin = iota // any port; we are the client
	fromClient               // the port that we listen on; we are the client
	fromServer               // the port that we listen on; the peer is the client
)

// dial connects to one address. Both sides of a simultaneous TCP connect have
// dialled, and one must play the server.
func (d *dialers) dial(ctx context.Context, id peer.ID, addr ma.Multiaddr, from origin) (transport.CapableConn, error) {
	return d.dialTelling(ctx, id, addr, from, nil)
}

// dialTelling also tells when TCP has a connection and the handshake begins.
func (d *dialers) dialTelling(ctx context.Context, id peer.ID, addr ma.Multiaddr, from origin, answered chan<- transport.DialUpdate) (transport.CapableConn, error) {
	if d.gater != nil && !d.gater.InterceptAddrDial(id, addr) {
		return nil, fmt.Errorf("%s is not to be dialled", addr)
	}
	with := d.quic
	switch {
	case has(addr, ma.P_CIRCUIT):
		return d.dialCircuit(ctx, id, addr)
	case has(addr, ma.P_QUIC_V1):
	case from == fromAny:
		with = d.free
	default:
		with = d.tcp
		ctx = network.WithSimultaneousConnect(ctx, from == fromClient, "rac")
	}
	if !with.CanDial(addr) {
		return nil, fmt.Errorf("%s cannot be dialled", addr)
	}
	if teller, ok := with.(transport.DialUpdater); ok {
		return teller.DialWithUpdates(ctx, addr, id, answered)
	}
	return with.Dial(ctx, addr, id)
}

// adopt gives c to the swarm, whose notifiees hear of it as of one that has come
// from outside.
func (d *dialers) adopt(c transport.CapableConn) error {
	select {
	case d.ready <- c:
		return nil
	case <-d.closed:
		c.Close()
		return errors.New("the node is closed")
	}
}

func (d *dialers) close() { d.once.Do(func() { close(d.closed) }) }

// door is the transport of relayed connections, whose one listener is always
// there. The swarm gets the adopted ones by it, too.
type door struct {
	*circuit.Client
	dialers *dialers
}

func (d *door) Listen(addr ma.Multiaddr) (transport.Listener, error) {
	l, err := d.Client.Listen(addr)
	if err != nil {
		return nil, err
	}
	both := &doorListener{Listener: l, dialers: d.dialers, accepted: make(chan accepted)}
	both.work.Go(both.pump)
	return both, nil
}

type doorListener struct {
	transport.Listener
	dialers  *dialers
	accepted chan accepted
	work     sync.WaitGroup
}

type accepted struct {
	conn transport.CapableConn
	err  error
}

func (l *doorListener) pump() {
	for {
		conn, err := l.Listener.Accept()
		select {
		case l.accepted <- accepted{conn, err}:
		case <-l.dialers.closed:
			if conn != nil {
				conn.Close()
			}
		}
		if err != nil {
			return
		}
	}
}

func (l *doorListener) Accept() (transport.CapableConn, error) {
	select {
	case a := <-l.accepted:
		return a.conn, a.err
	case conn := <-l.dialers.ready:
		return conn, nil
	case <-l.dialers.closed:
		return nil, transport.ErrListenerClosed
	}
}

func (l *doorListener) Close() error {
	l.dialers.close()
	err := l.Listener.Close()
	l.work.Wait()
	return err
}

// addCircuit is what circuit.AddTransport does, with our door.
func (st *stack) addCircuit(up transport.Upgrader) error {
	client, err := circuit.New(st.host, up)
	if err != nil {
		return err
	}
	if err := st.swarm.AddTransport(&door{client, st.dialers}); err != nil {
		return err
	}
	if err := st.swarm.Listen(circuitOnly); err != nil {
		return err
	}
	client.Start()
	st.dialers.host, st.dialers.up = st.host, up
	return nil
}

// dialCircuit dials through a relay, with a client of its own: one client lets all
// dials to a peer wait for each other, also for one through a relay that has died,
// and goes on to wait for that when ctx has ended.
func (d *dialers) dialCircuit(ctx context.Context, id peer.ID, addr ma.Multiaddr) (transport.CapableConn, error) {
	asking := &askingHost{Host: d.host, ctx: ctx}
	client, err := circuit.New(asking, d.up)
	if err != nil {
		return nil, err
	}
	conn, err := client.Dial(ctx, addr, id)
	if asking.stop != nil && !asking.stop() && err == nil {
		conn.Close()
		return nil, context.Cause(ctx)
	}
	return conn, err
}

// askingHost cuts the stream on which a relay is asked, when ctx ends.
type askingHost struct {
	host.Host
	ctx  context.Context
	stop func() bool // nil: there is no stream
}

func (h *askingHost) NewStream(ctx context.Context, id peer.ID, protos ...protocol.ID) (network.Stream, error) {
	s, err := h.Host.NewStream(ctx, id, protos...)
	if err == nil {
		h.stop = context.AfterFunc(h.ctx, func() { s.Reset() })
	}
	return s, err
}

// anyPort dials TCP from a port that the system chooses.
func anyPort(up transport.Upgrader, rm network.ResourceManager) (transport.Transport, error) {
	return tcp.NewTCPTransport(up, rm, nil, tcp.DisableReuseport())
}
