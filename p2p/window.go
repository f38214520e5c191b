package p2p

import (
	"net"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"

	"rac/p2p/wire"
)

// What the other side of a TCP connection may send on a stream before it has to
// wait for us. yamux begins with 256 KiB and doubles that while the line is
// faster, but each time it forgets to tell of half of what the window was: in the
// end a sender hears that it may go on when half of the first window is all that
// it has left (go-yamux v5.1.0, Stream.sendWindowUpdate). So that half should be
// what is on the way at once: 512 KiB are 100 Mbit/s at 42 ms. A stranger gets no
// more than before.
const (
	yamuxWindow  = 256 << 10
	relayWindow  = 512 << 10 // on the connections to and from relays: half the way, and many streams
	friendWindow = 1 << 20
)

// windows is yamux with a first window that depends on whom the stream is from.
type windows struct {
	of func(id peer.ID, called bool) int
}

// newWindows trusts who is called by a connector, the friends of a host, and
// relays somewhat: whoever wants to be called may open a stream through those.
func newWindows(o Options, relays []*relayLink) *windows {
	return &windows{func(id peer.ID, called bool) int {
		switch {
		case o.Role == server || linkOf(relays, id) != nil:
			return relayWindow
		case o.Role == Connector && !called, o.Known != nil && o.Known(wire.PeerID(id.String())):
			return friendWindow
		}
		return yamuxWindow
	}}
}

// NewConn is libp2p's, with the window and its memory set.
func (w *windows) NewConn(c net.Conn, called bool, scope network.PeerScope) (network.MuxedConn, error) {
	t := *yamux.DefaultTransport
	window := yamuxWindow
	if scope != nil {
		window = w.of(scope.Peer(), called)
		scope = windowScope{scope, window - yamuxWindow}
	}
	t.InitialStreamWindowSize = uint32(window)
	return t.NewConn(c, called, scope)
}

// windowScope accounts for the whole window: yamux asks for its own first one,
// whatever it was told to begin with.
type windowScope struct {
	network.PeerScope
	more int
}

func (s windowScope) BeginSpan() (network.ResourceScopeSpan, error) {
	span, err := s.PeerScope.BeginSpan()
	if err != nil {
		return nil, err
	}
	if err := span.ReserveMemory(s.more, network.ReservationPriorityAlways); err != nil {
		span.Done()
		return nil, err
	}
	return span, nil
}
