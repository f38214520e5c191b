package p2p

// A viewer that is told of a lossy line goes on over TCP: see LossyProtocol.

import (
	"context"
	"errors"
	"fmt"
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

	preferAgain = 4 * time.Second // between two tries, however often a host says it

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

// hearLosses lets hosts say how their lines do. Who was not understood is cut off, and
// says it again.
func (n *Node) hearLosses() {
	n.host.SetStreamHandler(protocol.ID(LossyProtocol), func(raw network.Stream) {
		heard := func() {
			raw.SetDeadline(time.Now().Add(hearTime))
			if t, _, err := wire.NewReader(raw, maxLossy).Next(); err != nil || t != msgLossy {
				raw.Reset()
				return
			}
			raw.Close()
			for _, c := range n.connsTo(raw.Conn().RemotePeer()) {
				offer(c.lossy)
			}
		}
		if !n.goWork(heard) {
			raw.Reset()
		}
	})
}

// heedLosses lets c go on over TCP once its host has said that the line loses packets.
// A host that says so without end must not make us dial without end, and one that says
// so while we try or pause has not said it in vain.
func (n *Node) heedLosses(c *Conn) {
	for {
		select {
		case <-c.lossy:
		case <-c.done:
			return
		case <-n.ctx.Done():
			return
		}
		if err := n.preferTCP(c); err == nil {
			return
		} else if n.ctx.Err() == nil {
			n.log.Debug("no way over TCP", "peer", c.id, "error", err)
		}
		if rest(n.ctx, preferAgain, nil); n.ctx.Err() != nil {
			return
		}
	}
}

// preferTCP lets c go on over TCP.
func (n *Node) preferTCP(c *Conn) error {
	ctx, cancel := context.WithTimeout(n.ctx, preferTime)
	defer cancel()
	over := n.over(c.id, overTCP)
	if over == nil {
		var err error
		if over, err = n.reachTCP(ctx, c.id); err != nil {
			return err
		}
	}
	rtt, err := pingConn(ctx, over)
	if err != nil {
		return err
	}
	if n.preferred.add(over); over.IsClosed() {
		n.preferred.remove(over)
		return ErrLost
	}
	c.prefer(pathOf(over, rtt))
	return nil
}

// reachTCP makes a connection over TCP to a host that is connected over QUIC: by a dial
// where it can be called, and at the same time, since who cannot be called mostly says
// nothing, by a hole.
func (n *Node) reachTCP(ctx context.Context, id peer.ID) (network.Conn, error) {
	ctx, stop := context.WithCancel(ctx)
	ways := []func(context.Context, peer.ID) error{n.dialTCP, n.punchTCP}
	results := make(chan error, len(ways))
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	for _, w := range ways {
		running.Go(func() { results <- w(ctx, id) })
	}
	var failed []error
	for range ways {
		err := <-results
		if err == nil {
			if c := n.awaitOver(ctx, id, overTCP); c != nil {
				return c, nil
			}
			err = ctx.Err()
		}
		failed = append(failed, err)
	}
	return nil, errors.Join(failed...)
}

// over returns a connection to id at such an address; nil: there is none.
func (n *Node) over(id peer.ID, such func(ma.Multiaddr) bool) network.Conn {
	conns := n.host.Network().ConnsToPeer(id)
	if i := slices.IndexFunc(conns, func(c network.Conn) bool { return !c.IsClosed() && such(c.RemoteMultiaddr()) }); i >= 0 {
		return conns[i]
	}
	return nil
}

// awaitOver is over for one that the swarm is just taking in; nil: ctx has ended.
func (n *Node) awaitOver(ctx context.Context, id peer.ID, such func(ma.Multiaddr) bool) network.Conn {
	for ctx.Err() == nil {
		if c := n.over(id, such); c != nil {
			return c
		}
		rest(ctx, preferPause, nil)
	}
	return nil
}

func overTCP(a ma.Multiaddr) bool { return isDirect(a) && layerOf(a) == "tcp" }

// dialTCP connects over TCP at the addresses that are known of a host.
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
	switch {
	case first == nil:
		return err
	case n.over(id, overTCP) != nil: // punched meanwhile
		first.Close()
		return nil
	}
	return n.dialers.adopt(first)
}

// punchTCP punches a hole for TCP beside that for QUIC: the one that was begun together
// with it may have come to nothing.
func (n *Node) punchTCP(ctx context.Context, id peer.ID) error {
	relayed, err := n.relayed(ctx, id)
	if err != nil {
		return err
	}
	_, err = n.punch.beginAt(ctx, relayed, overTCP)
	return err
}

// relayed returns a connection to id through a relay. The one that the session began
// with may have gone: nothing runs on it.
func (n *Node) relayed(ctx context.Context, id peer.ID) (network.Conn, error) {
	through := func(a ma.Multiaddr) bool { return !isDirect(a) }
	if c := n.over(id, through); c != nil {
		return c, nil
	}
	err := fmt.Errorf("no relay to ask: %w", ErrUnreachable)
	for _, l := range n.relay {
		if !l.isUp() {
			continue
		}
		var conn transport.CapableConn
		if conn, err = n.dialers.dial(ctx, id, circuitVia(l.info.ID, nil), fromAny); err == nil {
			err = n.dialers.adopt(conn)
		}
		if err == nil {
			if c := n.awaitOver(ctx, id, through); c != nil {
				return c, nil
			}
			err = ctx.Err()
		}
	}
	return nil, err
}
