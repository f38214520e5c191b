package p2p

import (
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	pb "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/wire"
)

// Who may use a relay, who has to leave when it is full, and what it counts.

// RelayStats are a relay's counts.
type RelayStats struct {
	Reserved int64 // hosts that can be called through it now
	Circuits int64 // connections that go through it now
	Carried  int64 // bytes, both ways, since it was started
	Refused  int64 // requests, since it was started
	Uptime   time.Duration
}

// Stats returns the counts.
func (r *Relay) Stats() RelayStats {
	s := &r.stats
	return RelayStats{s.reserved.Load(), s.circuits.Load(), s.carried.Load(), s.refused.Load(), time.Since(s.began)}
}

// Changed holds a token when Reserved, Circuits or Refused have changed since the last
// one was taken.
func (r *Relay) Changed() <-chan struct{} { return r.stats.changed }

// relayStats is how libp2p's relay tells what it does.
type relayStats struct {
	reserved, circuits, carried, refused atomic.Int64

	changed chan struct{}
	began   time.Time
}

func newRelayStats() relayStats {
	return relayStats{changed: make(chan struct{}, 1), began: time.Now()}
}

func (s *relayStats) add(n *atomic.Int64, by int) {
	if by != 0 {
		n.Add(int64(by))
		offer(s.changed)
	}
}

func (s *relayStats) RelayStatus(bool)                       {}
func (s *relayStats) ConnectionOpened()                      { s.add(&s.circuits, 1) }
func (s *relayStats) ConnectionClosed(time.Duration)         { s.add(&s.circuits, -1) }
func (s *relayStats) ConnectionRequestHandled(st pb.Status)  { s.handled(st) }
func (s *relayStats) ReservationClosed(n int)                { s.add(&s.reserved, -n) }
func (s *relayStats) ReservationRequestHandled(st pb.Status) { s.handled(st) }
func (s *relayStats) BytesTransferred(n int)                 { s.carried.Add(int64(n)) }

func (s *relayStats) ReservationAllowed(again bool) {
	if !again {
		s.add(&s.reserved, 1)
	}
}

func (s *relayStats) handled(st pb.Status) {
	if st != pb.Status_OK {
		s.add(&s.refused, 1)
	}
}

// AllowReserve lets a host be called through the relay.
func (r *Relay) AllowReserve(id peer.ID, _ ma.Multiaddr) bool {
	if !r.allows(id) {
		return false
	}
	r.serves(id)
	r.work.Go(func() { r.dropStale(id) })
	return true
}

// AllowConnect lets src call dest, which has a reservation and so is allowed:
// the owner of the relay has named his hosts, not all of their viewers.
func (r *Relay) AllowConnect(src peer.ID, _ ma.Multiaddr, dest peer.ID) bool {
	if !r.allows(dest) {
		return false
	}
	if r.guests.serves(dest) { // otherwise it has no place
		r.serves(src)
	}
	return true
}

// serves notes that a peer is served, unless it has gone meanwhile: nobody would strike
// it off.
func (r *Relay) serves(id peer.ID) {
	r.guests.serve(id)
	if r.stack.swarm.Connectedness(id) == network.NotConnected {
		r.guests.gone(id)
	}
}

func (r *Relay) allows(id peer.ID) bool { return len(r.allowed) == 0 || r.allowed[id] }

// knows tells whether somebody is on --allow: he may have as much as there is. A relay
// without that list knows nobody.
func (r *Relay) knows(id wire.PeerID) bool {
	decoded, err := peer.Decode(string(id))
	return err == nil && r.allowed[decoded]
}

// notifiee keeps the crowd of the relay and its observer: who has asked the
// relay for nothing yet, or may not, goes first when there are too many.
func (r *Relay) notifiee(st *stack) network.Notifiee {
	return &network.NotifyBundle{
		ConnectedF: func(_ network.Network, c network.Conn) {
			st.shakes.leave(shakeKey(c.RemoteMultiaddr()))
			if c.Stat().Direction != network.DirInbound {
				return
			}
			r.guests.enter(c, &guest{
				id: c.RemotePeer(), source: sourceOf(c.RemoteMultiaddr()),
				end: func() {
					r.log.Debug("connection closed: there are too many", "peer", c.RemotePeer(), "addr", c.RemoteMultiaddr())
					r.work.Go(func() { c.Close() })
				},
			})
		},
		DisconnectedF: func(_ network.Network, c network.Conn) {
			r.guests.leave(c)
			if st == r.stack && st.swarm.Connectedness(c.RemotePeer()) == network.NotConnected {
				r.guests.gone(c.RemotePeer())
				r.guests.part(c.RemotePeer())
			}
		},
	}
}
