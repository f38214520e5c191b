package p2p

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	ma "github.com/multiformats/go-multiaddr"
)

// A host without a relay of its own holds a place on two relays of strangers, which it
// meets at the public rendezvous. By libp2p's defaults a connection through them ends
// after 128 KiB or two minutes: enough to punch a hole, not for a picture.

const (
	borrowedRelays = 2
	borrowAtOnce   = 4
	borrowTimeout  = 5 * time.Second
)

var errNothingToTell = errors.New("this computer has no public address, and no relay has taken it")

// lacksRelays tells whether a host has no relay of its own that works, and
// fewer of strangers than it should have.
func (n *Node) lacksRelays() bool {
	return !slices.ContainsFunc(n.relay, (*relayLink).isUp) && n.borrowed.wanted()
}

// borrowed are the places that strangers give us.
type borrowed struct {
	mu     sync.Mutex
	places map[peer.ID]place
}

// place is a reservation.
type place struct {
	at    ma.Multiaddr // the relay's address
	renew time.Time
}

// wanted tells whether there are fewer places than there should be, or one has
// to be renewed.
func (b *borrowed) wanted() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for _, p := range b.places {
		if now.After(p.renew) {
			return true
		}
	}
	return len(b.places) < borrowedRelays
}

func (b *borrowed) has(id peer.ID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.places[id]
	return ok
}

// take keeps a place, unless there are enough.
func (b *borrowed) take(id peer.ID, p place) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, again := b.places[id]; !again && len(b.places) >= borrowedRelays {
		return false
	}
	if b.places == nil {
		b.places = map[peer.ID]place{}
	}
	b.places[id] = p
	return true
}

// lost forgets the place on a relay that is gone.
func (b *borrowed) lost(id peer.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.places, id)
}

// check closes the connections to those relays that no longer answer, as after
// a change of address: a place is where a connection is.
func (b *borrowed) check(n *Node) {
	var conns []network.Conn
	for _, id := range b.ids() {
		conns = append(conns, n.host.Network().ConnsToPeer(id)...)
	}
	n.prune(n.ctx, conns, within(pingTimeout))
}

// ids are the relays on which there is a place.
func (b *borrowed) ids() []peer.ID {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ids []peer.ID
	for id := range b.places {
		ids = append(ids, id)
	}
	return ids
}

// circuits are the addresses through those relays.
func (b *borrowed) circuits() []ma.Multiaddr {
	b.mu.Lock()
	defer b.mu.Unlock()
	var addrs []ma.Multiaddr
	for id, p := range b.places {
		addrs = append(addrs, circuitVia(id, p.at))
	}
	return addrs
}

// borrowRelays renews the places that there are, and asks those of met that are
// relays for more until there are enough. The nearer answer sooner, and so come
// first.
func (n *Node) borrowRelays(ctx context.Context, met []peer.ID) {
	next := make(chan peer.ID)
	var asking sync.WaitGroup
	for range borrowAtOnce {
		asking.Go(func() {
			for id := range next {
				if err := n.borrowPlace(ctx, id); err != nil {
					n.borrowed.lost(id)
					n.log.Debug("no place on a public relay", "relay", id, "error", err)
				}
			}
		})
	}
	for _, id := range append(n.borrowed.ids(), met...) {
		if ctx.Err() != nil || !n.lacksRelays() {
			break
		}
		if n.isRelay(id) {
			next <- id
		}
	}
	close(next)
	asking.Wait()
}

// isRelay tells whether id is connected at an address that others can use, and
// has said that it is a relay.
func (n *Node) isRelay(id peer.ID) bool {
	if !n.relayIsPublic(id) && !(n.tests.anywhere && n.host.Network().Connectedness(id) == network.Connected) {
		return false
	}
	spoken, err := n.host.Peerstore().SupportsProtocols(id, proto.ProtoIDv2Hop)
	return err == nil && len(spoken) > 0
}

func (n *Node) borrowPlace(ctx context.Context, id peer.ID) error {
	ctx, cancel := context.WithTimeout(ctx, borrowTimeout)
	defer cancel()
	granted, err := circuit.Reserve(ctx, n.host, peer.AddrInfo{ID: id})
	if err != nil {
		return err
	}
	c := n.best(id)
	if c == nil {
		return ErrLost
	}
	left := time.Until(granted.Expiration)
	if n.borrowed.take(id, place{at: c.RemoteMultiaddr(), renew: time.Now().Add(max(left-renewEarly, left/2))}) {
		n.callers.trust(id) // each of our callers is a stream of the relay's
	}
	return nil
}

const (
	limitedTries = 3
	limitedPause = time.Second
)

// pastLimit punches, after a connection through a relay that is limited, until there
// is one that carries everything. Its error says what stands in the way.
func (d *dialing) pastLimit(ctx context.Context, relay peer.ID) error {
	var why string
	for range limitedTries {
		c := d.best(d.id)
		if c == nil {
			return relayError(relay, ErrLost)
		}
		if !c.Stat().Limited {
			return nil
		}
		d.enter(Punching)
		theirs, err := d.punch.begin(ctx, c)
		if err == nil {
			continue
		}
		if !errors.Is(err, errPunching) {
			reason, help := d.whyRelayed(d.id, theirs, err)
			why = reason + "; " + help + "; "
		}
		rest(ctx, limitedPause, nil)
	}
	if c := d.best(d.id); c != nil && !c.Stat().Limited {
		return nil
	}
	return relayError(relay, fmt.Errorf("%s%w", why, ErrLimited))
}

// ErrLimited is wrapped, beside ErrUnreachable, when no way leads to the target but
// through a relay that is limited, and no hole could be punched. A relay of one's own
// would help.
var ErrLimited = errors.New("it belongs to strangers and carries no picture")
