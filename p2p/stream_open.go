package p2p

import (
	"context"
	"io"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multistream"
)

// openStream opens a stream on the best connection to the peer of c. libp2p would
// wait with the first stream of a connection until the peer has told which protocols
// it serves: a round trip, through a relay a long one; and of two connections it would
// take the newer one. Here the protocol's name goes out with the first bytes, and
// until the peer has told, a refusal shows at the first Read.
func (c *Conn) openStream(ctx context.Context, proto protocol.ID) (network.Stream, error) {
	best := c.node.best(c.id)
	if best == nil {
		return nil, ErrLost
	}
	select {
	case <-c.node.host.IDService().IdentifyWait(best):
		if serves, err := c.node.host.Peerstore().SupportsProtocols(c.id, proto); err == nil && len(serves) == 0 {
			return nil, ErrRefused
		}
	default:
	}
	raw, err := best.NewStream(ctx)
	if err != nil {
		return nil, err
	}
	if err := raw.SetProtocol(proto); err != nil {
		raw.Reset()
		return nil, err
	}
	return &earlyStream{raw, multistream.NewMSSelect(raw, proto)}, nil
}

// earlyStream agrees on its protocol with its first bytes.
type earlyStream struct {
	network.Stream
	line interface {
		io.ReadWriter
		Flush() error
	}
}

func (s *earlyStream) Read(b []byte) (int, error)  { return s.line.Read(b) }
func (s *earlyStream) Write(b []byte) (int, error) { return s.line.Write(b) }

// CloseWrite ends a direction that must have said its protocol by then.
func (s *earlyStream) CloseWrite() error {
	s.line.Flush() // what is wrong shows at the next Read
	return s.Stream.CloseWrite()
}
