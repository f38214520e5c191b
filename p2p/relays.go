package p2p

// The lines to the user's own relays (relay_reach.go dials one, relay_link.go is what
// is known of it). A host holds a reservation on each of its relays, a connector a
// connection: by it both learn their own public address, which a hole punch needs.
// libp2p's AutoRelay is not used: it starts only when the node counts as unreachable,
// waits minutes before its first try and an hour after a failed one, and never uses
// a relay inside a LAN. A reservation is one message; this loop sends it.

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	ma "github.com/multiformats/go-multiaddr"
)

const (
	relayTimeout = 10 * time.Second       // for a connection
	reserveTime  = 5 * time.Second        // for a reservation
	relayPing    = 10 * time.Second       // between two looks at a relay that nobody uses
	relaySilence = 5 * time.Second        // without a packet after such a look: it has died; a late answer alone says that it is busy
	relayBusy    = 2 * time.Second        // between two looks while a session runs
	relayHeard   = 500 * time.Millisecond // without a packet, while a session leads through the relay: it is asked
	otherTime    = 2 * time.Second        // for the other transport when one is up; later than that it counts as blocked
	renewEarly   = 5 * time.Minute        // relays grant an hour
	renewSoonest = 5 * time.Second        // whatever a relay grants
)

func (n *Node) startRelays() {
	for _, l := range n.relay {
		n.host.Peerstore().AddAddrs(l.info.ID, l.info.Addrs, peerstore.PermanentAddrTTL)
		n.work.Go(func() { n.keep(l) })
	}
}

// keep holds the line to a relay until the node closes.
func (n *Node) keep(l *relayLink) {
	attempts := newAttempts()
	limit := relayTimeout // for the very first, which a Dial waits for
	for n.ctx.Err() == nil {
		began, changed := time.Now(), n.changed()
		renew, err := n.joinRelay(l, limit)
		l.set(err)
		if err != nil {
			var due time.Time
			due, limit = attempts.next(began, err)
			n.log.Debug("relay not reached", "relay", l.id().Short(), "error", err)
			select {
			case <-changed:
				attempts = newAttempts()
			case <-l.kick:
			case <-time.After(time.Until(due)):
			case <-n.ctx.Done():
			}
			continue
		}
		n.log.Debug("relay reached", "relay", l.id().Short())
		n.goWork(func() { n.meetObserver(l) })
		n.watch(l, renew)
		attempts, limit = newAttempts(), attemptPause
	}
}

// joinRelay connects to the relay and, on a host, reserves a place there. It
// returns when the reservation must be renewed. For a relay that does not answer
// it waits no longer than limit; a connection that comes up later is there for the
// next attempt.
func (n *Node) joinRelay(l *relayLink, limit time.Duration) (renew time.Duration, err error) {
	select {
	case <-l.lost: // what was lost before this attempt
	default:
	}
	n.swarm.Backoff().Clear(l.info.ID)
	if err := n.reach(l, limit); err != nil {
		return 0, err
	}
	if n.role == Connector {
		return time.Duration(1<<63 - 1), nil
	}
	ctx, cancel := context.WithTimeout(n.ctx, reserveTime)
	defer cancel()
	granted, err := circuit.Reserve(ctx, n.host, peer.AddrInfo{ID: l.info.ID})
	if err != nil {
		return 0, err
	}
	left := time.Until(granted.Expiration)
	return max(left-renewEarly, left/2, renewSoonest), nil
}

// lookAround finds out whether the relay still answers, and how it sees us.
func (n *Node) lookAround(l *relayLink, limit bound) {
	var work sync.WaitGroup
	conns := n.host.Network().ConnsToPeer(l.info.ID)
	if id := l.observer(); id != "" {
		conns = append(conns, n.host.Network().ConnsToPeer(id)...)
	}
	for _, c := range conns {
		work.Go(func() {
			ctx, cancel := limit(n.ctx, c)
			defer cancel()
			at := lineOf(c)
			at.outdated = n.outdated.has(c)
			if err := n.look(ctx, at); err != nil && n.ctx.Err() == nil {
				n.log.Debug("dead connection closed", "peer", c.RemotePeer(), "addr", c.RemoteMultiaddr(), "error", err)
				c.Close()
			}
		})
	}
	work.Wait()
}

// watch returns when the relay is lost or the reservation must be renewed.
func (n *Node) watch(l *relayLink, renew time.Duration) {
	due := time.NewTimer(renew)
	defer due.Stop()
	alive := time.NewTicker(relayPing)
	defer alive.Stop()
	busy := time.NewTicker(relayHeard)
	defer busy.Stop()
	var use inUse
	changed := n.changed()
	for {
		select {
		case <-due.C:
			return
		case <-l.lost:
			l.set(ErrLost)
			return
		case <-alive.C:
			n.goWork(func() {
				n.lookAround(l, whileHeard(relaySilence, lateTime))
				n.revisit(l)
			})
		case <-busy.C:
			use.check(n, l)
		case <-changed:
			changed = n.changed()
			n.lookAround(l, within(doubtTime))
			n.goWork(func() { n.lookSometime(l) })
		case <-n.ctx.Done():
			return
		}
	}
}

// inUse looks at the connections to a relay while a session runs.
type inUse struct {
	heard ear
	asked time.Time // when it last asked where it cannot hear
}

// check closes the connections that are dead. Where a session leads through the relay,
// one that falls silent is asked at once; all others are asked each relayBusy.
func (u *inUse) check(n *Node, l *relayLink) {
	silent, others := u.heard.silent(n.host.Network().ConnsToPeer(l.info.ID))
	if n.relaysNow(l.info.ID) {
		n.prune(n.ctx, silent, whileHeard(cmp.Or(n.tests.silence, silentTime), loadedTime))
	} else {
		others = append(others, silent...)
	}
	if n.busy() && time.Since(u.asked) >= relayBusy {
		u.asked = time.Now()
		n.prune(n.ctx, others, whileHeard(loadedTime, loadedTime))
	}
}

// doubt is told when a Conn was closed. Mostly that is the end; but when it is
// followed by another Dial, the line was lost, and often so because this computer
// has got another address.
func (n *Node) doubt() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.doubted = true
}

// renewLinks connects a connector to its relays anew after a loss. A connection
// over QUIC outlives a change of address, and then no relay tells us the new
// one: we would offer the old one for hole punching for as long as it lasts.
func (n *Node) renewLinks() {
	n.mu.Lock()
	doubted := n.doubted && n.role == Connector
	n.doubted = false
	n.mu.Unlock()
	if !doubted {
		return
	}
	for _, l := range n.relay {
		if l.isUp() {
			l.set(ErrLost)
			n.host.Network().ClosePeer(l.info.ID)
		}
	}
}

// relayLost is told of every peer to whom the last connection has gone.
func (n *Node) relayLost(id peer.ID) {
	n.borrowed.lost(id)
	if l := linkOf(n.relay, id); l != nil {
		offer(l.lost)
	}
}

// circuits are the addresses under which this host is reached through its
// relays.
func (n *Node) circuits() []ma.Multiaddr {
	var addrs []ma.Multiaddr
	if n.role != Host {
		return nil
	}
	for _, l := range n.relay {
		if !l.isUp() {
			continue
		}
		for _, a := range l.info.Addrs {
			addrs = append(addrs, circuitVia(l.info.ID, a))
		}
	}
	return append(addrs, n.borrowed.circuits()...)
}

// relayIsPublic tells whether a relay can show us our own public address.
func (n *Node) relayIsPublic(id peer.ID) bool {
	for _, c := range n.host.Network().ConnsToPeer(id) {
		if isPublicDirect(c) {
			return true
		}
	}
	return false
}
