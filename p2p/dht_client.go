package p2p

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	dht "github.com/libp2p/go-libp2p-kad-dht"
	pb "github.com/libp2p/go-libp2p-kad-dht/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	ma "github.com/multiformats/go-multiaddr"
)

// visit is a client's stay at a rendezvous.
type visit struct {
	*dht.IpfsDHT
	prefix protocol.ID
	guest  *visitor
	ask    *pb.ProtocolMessenger
}

// kadProtocol follows the prefix of a hash table.
const kadProtocol = "/kad/1.0.0"

const (
	enterTimeout = 15 * time.Second
	knockGrace   = time.Second // for the other relays once one has let us in
	enterPoll    = 5 * time.Millisecond
	seedsAtOnce  = 4
)

// visit begins one: it returns when a server has let us in. It ends by leave.
func (n *Node) visit(ctx context.Context, r rendezvous) (*visit, error) {
	v, err := newVisit(n.ctx, &visitor{Host: n.host, node: n, tell: n.recordAddrs, met: map[peer.ID]struct{}{}}, r.prefix, n.worthTelling)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.name, err)
	}
	if err := v.knock(ctx, r); err != nil {
		v.leave()
		return nil, fmt.Errorf("%s: %w", r.name, err)
	}
	return v, nil
}

// newVisit returns a client that knows nobody yet, and takes and tells the
// addresses that worth leaves.
func newVisit(ctx context.Context, guest *visitor, prefix protocol.ID, worth func([]ma.Multiaddr) []ma.Multiaddr) (*visit, error) {
	via := asker{guest, []protocol.ID{prefix + kadProtocol}}
	ask, err := pb.NewProtocolMessenger(via)
	if err != nil {
		return nil, err
	}
	d, err := dht.New(ctx, guest, dht.Mode(dht.ModeClient), dht.ProtocolPrefix(prefix), dht.ProviderStore(nothingStored{}),
		dht.DisableAutoRefresh(), dht.AddressFilter(worth),
		dht.WithCustomMessageSender(func(host.Host, []protocol.ID) pb.MessageSenderWithDisconnect { return via }))
	return &visit{d, prefix, guest, ask}, err
}

// knock connects to seeds until one has proved to be a server. Our own relays may
// not know each other: of those, each that answers is waited for.
func (v *visit) knock(ctx context.Context, r rendezvous) error {
	seeds := r.seeds
	ctx, cancel := context.WithTimeout(ctx, enterTimeout)
	var knocking sync.WaitGroup
	defer knocking.Wait()
	defer cancel()
	failed := make(chan error, len(seeds))
	next := make(chan peer.AddrInfo, len(seeds))
	for _, i := range rand.Perm(len(seeds)) {
		next <- seeds[i]
	}
	close(next)
	for range seedsAtOnce {
		knocking.Go(func() {
			for s := range next {
				if err := v.meetSeed(ctx, s); err != nil {
					failed <- err
				}
			}
		})
	}
	poll := time.NewTicker(enterPoll) // the table tells nobody when it has got its first entry
	defer poll.Stop()
	failures := 0
	var first time.Time
	for {
		in := v.RoutingTable().Size()
		if in > 0 && first.IsZero() {
			first = time.Now()
		}
		if in > 0 && (r.public || in+failures >= len(seeds) || time.Since(first) > knockGrace) {
			return nil
		}
		select {
		case err := <-failed:
			if failures++; failures == len(seeds) {
				return err
			}
		case <-poll.C:
		case <-ctx.Done():
			return errors.New("no answer in time")
		}
	}
}

var errNoServer = errors.New("it keeps no records")

// meetSeed connects to one seed. A server gets into the table by itself.
func (v *visit) meetSeed(ctx context.Context, seed peer.AddrInfo) error {
	v.guest.note(seed.ID)
	if err := v.guest.Host.Connect(ctx, seed); err != nil { // with all the time there is: names may have to be looked up
		return shortDial(err)
	}
	c := v.guest.node.best(seed.ID)
	if c == nil {
		return ErrLost
	}
	select {
	case <-v.guest.node.host.IDService().IdentifyWait(c):
	case <-ctx.Done():
		return ctx.Err()
	}
	if spoken, err := v.guest.Peerstore().SupportsProtocols(seed.ID, v.prefix+kadProtocol); err != nil || len(spoken) == 0 {
		return errNoServer
	}
	return nil
}

// leave ends the visit, and the connections that were made for it.
func (v *visit) leave() {
	v.Close()
	v.guest.part()
}

// visitor is our host as the client of a rendezvous sees it: it tells other
// addresses, and remembers whom it was made to call.
type visitor struct {
	host.Host
	node *Node
	tell func() []ma.Multiaddr

	mu  sync.Mutex
	met map[peer.ID]struct{}
}

// Addrs are what is left in a record.
func (v *visitor) Addrs() []ma.Multiaddr { return v.tell() }

func (v *visitor) Connect(ctx context.Context, to peer.AddrInfo) error {
	v.note(to.ID)
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return v.Host.Connect(ctx, to)
}

func (v *visitor) NewStream(ctx context.Context, id peer.ID, protos ...protocol.ID) (network.Stream, error) {
	v.note(id)
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return v.Host.NewStream(ctx, id, protos...)
}

// note remembers id unless there is a connection to it already.
func (v *visitor) note(id peer.ID) {
	if v.Network().Connectedness(id) == network.Connected {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.met[id] = struct{}{}
}

func (v *visitor) acquaintances() []peer.ID {
	v.mu.Lock()
	defer v.mu.Unlock()
	var ids []peer.ID
	for id := range v.met {
		ids = append(ids, id)
	}
	return ids
}

// part closes the connections to those that were met, but for those that
// something else has come to need.
func (v *visitor) part() {
	for _, id := range v.acquaintances() {
		if !v.node.needs(id) {
			v.Network().ClosePeer(id)
		}
	}
}

// needs tells whether the connection to id carries something: rac's streams, a
// place on a relay, or a connection through it.
func (n *Node) needs(id peer.ID) bool {
	n.mu.Lock()
	_, spoken := n.used[id]
	n.mu.Unlock()
	if spoken || linkOf(n.relay, id) != nil || n.borrowed.has(id) {
		return true
	}
	for _, c := range n.host.Network().Conns() {
		if !isDirect(c.RemoteMultiaddr()) && valueOf(c.RemoteMultiaddr(), ma.P_P2P) == id.String() {
			return true
		}
	}
	return false
}

// nothingStored is the provider store of a client, who is never asked.
type nothingStored struct{}

func (nothingStored) AddProvider(context.Context, []byte, peer.AddrInfo) error      { return nil }
func (nothingStored) GetProviders(context.Context, []byte) ([]peer.AddrInfo, error) { return nil, nil }
func (nothingStored) Close() error                                                  { return nil }
