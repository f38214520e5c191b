package p2p

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/protocol"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"github.com/multiformats/go-multistream"

	"rac/p2p/wire"
)

// The client's side of RelayProtocol (relay_msg.go): a node keeps a TCP connection to
// the observer of each of its relays, so that it knows its public address over
// TCP whatever the connection to the relay itself runs over. Over QUIC it only
// looks: the relay and its observer together tell what kind of NAT there is for
// UDP.

const (
	observerTimeout = 10 * time.Second
	maxObservers    = 8 // messages of one introduction

	// lookLag is within what time, by chance, a host looks at an observer over QUIC: that
	// can wait, and a relay that was just restarted has more urgent things to do.
	lookLag = 5 * time.Second

	lookPause = 3 * time.Second // between two looks on request
)

var errNoObserver = errors.New("the relay names no observer")

// meetObserver asks the relay where its observer is and connects there. A relay
// that is not rac's own has none.
func (n *Node) meetObserver(l *relayLink) {
	ctx, cancel := context.WithTimeout(n.ctx, observerTimeout)
	defer cancel()
	at, err := n.askForObserver(ctx, l.info.ID)
	if err == nil {
		overTCP, overQUIC := byLayer(at.Addrs)
		l.watchedBy(at.ID, overQUIC)
		n.goWork(func() { n.lookSometime(l) })
		n.host.Peerstore().AddAddrs(at.ID, overTCP, peerstore.PermanentAddrTTL)
		err = n.visitObserver(ctx, at.ID)
	}
	if err != nil && n.ctx.Err() == nil {
		n.log.Debug("no observer", "relay", l.id().Short(), "error", err)
	}
}

// visitObserver connects to an observer, unless we are connected.
func (n *Node) visitObserver(ctx context.Context, id peer.ID) error {
	n.swarm.Backoff().Clear(id)
	return n.host.Connect(ctx, peer.AddrInfo{ID: id})
}

// revisit connects again to the observer of a relay after a loss.
func (n *Node) revisit(l *relayLink) {
	id := l.observer()
	if id == "" || n.host.Network().Connectedness(id) == network.Connected {
		return
	}
	ctx, cancel := context.WithTimeout(n.ctx, observerTimeout)
	defer cancel()
	if err := n.visitObserver(ctx, id); err != nil {
		n.log.Debug("observer lost", "relay", l.id().Short(), "error", err)
	}
}

func byLayer(addrs []ma.Multiaddr) (overTCP, overQUIC []ma.Multiaddr) {
	for _, a := range addrs {
		if layerOf(a) == "udp" {
			overQUIC = append(overQUIC, a)
		} else {
			overTCP = append(overTCP, a)
		}
	}
	return overTCP, overQUIC
}

// lookSoon looks at the observers over QUIC without delay, since somebody wants to
// know what we are behind; but not again and again.
func (n *Node) lookSoon() {
	for _, l := range n.relay {
		if l.lookDue() {
			n.goWork(func() { n.lookQUIC(l) })
		}
	}
}

// lookSometime looks at the observer over QUIC; a host does not do it at once.
func (n *Node) lookSometime(l *relayLink) {
	if n.role == Host {
		rest(n.ctx, rand.N(lookLag), nil)
	}
	n.lookQUIC(l)
}

// lookQUIC asks the observer over QUIC how it sees us, and does not stay.
func (n *Node) lookQUIC(l *relayLink) {
	if l.noUDP() {
		return
	}
	ctx, cancel := context.WithTimeout(n.ctx, observerTimeout)
	defer cancel()
	id, addrs := l.observerOverQUIC()
	for _, a := range addrs {
		conn, err := n.dialers.dial(ctx, id, a, fromClient)
		if err != nil {
			n.log.Debug("no observer over QUIC", "relay", l.id().Short(), "error", shortest(err))
			continue
		}
		n.sights.forget(a) // another port now than at the last look is no move: that connection is closed
		if err := n.look(ctx, rawLineOf(conn)); err != nil {
			n.log.Debug("no look by the observer", "relay", l.id().Short(), "error", err)
		}
		conn.Close()
	}
}

// lookDue tells whether an observer is known that was not just looked at on request.
func (l *relayLink) lookDue() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.overQUIC) == 0 || time.Since(l.looked) < lookPause {
		return false
	}
	l.looked = time.Now()
	return true
}

func (l *relayLink) watchedBy(id peer.ID, overQUIC []ma.Multiaddr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watcher, l.overQUIC = id, overQUIC
}

func (l *relayLink) observerOverQUIC() (peer.ID, []ma.Multiaddr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.watcher, l.overQUIC
}

// attempted counts the attempts to be at the relay.
func (l *relayLink) attempted() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tries
}

// observer returns whom the relay has named; "": nobody yet.
func (l *relayLink) observer() peer.ID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.watcher
}

// askForObserver lets a relay that we are connected to introduce itself. It
// does not wait for libp2p's own introduction (identify), which would cost a
// round trip.
func (n *Node) askForObserver(ctx context.Context, relay peer.ID) (peer.AddrInfo, error) {
	c := n.best(relay)
	if c == nil {
		return peer.AddrInfo{}, ErrLost
	}
	s, err := c.NewStream(ctx)
	if err != nil {
		return peer.AddrInfo{}, err
	}
	defer s.Reset()
	stop := context.AfterFunc(ctx, func() { s.Reset() })
	defer stop()
	if err := s.SetProtocol(protocol.ID(RelayProtocol)); err != nil {
		return peer.AddrInfo{}, err
	}
	return readObserver(multistream.NewMSSelect(s, protocol.ID(RelayProtocol)), c.RemoteMultiaddr())
}

// readObserver reads a relay's introduction; where is the address that the
// relay was reached at.
func readObserver(r io.Reader, where ma.Multiaddr) (peer.AddrInfo, error) {
	ip, _ := ma.SplitFirst(where)
	if ip == nil || ip.Code() != ma.P_IP4 && ip.Code() != ma.P_IP6 {
		return peer.AddrInfo{}, errNoObserver
	}
	var found peer.AddrInfo
	in := wire.NewReader(r, maxBody)
	for range maxObservers {
		t, body, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return peer.AddrInfo{}, err
		}
		if t != msgObserver {
			continue
		}
		if id, addr := parseObserver(string(body), ip); addr != nil && (found.ID == "" || found.ID == id) {
			found.ID, found.Addrs = id, append(found.Addrs, addr)
		}
	}
	if found.ID == "" {
		return peer.AddrInfo{}, errNoObserver
	}
	return found, nil
}

// parseObserver puts the relay's IP into what it has said of its observer; nil
// for another family, and for what is no such address. Only the IP that the
// relay itself was reached at is ever dialled: it cannot send us elsewhere.
func parseObserver(text string, ip *ma.Component) (peer.ID, ma.Multiaddr) {
	addr, id, err := splitAddr(text)
	if err != nil || id == "" || len(addr) < 2 || addr[0].Code() != ip.Code() || !manet.IsIPUnspecified(addr) || checkDialable(text, addr) != nil {
		return "", nil
	}
	overTCP := len(addr) == 2 && addr[1].Code() == ma.P_TCP
	overQUIC := len(addr) == 3 && addr[1].Code() == ma.P_UDP && addr[2].Code() == ma.P_QUIC_V1
	if !overTCP && !overQUIC {
		return "", nil
	}
	return id, append(ma.Multiaddr{*ip}, addr[1:]...)
}
