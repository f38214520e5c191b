package p2p

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// ErrUnreachable is wrapped by Dial's errors when no way leads to the target:
// nobody knows an address of it, or none of them answers.
var ErrUnreachable = errors.New("cannot be reached")

// ErrWrongPeer is wrapped, beside ErrUnreachable, when another computer than
// the target answers at one of its addresses.
var ErrWrongPeer = errors.New("another computer answers there")

// Phase is a step of Dial that a person may see.
type Phase string

const (
	Finding  Phase = "finding"  // looking for addresses
	Dialling Phase = "dialling" // trying them
	Punching Phase = "punching" // there is a relayed connection; waiting shortly for a direct one
)

type phaseKey struct{}

// WithPhases returns a context whose Dial calls report at each new phase. Calls
// do not overlap.
func WithPhases(ctx context.Context, report func(Phase)) context.Context {
	return context.WithValue(ctx, phaseKey{}, report)
}

const (
	// directGrace is what a direct connection gets before a relayed one that came
	// up sooner is taken: on a local network that is all that a login needs to
	// start on the better line.
	directGrace = 300 * time.Millisecond

	// lanSearch is how long a bare ID is looked for on the local network, and
	// lanSearchShort when addresses were given.
	lanSearch      = 5 * time.Second
	lanSearchShort = 2 * time.Second

	// linkPause is the time between two questions to a relay.
	linkPause = 500 * time.Millisecond

	// crowdedFor is how long a host is called that hangs up each time, at intervals of
	// crowdedPause to twice that. A host takes 10 calls a second from one address.
	crowdedFor   = 8 * time.Second
	crowdedPause = 150 * time.Millisecond
)

// dialing is one call of Dial.
type dialing struct {
	*Node
	id     peer.ID
	target Target

	mu     sync.Mutex
	report func(Phase)
	phase  Phase
	others int           // ways under way that are not through our own relays
	alone  chan struct{} // closed when those have ended
}

// way is one way to look for the target. It returns nil when there is a
// connection to it.
type way func(context.Context) error

// Dial connects to the target by every way that is known, all at once, and
// returns the first connection that comes up; when that one is relayed, Better
// tells when a direct one has followed. A connection that is still alive from
// before is used again, one that is dead is dropped. Dial returns when all ways
// have failed, within seconds; ctx can end it sooner.
func (n *Node) Dial(ctx context.Context, t Target) (*Conn, error) {
	id, err := decodeID(string(t.ID))
	if err != nil {
		return nil, err
	}
	if id == n.id {
		return nil, fmt.Errorf("%s is this computer itself", t.ID)
	}
	d := &dialing{Node: n, id: id, target: t, alone: make(chan struct{})}
	d.report, _ = ctx.Value(phaseKey{}).(func(Phase))
	n.prune(ctx, n.host.Network().ConnsToPeer(id), within(doubtTime))
	n.renewLinks()
	n.swarm.Backoff().Clear(id) // otherwise a dial soon after a failed one fails untried
	ways, err := d.ways()
	if err != nil {
		return nil, err
	}
	if err := d.race(ctx, ways); err != nil {
		return nil, d.explain(ctx, err)
	}
	return d.won()
}

func (d *dialing) enter(p Phase) {
	d.mu.Lock()
	defer d.mu.Unlock()
	order := []Phase{"", Finding, Dialling, Punching}
	if slices.Index(order, p) <= slices.Index(order, d.phase) {
		return
	}
	d.phase = p
	if d.report != nil {
		d.report(p)
	}
}

// ways collects what can be tried.
func (d *dialing) ways() ([]way, error) {
	direct, through, err := d.addresses()
	if err != nil {
		return nil, err
	}
	var ways []way
	d.enter(Finding)
	if len(direct) > 0 {
		ways = append(ways, func(ctx context.Context) error { return d.direct(ctx, direct) })
	}
	for _, addr := range through {
		ways = append(ways, func(ctx context.Context) error { return d.throughRelay(ctx, addr) })
	}
	if d.lan != nil {
		search := lanSearch
		if len(direct)+len(through) > 0 {
			search = lanSearchShort
		}
		ways = append(ways, func(ctx context.Context) error { return d.onLAN(ctx, search) })
	}
	for _, r := range d.meet {
		lag := d.lag(r, len(direct)+len(through) > 0)
		ways = append(ways, func(ctx context.Context) error { return d.find(ctx, r, lag) })
	}
	d.others = 1
	for i, w := range ways {
		d.others++
		ways[i] = func(ctx context.Context) error {
			defer d.otherEnded()
			return w(ctx)
		}
	}
	d.otherEnded()
	for _, link := range d.relay {
		ways = append(ways, func(ctx context.Context) error { return d.throughLink(ctx, link) })
	}
	if len(ways) == 0 {
		return nil, fmt.Errorf("%s %w: no address of it is known, there is no relay to ask, and looking on the local network and in the public one is switched off", d.target.ID.Short(), ErrUnreachable)
	}
	return ways, nil
}

// addresses returns where the target may be: as given, and as remembered from
// earlier connections of this process.
func (d *dialing) addresses() (direct, through []ma.Multiaddr, err error) {
	for _, s := range d.target.Addrs {
		addr, id, err := splitAddr(s)
		if err == nil {
			err = checkDialable(s, addr)
		}
		if err == nil && id != "" && id != d.id {
			err = fmt.Errorf("address %s is not one of %s", s, d.target.ID)
		}
		if err != nil {
			return nil, nil, err
		}
		if isDirect(addr) {
			direct = append(direct, addr)
		} else {
			through = append(through, addr)
		}
	}
	for _, addr := range d.host.Peerstore().Addrs(d.id) {
		if isDirect(addr) {
			direct = append(direct, addr)
		}
	}
	return ma.Unique(direct), through, nil
}

// race runs all ways, and returns nil when there is a direct connection, or a
// relayed one and the direct ones have had their chance.
func (d *dialing) race(ctx context.Context, ways []way) error {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(d.ctx, cancel)
	results := make(chan error, len(ways))
	var running sync.WaitGroup
	for _, w := range ways {
		running.Go(func() { results <- w(ctx) })
	}
	defer running.Wait()
	defer cancel()
	defer stop()

	var failed []error
	began := time.Now()
	var grace <-chan time.Time
	for range ways {
		select {
		case err := <-results:
			if err != nil {
				failed = append(failed, err)
				continue
			}
			if d.isDirect(d.id) {
				return nil
			}
			d.enter(Punching)
			if grace == nil {
				grace = time.After(directGrace - time.Since(began))
			}
		case <-grace:
			return nil
		}
	}
	if grace != nil {
		return nil
	}
	return errors.Join(failed...)
}

// direct dials addresses of the target itself. A host that hangs up at once is
// there, and has too many callers from this network: somebody behind the same
// carrier's NAT may be flooding it. It is called again.
func (d *dialing) direct(ctx context.Context, addrs []ma.Multiaddr) error {
	d.enter(Dialling)
	ctx = network.WithForceDirectDial(ctx, "rac")
	for began := time.Now(); ; {
		err := d.host.Connect(ctx, peer.AddrInfo{ID: d.id, Addrs: addrs})
		if err == nil || !hungUp(err) || time.Since(began) > crowdedFor {
			return err
		}
		pause := time.NewTimer(crowdedPause + rand.N(crowdedPause))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
		d.swarm.Backoff().Clear(d.id)
	}
}

func (d *dialing) onLAN(ctx context.Context, search time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, search)
	defer cancel()
	return d.lan.find(ctx, d.id, d.direct)
}

// won makes a Conn of the best connection. The round trip is measured beside what
// its user does first.
func (d *dialing) won() (*Conn, error) {
	best := d.best(d.id)
	if best == nil {
		return nil, fmt.Errorf("%s %w: %w", d.target.ID.Short(), ErrUnreachable, ErrLost)
	}
	d.remember(best)
	c, err := d.newConn(d.id, pathOf(best, 0))
	if err == nil {
		d.goWork(func() { d.measureFirst(c, best) })
	}
	return c, err
}

// best returns the connection to id that a stream is opened on: direct before relayed,
// relayed without a limit before limited; and of the direct ones, one over TCP that
// does better than QUIC.
func (n *Node) best(id peer.ID) network.Conn {
	var best network.Conn
	score := func(c network.Conn) int {
		switch {
		case c.Stat().Limited:
			return 1
		case !isDirect(c.RemoteMultiaddr()):
			return 2
		case n.preferred.has(c):
			return 4
		}
		return 3
	}
	for _, c := range n.host.Network().ConnsToPeer(id) {
		if !c.IsClosed() && (best == nil || score(c) > score(best)) {
			best = c
		}
	}
	return best
}

// isDirect tells whether the best connection to id is direct.
func (n *Node) isDirect(id peer.ID) bool {
	c := n.best(id)
	return c != nil && isDirect(c.RemoteMultiaddr())
}
