package p2p

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

const (
	// punchDial bounds the plain dial before a punch. Behind a NAT it always
	// fails, and libp2p's own 10 s would be lost each time.
	punchDial = 2 * time.Second

	// A punch takes two that are ready: a connector that dials through a relay
	// before its own side is would be asked once, refuse, and never be asked
	// again.
	punchReady = 3 * time.Second

	// libp2p tries to punch when a relayed connection arrives, three times, and
	// then never again; NATs and networks change.
	repunchPause    = 30 * time.Second
	improvePause    = 5 * time.Second
	betterPauseMax  = 10 * time.Minute
	observedPoll    = 20 * time.Millisecond // observed addresses are noted shortly after a peer has told them
	observedPolls   = 10
	directDialLimit = 5 * time.Second
)

// puncher owns libp2p's hole punching (DCUtR). Its service is started only when
// we know a public address of ours: started earlier, it looks for one itself,
// ever more seldom, and comes up to 5 s late.
type puncher struct {
	node  *Node
	ready chan struct{} // closed when the service runs
	sub   event.Subscription
	work  sync.WaitGroup

	mu      sync.Mutex
	service *holepunch.Service
	busy    map[peer.ID]chan struct{} // wakes the goroutine that repeats punches for a peer
}

func startPuncher(n *Node) (*puncher, error) {
	sub, err := n.host.EventBus().Subscribe([]any{new(event.EvtPeerIdentificationCompleted), new(event.EvtLocalAddressesUpdated)})
	if err != nil {
		return nil, err
	}
	p := &puncher{node: n, ready: make(chan struct{}), sub: sub, busy: map[peer.ID]chan struct{}{}}
	p.work.Go(p.run)
	return p, nil
}

// run waits for a first public address: one of an interface, or one that a peer
// has told us when it identified itself. It takes events without delay: libp2p
// stops all that follows an identification until they are taken.
func (p *puncher) run() {
	defer p.sub.Close()
	looks := observedPolls
	poll := time.NewTicker(observedPoll)
	defer poll.Stop()
	for {
		select {
		case <-p.sub.Out():
			looks = observedPolls
			poll.Reset(observedPoll)
		case <-poll.C:
			if len(p.publicAddrs()) > 0 {
				p.start()
				return
			}
			if looks--; looks == 0 {
				poll.Stop()
			}
		case <-p.node.ctx.Done():
			return
		}
	}
}

func (p *puncher) start() {
	service, err := holepunch.NewService(p.node.host, p.node.host.IDService(), p.publicAddrs, holepunch.DirectDialTimeout(punchDial))
	if err != nil {
		p.node.log.Warn("no hole punching", "error", err)
		return
	}
	p.mu.Lock()
	p.service = service
	p.mu.Unlock()
	// The service registers its protocol in a goroutine of its own, at once.
	for !slices.Contains(p.node.host.Mux().Protocols(), holepunch.Protocol) && p.node.ctx.Err() == nil {
		rest(p.node.ctx, time.Millisecond, nil)
	}
	close(p.ready)
}

func (p *puncher) close() {
	p.work.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.service != nil {
		p.service.Close()
	}
}

// publicAddrs are the addresses to punch from; one observer is enough.
func (p *puncher) publicAddrs() []ma.Multiaddr {
	addrs := append(p.node.host.AllAddrs(), p.node.observed.Addrs(1)...)
	return slices.DeleteFunc(ma.Unique(addrs), func(a ma.Multiaddr) bool { return !manet.IsPublicAddr(a) })
}

// waitReady waits until a punch through relay can succeed. A relay on our own
// network shows us no public address: there is nothing to wait for.
func (p *puncher) waitReady(ctx context.Context, relay peer.ID) {
	if !p.node.relayIsPublic(relay) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, punchReady)
	defer cancel()
	select {
	case <-p.ready:
	case <-ctx.Done():
		return
	}
	// After a change of relay or address what we knew is gone, and the new
	// address is noted a moment after the relay has told it.
	for i := 0; i < observedPolls && len(p.publicAddrs()) == 0; i++ {
		rest(ctx, observedPoll, nil)
	}
}

// relayed is told of each relayed connection, and when one is all that is left.
// Of those that came to us, libp2p lets us begin the punch; we repeat it while
// there is no direct one. A stranger who comes again and again does not get a
// goroutine each time.
func (p *puncher) relayed(c network.Conn) {
	if c.Stat().Direction != network.DirInbound {
		return
	}
	id := c.RemotePeer()
	p.mu.Lock()
	defer p.mu.Unlock()
	if wake := p.busy[id]; wake != nil {
		offer(wake)
		return
	}
	wake := make(chan struct{}, 1)
	if p.node.goWork(func() { p.repeat(id, wake) }) {
		p.busy[id] = wake
	}
}

// repeat punches while the only connections to the peer are relayed.
func (p *puncher) repeat(id peer.ID, wake <-chan struct{}) {
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.busy, id)
	}()
	select {
	case <-p.ready:
	case <-p.node.ctx.Done():
	}
	for pause := repunchPause; p.node.ctx.Err() == nil; pause = min(2*pause, betterPauseMax) {
		c := p.node.best(id)
		if c == nil || isDirect(c.RemoteMultiaddr()) {
			return
		}
		p.punch(c)
		if best := p.node.best(id); best == nil || isDirect(best.RemoteMultiaddr()) {
			return
		}
		rest(p.node.ctx, pause, wake)
	}
}

// punch tries once. Before, it waits for what the peer says of itself: one with
// a public address needs a call, not a punch.
func (p *puncher) punch(c network.Conn) {
	select {
	case <-p.node.host.IDService().IdentifyWait(c):
	case <-p.node.ctx.Done():
		return
	}
	err := p.service.DirectConnect(c.RemotePeer())
	if err != nil && !errors.Is(err, holepunch.ErrHolePunchActive) {
		p.node.log.Debug("no hole punched", "peer", c.RemotePeer(), "error", err)
	}
}

// improve tries, from the side that dialled, to reach the peer of a relayed
// Conn directly: at the addresses that it has told us over the relay, and on
// the local network. The other half, the punch, begins at the peer.
func (n *Node) improve(c *Conn) {
	pause := n.tests.improve
	if pause == 0 {
		pause = improvePause
	}
	ctx, cancel := context.WithCancel(n.ctx)
	defer cancel()
	for ; ctx.Err() == nil; pause = min(2*pause, betterPauseMax) {
		n.tryDirect(ctx, c)
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-c.better:
			cancel()
		case <-c.done:
			cancel()
		case <-ctx.Done():
		}
		wait.Stop()
	}
}

func (n *Node) tryDirect(ctx context.Context, c *Conn) {
	ctx, cancel := context.WithTimeout(network.WithForceDirectDial(ctx, "rac"), directDialLimit)
	defer cancel()
	dial := func(ctx context.Context, addrs []ma.Multiaddr) error {
		n.swarm.Backoff().Clear(c.id)
		return n.host.Connect(ctx, peer.AddrInfo{ID: c.id, Addrs: addrs})
	}
	var err error
	if slices.ContainsFunc(n.host.Peerstore().Addrs(c.id), isDirect) {
		err = dial(ctx, nil)
	} else if n.lan != nil {
		err = n.lan.find(ctx, c.id, dial)
	}
	if err != nil {
		n.log.Debug("still relayed", "peer", c.id, "error", err)
	}
}

func isPublicDirect(c network.Conn) bool {
	return isDirect(c.RemoteMultiaddr()) && manet.IsPublicAddr(c.RemoteMultiaddr())
}
