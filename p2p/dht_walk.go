package p2p

import (
	"context"

	kbucket "github.com/libp2p/go-libp2p-kbucket"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/routing"
	"github.com/multiformats/go-multihash"
)

// A walk leads, question by question, to the servers nearest to a key. kad-dht's own
// ends when each of them has answered or has had its time, which with three in ten
// silent is always the latter. Ours ends when half of the nearest have answered: each
// told the nearest that it knows, and nobody nearer came up.
//
// kad-dht's optimistic provide wants the same by an estimate of the network's size, for
// which a client that comes and goes would have to walk five times first.

const (
	nearCount  = 20 // servers that keep a record: what the network's own clients use
	enoughNear = nearCount / 2
)

// walk is what one has learned so far.
type walk struct {
	key      kbucket.ID
	heard    []peer.ID
	known    map[peer.ID]bool // in heard
	answered map[peer.ID]bool
	failed   map[peer.ID]bool
}

// nearest returns the servers that are to keep what lies under key.
func (v *visit) nearest(ctx context.Context, key multihash.Multihash) ([]peer.ID, error) {
	ctx, stop := context.WithCancel(ctx)
	watched, events := routing.RegisterForQueryEvents(ctx)
	ended := make(chan struct{})
	var near []peer.ID
	var err error
	go func() {
		defer close(ended)
		near, err = v.GetClosestPeers(watched, string(key))
	}()
	defer func() { stop(); <-ended }()
	w := walk{key: kbucket.ConvertKey(string(key)), known: map[peer.ID]bool{}, answered: map[peer.ID]bool{}, failed: map[peer.ID]bool{}}
	for {
		select {
		case e := <-events:
			if e == nil { // ctx has ended
				events = nil
				continue
			}
			w.learn(e)
			if near := w.near(); w.enough(near) {
				return near, nil
			}
		case <-ended:
			return near, err
		}
	}
}

func (w *walk) learn(e *routing.QueryEvent) {
	switch e.Type {
	case routing.PeerResponse:
		w.answered[e.ID] = true
		w.hear(e.ID)
		for _, other := range e.Responses {
			w.hear(other.ID)
		}
	case routing.QueryError:
		w.failed[e.ID] = true
	}
}

func (w *walk) hear(id peer.ID) {
	if !w.known[id] {
		w.known[id] = true
		w.heard = append(w.heard, id)
	}
}

// near returns the nearest that may be there.
func (w *walk) near() []peer.ID {
	var near []peer.ID
	for _, id := range kbucket.SortClosestPeers(w.heard, w.key) {
		if !w.failed[id] && len(near) < nearCount {
			near = append(near, id)
		}
	}
	return near
}

func (w *walk) enough(near []peer.ID) bool {
	answers := 0
	for _, id := range near {
		if w.answered[id] {
			answers++
		}
	}
	return answers >= enoughNear
}
