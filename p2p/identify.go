package p2p

// How we learn where others see us: by the protocol identify of libp2p
// (https://github.com/libp2p/specs/blob/master/identify/README.md), which it speaks
// once a connection, and we whenever we want to know.

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multistream"
)

// listenToSights notes what peers tell when they identify themselves. It takes
// events without delay: libp2p stops all that follows an identification until
// they are taken.
func (n *Node) listenToSights() error {
	sub, err := n.host.EventBus().Subscribe(new(event.EvtPeerIdentificationCompleted))
	if err != nil {
		return err
	}
	n.work.Go(func() {
		defer sub.Close()
		for {
			select {
			case e := <-sub.Out():
				done := e.(event.EvtPeerIdentificationCompleted)
				if n.trusts(done.Conn) {
					n.seen(done.Conn.LocalMultiaddr(), done.Conn.RemoteMultiaddr(), done.ObservedAddr)
				}
			case <-n.ctx.Done():
				return
			}
		}
	})
	return nil
}

func (n *Node) trusts(c network.Conn) bool {
	return c.Stat().Direction == network.DirOutbound || linkOf(n.relay, c.RemotePeer()) != nil
}

// line is a connection, known to the swarm or not, on which a stream can be opened.
type line struct {
	local, remote ma.Multiaddr
	open          func(context.Context) (io.ReadWriteCloser, error)
	outdated      bool // how the other end sees it is how it has begun
}

func lineOf(c network.Conn) line {
	return line{local: c.LocalMultiaddr(), remote: c.RemoteMultiaddr(), open: func(ctx context.Context) (io.ReadWriteCloser, error) {
		s, err := c.NewStream(network.WithAllowLimitedConn(ctx, "rac"))
		if err == nil {
			err = s.SetProtocol(identify.ID)
		}
		return s, err
	}}
}

func rawLineOf(c transport.CapableConn) line {
	return line{local: c.LocalMultiaddr(), remote: c.RemoteMultiaddr(), open: func(ctx context.Context) (io.ReadWriteCloser, error) { return c.OpenStream(ctx) }}
}

// look asks who is at the other end where it sees us. libp2p asks once, at the
// beginning; a connection over QUIC outlives a change of address.
func (n *Node) look(ctx context.Context, l line) error {
	s, err := l.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	stop := context.AfterFunc(ctx, func() { s.(interface{ Reset() error }).Reset() })
	defer stop()
	if err := multistream.SelectProtoOrFail(identify.ID, s); err != nil {
		return err
	}
	mapped, err := readObserved(s)
	if err != nil {
		return fmt.Errorf("p2p: identify: %w", err)
	}
	if !l.outdated {
		n.seen(l.local, l.remote, mapped)
	}
	return nil
}

// seen notes a sight, and acts on a new one. That makes us ask again where we are: who
// tells another address each time would keep us busy, so after some moves in a row
// the next ones wait and are acted on together.
func (n *Node) seen(local, remote, mapped ma.Multiaddr) {
	if !n.sights.saw(local, remote, mapped) {
		return
	}
	n.log.Debug("seen at another address", "addr", mapped)
	act := func() {
		n.tellChange()
		n.repunch()
	}
	switch wait, ours := n.sights.move(time.Now()); {
	case ours && wait > 0:
		n.goWork(func() {
			rest(n.ctx, wait, nil)
			n.sights.moved()
			act()
		})
	case ours:
		act()
	}
}

// maxIdentify is the longest identify message that libp2p reads.
const maxIdentify = 8 << 10

// readObserved returns field 4, the observed address, of an identify message
// (https://github.com/libp2p/specs/blob/master/identify/README.md): protobuf
// with its length in front.
func readObserved(r io.Reader) (ma.Multiaddr, error) {
	in := bufio.NewReader(r)
	size, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, err
	}
	if size > maxIdentify {
		return nil, fmt.Errorf("a message of %d bytes", size)
	}
	message := make([]byte, size)
	if _, err := io.ReadFull(in, message); err != nil {
		return nil, err
	}
	return observedField(message)
}

func observedField(message []byte) (ma.Multiaddr, error) {
	const observed, counted = 4, 2 // field; wire type of what has its length in front, as all fields of it do
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 || tag&7 != counted {
			return nil, errors.New("it cannot be read")
		}
		message = message[n:]
		size, n := binary.Uvarint(message)
		if n <= 0 || size > uint64(len(message)-n) {
			return nil, io.ErrUnexpectedEOF
		}
		body := message[n : n+int(size)]
		if tag>>3 == observed {
			return ma.NewMultiaddrBytes(body)
		}
		message = message[n+int(size):]
	}
	return nil, errors.New("no address is in it")
}
