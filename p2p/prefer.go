package p2p

// A viewer that is told of a lossy line goes on over TCP: see LossyProtocol.

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/core/transport"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/wire"
)

const (
	hearTime   = 2 * time.Second // for what a host says of its line
	preferTime = 5 * time.Second // to have a connection over TCP
	preferMost = 8               // addresses that are tried for it

	preferAgain = 4 * time.Second // between two tries; a host says it again after lossRepeat

	preferPause = 10 * time.Millisecond
)

// connSet is a set of connections.
type connSet struct {
	mu    sync.Mutex
	conns map[network.Conn]struct{}
}

// add tells whether c is new in it.
func (s *connSet) add(c network.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.conns[c]; ok {
		return false
	}
	if s.conns == nil {
		s.conns = map[network.Conn]struct{}{}
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *connSet) remove(c network.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

func (s *connSet) has(c network.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.conns[c]
	return ok
}

// hearLosses lets hosts say how their lines do.
func (n *Node) hearLosses() {
	n.host.SetStreamHandler(protocol.ID(LossyProtocol), func(raw network.Stream) {
		heard := func() {
			raw.SetDeadline(time.Now().Add(hearTime))
			t, _, err := wire.NewReader(raw, maxLossy).Next()
			raw.Close()
			if err == nil && t == msgLossy {
				n.preferTCP(raw.Conn().RemotePeer())
			}
		}
		if !n.goWork(heard) {
			raw.Reset()
		}
	})
}

// preferTCP lets the Conns to a host, if there are any, go on over TCP.
func (n *Node) preferTCP(id peer.ID) {
	now := time.Now()
	conns := slices.DeleteFunc(n.connsTo(id), func(c *Conn) bool { return !c.mayPrefer(now) })
	if len(conns) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(n.ctx, preferTime)
	defer cancel()
	over := n.directTCP(id)
	if over == nil {
		err := n.dialTCP(ctx, id)
		if err != nil {
			err = n.punchTCP(ctx, id)
		}
		if err != nil {
			n.log.Debug("no way over TCP", "peer", id, "error", err)
			return
		}
		for over = n.directTCP(id); over == nil; over = n.directTCP(id) { // the swarm takes it in
			if ctx.Err() != nil {
				return
			}
			rest(ctx, preferPause, nil)
		}
	}
	rtt, err := pingConn(ctx, over)
	if err != nil {
		n.log.Debug("no answer over TCP", "peer", id, "error", err)
		return
	}
	if n.preferred.add(over); over.IsClosed() {
		n.preferred.remove(over)
		return
	}
	for _, c := range conns {
		c.prefer(pathOf(over, rtt))
	}
}

// directTCP returns a direct connection over TCP; nil: there is none.
func (n *Node) directTCP(id peer.ID) network.Conn {
	conns := n.host.Network().ConnsToPeer(id)
	if i := slices.IndexFunc(conns, func(c network.Conn) bool { return !c.IsClosed() && overTCP(c.RemoteMultiaddr()) }); i >= 0 {
		return conns[i]
	}
	return nil
}

func overTCP(a ma.Multiaddr) bool { return isDirect(a) && layerOf(a) == "tcp" }

// dialTCP connects over TCP to a host that is connected over QUIC, at the addresses
// that are known of it.
func (n *Node) dialTCP(ctx context.Context, id peer.ID) error {
	addrs := slices.DeleteFunc(n.host.Peerstore().Addrs(id), func(a ma.Multiaddr) bool { return !overTCP(a) })
	addrs = addrs[:min(len(addrs), preferMost)]
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	results := make(chan knocked, len(addrs))
	for _, a := range addrs {
		go func() {
			conn, err := n.dialers.dial(ctx, id, a, fromAny)
			results <- knocked{conn, err}
		}()
	}
	var err error = ErrUnreachable
	var first transport.CapableConn
	for range addrs {
		switch r := <-results; {
		case r.err != nil:
			err = r.err
		case first != nil:
			r.conn.Close()
		default:
			first = r.conn
			stop()
		}
	}
	if first == nil {
		return err
	}
	return n.dialers.adopt(first)
}

// punchTCP punches a hole for TCP beside that for QUIC: the one that was begun together
// with it may have come to nothing.
func (n *Node) punchTCP(ctx context.Context, id peer.ID) error {
	for _, c := range n.host.Network().ConnsToPeer(id) {
		if !c.IsClosed() && !isDirect(c.RemoteMultiaddr()) {
			_, err := n.punch.beginAt(ctx, c, overTCP)
			return err
		}
	}
	return ErrUnreachable
}
