package p2p

// The dials of a hole punch: which there are, and what becomes of them.

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/transport"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// A SYN that was too early is repeated after a second, a QUIC packet after a
// third of one: what has not come through by then does not.
const knockTime = 2500 * time.Millisecond

// knock dials all addresses at once and adopts the first connection that comes
// of it. It returns nil also when the peer's dial has come in here.
//
// The dials over TCP from the port that the hole is for go on after another has won.
// What comes of one is the way back when UDP is blocked later. And if it were broken
// off, the peer's first packet could arrive afterwards at the port that still listens,
// where it stays half open for a minute; for so long no second hole can be punched.
func (p *puncher) knock(ctx context.Context, id peer.ID, theirs meet, addrs []ma.Multiaddr, role origin) error {
	if len(addrs) == 0 {
		return errors.New("the other side has told no address")
	}
	ctx, cancel := context.WithTimeout(ctx, knockTime)
	defer cancel()
	longer, end := context.WithTimeout(p.node.ctx, knockTime)
	lag := tcpLag
	if theirs.UDP == NATBlocked || p.node.NAT().UDP == NATBlocked {
		lag = 0
	}
	all := knocks(addrs, role, lag)
	results := make(chan knocked, len(all))
	for _, k := range all {
		within := ctx
		if k.from != fromAny {
			within = longer
		}
		go func() {
			rest(within, k.after, nil)
			conn, err := p.knockAt(within, id, k)
			results <- knocked{conn, err}
		}()
	}
	left, err := p.firstOf(ctx, len(all), results)
	if err != nil && !p.node.isDirect(id) {
		end()
	}
	after := func() {
		defer end()
		for range left {
			if r := <-results; r.err == nil {
				p.keepSpare(id, r.conn)
			}
		}
	}
	if !p.node.goWork(after) {
		after() // the node's end has ended them
	}
	return err
}

// knocked is what has come of one dial.
type knocked struct {
	conn transport.CapableConn
	err  error
}

// firstOf adopts the first connection of so many dials, and returns how many are
// left: when it is there, or ctx has ended.
func (p *puncher) firstOf(ctx context.Context, dials int, results <-chan knocked) (left int, err error) {
	var failed []error
	for left = dials; left > 0; {
		select {
		case r := <-results:
			left--
			if r.err == nil {
				r.err = p.node.dialers.adopt(r.conn)
			}
			if r.err == nil {
				return left, nil
			}
			failed = append(failed, r.err)
		case <-ctx.Done():
			return left, errors.Join(append(failed, ctx.Err())...)
		}
	}
	return 0, errors.Join(failed...)
}

// keepSpare takes a connection that is not the first, if there is none over its
// transport.
func (p *puncher) keepSpare(id peer.ID, c transport.CapableConn) {
	same := func(o network.Conn) bool {
		return layerOf(o.RemoteMultiaddr()) == layerOf(c.RemoteMultiaddr()) && isDirect(o.RemoteMultiaddr())
	}
	if !p.node.isDirect(id) || slices.ContainsFunc(p.node.host.Network().ConnsToPeer(id), same) {
		c.Close()
		return
	}
	p.node.dialers.adopt(c)
}

// serverTime is how long the side that is to play the server waits for the other
// to play the client.
const serverTime = 1200 * time.Millisecond

// knockAt dials once; as the server, then again as the client. If our first packet came
// in before the peer had dialled, no hole was needed: the peer has taken a call, and
// plays the server itself.
func (p *puncher) knockAt(ctx context.Context, id peer.ID, k knocking) (transport.CapableConn, error) {
	if k.from == fromServer {
		first, cancel := context.WithTimeout(ctx, serverTime)
		defer cancel()
		if conn, err := p.node.dialers.dial(first, id, k.addr, k.from); err == nil || ctx.Err() != nil {
			return conn, err
		}
		k.from = fromClient
	}
	return p.node.dialers.dial(ctx, id, k.addr, k.from)
}

// knocking is one dial of a punch.
type knocking struct {
	addr  ma.Multiaddr
	from  origin
	after time.Duration
}

// tcpLag is what QUIC gets ahead of TCP where both can come through: in QUIC a lost
// packet holds up nothing but its own stream.
const tcpLag = 100 * time.Millisecond

// knocks are the dials to addrs. Over TCP there are two to each: one from the
// port that the hole is for, whose role the two sides have shared out, and one
// as a plain client from another port, which a peer that anybody can reach takes
// whatever our own NAT does to the first. On a network of our own the plain one
// is enough, and TCP goes first as in rank.
func knocks(addrs []ma.Multiaddr, role origin, lag time.Duration) []knocking {
	var all []knocking
	own, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		switch near := !manet.IsPublicAddr(a) || onLink(a, own); {
		case near:
			all = append(all, knocking{a, fromAny, nearDelay(a)})
		case has(a, ma.P_QUIC_V1):
			all = append(all, knocking{a, fromAny, 0})
		default:
			all = append(all, knocking{a, role, lag}, knocking{a, fromAny, lag})
		}
	}
	return all
}
