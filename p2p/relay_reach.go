package p2p

// How a relay is dialled: over each transport at once.

import (
	"context"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/transport"
	ma "github.com/multiformats/go-multiaddr"
)

// reach connects to the relay over QUIC and TCP at once, and keeps what comes up
// first. From the other it learns only how we are seen over that: without it no
// hole can be punched to somebody whose network blocks UDP.
func (n *Node) reach(l *relayLink, limit time.Duration) error {
	if n.best(l.info.ID) != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(n.ctx, limit)
	defer cancel()
	addrs, err := n.dns.resolveAll(ctx, l.info)
	if err != nil {
		return err
	}
	a := newAttempt()
	if !n.goWork(func() { n.reachAll(l, addrs, a) }) {
		return ErrLost
	}
	return a.wait(n.ctx, limit)
}

// reachAll dials all addresses, and says how it went as soon as that can be told.
func (n *Node) reachAll(l *relayLink, addrs []ma.Multiaddr, a *attempt) {
	ctx, cancel := context.WithTimeout(n.ctx, relayTimeout)
	defer cancel()
	results := n.dialEach(ctx, l.info.ID, addrs, a.answered)
	var failed error
	up, tried := map[string]bool{}, map[string]bool{} // by layer
	for range addrs {
		r := <-results
		layer := layerOf(r.addr)
		tried[layer] = true
		switch {
		case r.err != nil:
			if failed == nil {
				failed = fmt.Errorf("%s: %w", r.addr, shortest(r.err))
			}
			continue
		case len(up) == 0:
			if n.admit(ctx, r.conn) {
				up[layer] = true
				a.first <- nil
				late := time.AfterFunc(n.otherTime(layer), cancel)
				defer late.Stop()
			}
		default:
			if !up[layer] {
				n.look(ctx, rawLineOf(r.conn))
			}
			up[layer] = true
			r.conn.Close()
		}
	}
	if len(up) == 0 {
		a.first <- failed
		return
	}
	l.lacks(tried, up)
}

// reached is what has come of the dial to one address.
type reached struct {
	addr ma.Multiaddr
	conn transport.CapableConn
	err  error
}

// dialEach dials all addresses at once; each has one result, which must be taken.
func (n *Node) dialEach(ctx context.Context, id peer.ID, addrs []ma.Multiaddr, answered chan<- transport.DialUpdate) <-chan reached {
	results := make(chan reached)
	for _, addr := range addrs {
		go func() {
			conn, err := n.dialers.dialTelling(ctx, id, addr, fromClient, answered)
			results <- reached{addr, conn, err}
		}()
	}
	return results
}

// otherTime is how long the other transport gets when one is up. A host stops
// the rest where QUIC has won: the relay would send callers over a connection that
// is to be closed, and its observer tells the host the rest.
func (n *Node) otherTime(won string) time.Duration {
	if n.role == Host && won == "udp" {
		return 0
	}
	return otherTime
}

// admit hands a connection to the swarm and waits until it is there.
func (n *Node) admit(ctx context.Context, c transport.CapableConn) bool {
	if n.dialers.adopt(c) != nil {
		return false
	}
	for n.best(c.RemotePeer()) == nil && ctx.Err() == nil {
		rest(ctx, time.Millisecond, nil)
	}
	return ctx.Err() == nil
}

// shortDial leaves of libp2p's list of failures the reason of the first.
func shortDial(err error) error { return shortest(flatten(err)[0]) }
