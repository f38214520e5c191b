package p2p

// The line to one relay: what is known of it, and how to wait for it. relay_state.go
// says it to the owner.

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/wire"
)

// relayLink is the line to one relay.
type relayLink struct {
	info peer.AddrInfo
	lost chan struct{} // holds a token when the connection has gone
	kick chan struct{} // holds a token when somebody wants it up now

	mu       sync.Mutex
	up       bool
	err      error          // of the last attempt
	tries    int            // attempts that have ended
	without  string         // "udp": it answers, but not over that
	watcher  peer.ID        // the relay's observer, when it has named one
	overQUIC []ma.Multiaddr // the observer's addresses for a look over QUIC
	looked   time.Time      // when it was last looked there on request
	changed  chan struct{}  // closed and replaced with every change
}

// parseRelays puts addresses of the same relay together.
func parseRelays(texts []string) ([]*relayLink, error) {
	var links []*relayLink
	for _, s := range texts {
		info, err := parseRelay(s)
		if err != nil {
			return nil, err
		}
		if known := linkOf(links, info.ID); known != nil {
			known.info.Addrs = append(known.info.Addrs, info.Addrs...)
			continue
		}
		links = append(links, &relayLink{info: info, lost: make(chan struct{}, 1), kick: make(chan struct{}, 1), changed: make(chan struct{})})
	}
	return links, nil
}

func linkOf(links []*relayLink, id peer.ID) *relayLink {
	for _, l := range links {
		if l.info.ID == id {
			return l
		}
	}
	return nil
}

func (l *relayLink) id() wire.PeerID { return wire.PeerID(l.info.ID.String()) }

func (l *relayLink) set(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.up, l.err = err == nil, err
	l.tries++
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *relayLink) isUp() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up
}

// wait returns nil when the link is up, and the error of the next attempt when
// that fails.
func (l *relayLink) wait(ctx context.Context) error {
	first := -1
	for {
		l.mu.Lock()
		up, err, tries, changed := l.up, l.err, l.tries, l.changed
		l.mu.Unlock()
		if first < 0 {
			first = tries
		}
		if up {
			return nil
		}
		if tries > first && !errors.Is(err, ErrLost) {
			return err
		}
		offer(l.kick)
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lacks notes on which transport the relay has not answered.
func (l *relayLink) lacks(tried, up map[string]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.without = ""
	if tried["udp"] && !up["udp"] {
		l.without = "udp"
	}
}

// noUDP tells whether the relay answers, but not over UDP.
func (l *relayLink) noUDP() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up && l.without == "udp"
}
