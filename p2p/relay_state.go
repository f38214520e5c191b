package p2p

import (
	"errors"

	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	pbv2 "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
)

// How a node's own relays stand, for its owner.

var (
	errNotYet = errors.New("not reached so far")
	errKept   = errors.New("it is kept for other hosts (rac relay --allow)")
	errNoRoom = errors.New("it has no place left")
)

// Relays says of each of the user's own relays whether it is reached and, on a
// host, a place is held there.
func (n *Node) Relays() []Sighting {
	all := make([]Sighting, len(n.relay))
	for i, l := range n.relay {
		l.mu.Lock()
		up, err := l.up, l.err
		l.mu.Unlock()
		switch {
		case up:
			err = nil
		case err == nil:
			err = errNotYet
		}
		all[i] = Sighting{Name: l.id().Short(), Err: reservation(err)}
	}
	return all
}

// reservation puts a relay's refusal into words.
func reservation(err error) error {
	var refused circuit.ReservationError
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Status {
	case pbv2.Status_PERMISSION_DENIED:
		return errKept
	case pbv2.Status_RESERVATION_REFUSED, pbv2.Status_RESOURCE_LIMIT_EXCEEDED:
		return errNoRoom
	}
	return err
}
