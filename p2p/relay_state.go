package p2p

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/protocol"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	pbv2 "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
	"github.com/multiformats/go-multistream"
)

// How a node's own relays stand, for its owner.

var (
	errNotYet = errors.New("not reached so far")
	errKept   = errors.New("it is kept for other hosts (rac relay --allow)")
	errNoRoom = errors.New("it has no place left")
	errNone   = errors.New("a computer answers there, but it is no relay")

	errUnreached = errors.New("not reached")
)

// unreachedFor is how long a relay may be out of reach before its owner is told: one
// that is started anew is back sooner.
const unreachedFor = 30 * time.Second

// WatchRelays tells of the user's own relays what their owner should know: at once
// that one refuses this node, after unreachedFor that one is out of reach, and that
// it is well again. It tells a thing once, and returns when ctx or the node ends.
func (n *Node) WatchRelays(ctx context.Context, tell func(Sighting)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(n.ctx, cancel)()
	var telling sync.Mutex
	var watches sync.WaitGroup
	for _, l := range n.relay {
		watches.Go(func() {
			l.follow(ctx, func(err error) {
				telling.Lock()
				defer telling.Unlock()
				tell(Sighting{Name: l.id().Short(), Err: err})
			})
		})
	}
	watches.Wait()
}

// follow tells of one relay; nil: it is well again.
func (l *relayLink) follow(ctx context.Context, tell func(error)) {
	var told, seen error
	var since time.Time
	for {
		changed, err := l.state()
		trouble := troubleOf(err)
		if trouble != seen {
			seen, since = trouble, time.Now()
		}
		var late <-chan time.Time
		switch left := unreachedFor - time.Since(since); {
		case trouble == told:
		case trouble == errUnreached && left > 0:
			late = time.After(left)
		default:
			told = trouble
			tell(reservation(err))
		}
		select {
		case <-changed:
		case <-late:
		case <-ctx.Done():
			return
		}
	}
}

// troubleOf sorts what a relay's state may be; nil: all is well.
func troubleOf(err error) error {
	switch r := reservation(err); r {
	case nil, errKept, errNoRoom, errNone:
		return r
	}
	return errUnreached
}

// Relays says of each of the user's own relays whether it is reached and, on a
// host, a place is held there.
func (n *Node) Relays() []Sighting {
	all := make([]Sighting, len(n.relay))
	for i, l := range n.relay {
		_, err := l.state()
		all[i] = Sighting{Name: l.id().Short(), Err: reservation(err)}
	}
	return all
}

// state returns why the node is not at the relay (nil: it is), and what is closed
// when that changes.
func (l *relayLink) state() (changed <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	err = l.err
	switch {
	case l.up:
		err = nil
	case err == nil:
		err = errNotYet
	}
	return l.changed, err
}

// isNoRelay tells whether somebody who answers does not know what a relay does.
func isNoRelay(err error) bool { return errors.As(err, new(multistream.ErrNotSupported[protocol.ID])) }

// reservation puts a relay's refusal into words.
func reservation(err error) error {
	var refused circuit.ReservationError
	if !errors.As(err, &refused) {
		return err
	}
	if isNoRelay(err) {
		return errNone
	}
	switch refused.Status {
	case pbv2.Status_PERMISSION_DENIED:
		return errKept
	case pbv2.Status_RESERVATION_REFUSED, pbv2.Status_RESOURCE_LIMIT_EXCEEDED:
		return errNoRoom
	}
	return err
}
