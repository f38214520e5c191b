package p2p

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/transport"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/wire"
)

// A host holds a reservation on each of its relays, a connector a connection:
// by it both learn their own public address, which a hole punch needs. libp2p's
// AutoRelay is not used: it starts only when the node counts as unreachable,
// waits minutes before its first try and an hour after a failed one, and leaves
// a relay inside a LAN out. A reservation is one message; this loop sends it.

const (
	relayTimeout = 10 * time.Second       // for a connection
	reserveTime  = 5 * time.Second        // for a reservation
	relayPing    = 10 * time.Second       // between two looks at a relay that nobody uses
	relaySilence = 5 * time.Second        // it has died, if it says nothing for so long then; one that is late has much to do
	relayBusy    = 2 * time.Second        // between two looks while a session runs
	relayHeard   = 500 * time.Millisecond // the same while one leads through the relay and packets are counted: none has come in
	otherTime    = 2 * time.Second        // for the other transport when one is up: then it is blocked
	renewEarly   = 5 * time.Minute        // relays grant an hour
	renewSoonest = 5 * time.Second        // whatever a relay grants
)

// relayLink is the line to one relay.
type relayLink struct {
	info peer.AddrInfo
	lost chan struct{} // holds a token when the connection has gone
	kick chan struct{} // holds a token when somebody wants it up now

	mu       sync.Mutex
	up       bool
	err      error          // of the last attempt
	tries    int            // attempts that have ended
	without  string         // "udp": it answers, but not over that
	watcher  peer.ID        // the relay's observer, when it has named one
	sidelong []ma.Multiaddr // where it is over QUIC
	looked   time.Time      // there, on request
	changed  chan struct{}  // closed and replaced with every change
}

// parseRelays puts addresses of the same relay together.
func parseRelays(texts []string) ([]*relayLink, error) {
	var links []*relayLink
	for _, s := range texts {
		info, err := parseRelay(s)
		if err != nil {
			return nil, err
		}
		if known := linkOf(links, info.ID); known != nil {
			known.info.Addrs = append(known.info.Addrs, info.Addrs...)
			continue
		}
		links = append(links, &relayLink{info: info, lost: make(chan struct{}, 1), kick: make(chan struct{}, 1), changed: make(chan struct{})})
	}
	return links, nil
}

func linkOf(links []*relayLink, id peer.ID) *relayLink {
	for _, l := range links {
		if l.info.ID == id {
			return l
		}
	}
	return nil
}

func (l *relayLink) id() wire.PeerID { return wire.PeerID(l.info.ID.String()) }

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
	type result struct {
		addr ma.Multiaddr
		conn transport.CapableConn
		err  error
	}
	results := make(chan result)
	for _, addr := range addrs {
		go func() {
			conn, err := n.dialers.dialTelling(ctx, l.info.ID, addr, fromClient, a.answered)
			results <- result{addr, conn, err}
		}()
	}
	var failed error
	up := map[string]bool{}
	tried := map[string]bool{}
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

// lacks notes on which transport the relay has not answered.
func (l *relayLink) lacks(tried, up map[string]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.without = ""
	if tried["udp"] && !up["udp"] {
		l.without = "udp"
	}
}

// noUDP tells whether the relay answers, but not over UDP.
func (l *relayLink) noUDP() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up && l.without == "udp"
}

// shortDial leaves of libp2p's list of failures the reason of the first.
func shortDial(err error) error { return shortest(flatten(err)[0]) }

// watch returns when the relay is lost or the reservation must be renewed.
func (n *Node) watch(l *relayLink, renew time.Duration) {
	due := time.NewTimer(renew)
	defer due.Stop()
	alive := time.NewTicker(relayPing)
	defer alive.Stop()
	busy := time.NewTicker(relayHeard)
	defer busy.Stop()
	var heard ear
	var asked time.Time
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
			silent, rest := heard.silent(n.host.Network().ConnsToPeer(l.info.ID))
			if n.relaysNow(l.info.ID) {
				n.prune(n.ctx, silent, whileHeard(silentTime, loadedTime))
			} else {
				rest = append(rest, silent...)
			}
			if n.busy() && time.Since(asked) >= relayBusy {
				asked = time.Now()
				n.prune(n.ctx, rest, whileHeard(loadedTime, loadedTime))
			}
		case <-changed:
			changed = n.changed()
			n.lookAround(l, within(doubtTime))
			n.goWork(func() { n.lookSidelong(l) })
		case <-n.ctx.Done():
			return
		}
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

func (l *relayLink) set(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.up, l.err = err == nil, err
	l.tries++
	close(l.changed)
	l.changed = make(chan struct{})
}

// wait returns nil when the link is up, and the error of the next attempt when
// that fails.
func (l *relayLink) wait(ctx context.Context) error {
	first := -1
	for {
		l.mu.Lock()
		up, err, tries, changed := l.up, l.err, l.tries, l.changed
		l.mu.Unlock()
		if first < 0 {
			first = tries
		}
		if up {
			return nil
		}
		if tries > first && !errors.Is(err, ErrLost) {
			return err
		}
		offer(l.kick)
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
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

func (l *relayLink) isUp() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up
}

// circuitVia is the way through a relay at addr; nil: wherever it is known to
// be.
func circuitVia(relay peer.ID, addr ma.Multiaddr) ma.Multiaddr {
	return ma.Join(addr, ma.StringCast(fmt.Sprintf("/p2p/%s/p2p-circuit", relay)))
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

// offer puts a token into a channel that holds one, unless it has it.
func offer(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// rest waits for d, a token in wake, or the end of ctx.
func rest(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-wake:
	case <-ctx.Done():
	}
}
