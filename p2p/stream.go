package p2p

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	muxer "github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-yamux/v5"
	"github.com/multiformats/go-multistream"

	"rac/p2p/wire"
)

// stream is a libp2p stream as wire.Stream promises it.
type stream struct {
	node *Node
	raw  network.Stream

	closed  atomic.Bool
	closing sync.Once

	writing sync.Mutex
	cut     bool // a Write was broken off in the middle; guarded by writing
}

var _ wire.Stream = (*stream)(nil)

func newStream(n *Node, raw network.Stream) *stream { return &stream{node: n, raw: raw} }

// Remote tells where the peer is: see wire.Remote.
func (s *stream) Remote() wire.Remote { return remoteOf(s.raw.Conn()) }

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.raw.Read(p)
	return n, s.explain(err)
}

func (s *stream) Write(p []byte) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.closed.Load() {
		return 0, io.ErrClosedPipe
	}
	n, err := s.raw.Write(p)
	s.cut = s.cut || err != nil
	return n, s.explain(err)
}

// explain makes the errors of two multiplexers one.
func (s *stream) explain(err error) error {
	switch {
	case err == nil || err == io.EOF:
		return err
	case s.closed.Load():
		return io.ErrClosedPipe
	case errors.As(err, new(multistream.ErrNotSupported[protocol.ID])):
		return ErrRefused
	case errors.Is(err, yamux.ErrTimeout) || errors.Is(err, os.ErrDeadlineExceeded):
		return os.ErrDeadlineExceeded
	case errors.Is(err, network.ErrReset):
		return fmt.Errorf("the peer has cut the stream: %w", err)
	}
	return err
}

// CloseWrite sends the end of this direction.
func (s *stream) CloseWrite() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.explain(s.raw.CloseWrite())
}

// SetDeadline does nothing on a closed stream, whose deadline has passed to
// wake those who wait. On the side that has opened the stream, a deadline that
// passes before the first byte from the peer ends reading for good: the protocol
// is agreed on in the same round trip, and libp2p does not take that up again.
func (s *stream) SetDeadline(t time.Time) error {
	if s.closed.Load() {
		return io.ErrClosedPipe
	}
	return s.raw.SetDeadline(t)
}

// closeTime bounds how long Close waits on a line that takes no more bytes.
const closeTime = time.Second

// Close ends both directions and wakes pending Reads and Writes. What was
// written before still reaches the peer, unless a Write was pending: then the
// peer must not take the half that it has for the whole, and the stream is cut.
func (s *stream) Close() error {
	s.closing.Do(func() {
		s.closed.Store(true)
		s.raw.SetDeadline(time.Unix(1, 0))
		finished := make(chan struct{})
		if !s.node.goWork(func() { s.finish(); close(finished) }) {
			s.raw.Reset()
			return
		}
		late := time.NewTimer(closeTime)
		defer late.Stop()
		select {
		case <-finished:
		case <-late.C:
		}
	})
	return nil
}

func (s *stream) finish() {
	defer s.node.forget(s)
	s.writing.Lock()
	defer s.writing.Unlock()
	s.raw.SetDeadline(time.Time{})
	if s.cut || s.raw.CloseWrite() != nil {
		s.raw.Reset()
		return
	}
	s.stopPeer()
}

// stopPeer makes the peer's Writes fail. QUIC has a frame for that. yamux does
// not tell the peer of a CloseRead; but a reset that follows the end of our
// direction leaves what the peer still has to read alone.
func (s *stream) stopPeer() {
	if s.raw.Conn().ConnState().StreamMultiplexer == muxer.ID {
		s.raw.Reset()
		return
	}
	s.raw.CloseRead()
}

// reset ends the stream at once; what is on the way is lost.
func (s *stream) reset() {
	s.closed.Store(true)
	s.closing.Do(func() {})
	s.raw.Reset()
	s.node.forget(s)
}
