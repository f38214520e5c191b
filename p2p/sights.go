package p2p

// Where others see this computer: they tell it of each connection.

import (
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// sights are the addresses under which others see us. Only those whom we have
// called are believed, and only our relays' word counts for long.
type sights struct {
	ports func() []ma.Multiaddr // that we listen on

	mu    sync.Mutex
	by    map[string]sight // by the address and transport of who sees
	nth   int
	moves [movesAtOnce]time.Time // the last ones that were acted on, the oldest first
	waits bool                   // the next one waits
}

type sight struct {
	mapped ma.Multiaddr
	own    bool // mapped is an address of this computer
	nth    int
}

// maxSights bounds what the public network can make us remember.
const maxSights = 32

// saw notes that whoever is at remote sees us, who come from local, at mapped. It
// returns whether that is another address than before.
func (s *sights) saw(local, remote, mapped ma.Multiaddr) (moved bool) {
	if mapped == nil || !isDirect(remote) || !manet.IsPublicAddr(remote) || !manet.IsPublicAddr(mapped) ||
		transportOf(mapped) != transportOf(local) || !s.listens(local) {
		return false // what another port of ours is mapped to is of no use
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := remote.String()
	if old, known := s.by[key]; known && !old.mapped.Equal(mapped) {
		// Another router, or the same one after a restart: what others saw is over, too.
		maps.DeleteFunc(s.by, func(_ string, v sight) bool { return layerOf(v.mapped) == layerOf(mapped) })
		moved = true
	}
	if len(s.by) < maxSights {
		s.nth++
		s.by[key] = sight{mapped: mapped, own: isOwn(mapped), nth: s.nth}
	}
	return moved
}

const (
	movesAtOnce = 8 // both transports at each of some relays
	movesWithin = 20 * time.Second
)

// move says how long it takes until a move may be acted on; ours is false if that will
// be done for another one.
func (s *sights) move(now time.Time) (wait time.Duration, ours bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waits {
		return 0, false
	}
	wait = max(s.moves[0].Add(movesWithin).Sub(now), 0)
	s.waits = wait > 0
	copy(s.moves[:], s.moves[1:])
	s.moves[movesAtOnce-1] = now.Add(wait)
	return wait, true
}

// moved ends the waiting.
func (s *sights) moved() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waits = false
}

// forget leaves out what whoever is at remote has seen.
func (s *sights) forget(remote ma.Multiaddr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.by, remote.String())
}

// listens tells whether local's port is one that we listen on.
func (s *sights) listens(local ma.Multiaddr) bool {
	port := portOf(local)
	return slices.ContainsFunc(s.ports(), func(l ma.Multiaddr) bool {
		return isDirect(l) && transportOf(l) == transportOf(local) && portOf(l) == port
	})
}

// mapped returns where others see us, the newest first.
func (s *sights) mapped() []ma.Multiaddr {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := slices.SortedFunc(maps.Values(s.by), func(a, b sight) int { return b.nth - a.nth })
	var addrs []ma.Multiaddr
	for _, v := range seen {
		if !slices.ContainsFunc(addrs, v.mapped.Equal) {
			addrs = append(addrs, v.mapped)
		}
	}
	return addrs
}

// kind compares what several have seen over "udp" or "tcp", IPv4 alone: IPv6 has
// no NATs worth the name.
func (s *sights) kind(transport string) NATKind {
	s.mu.Lock()
	defer s.mu.Unlock()
	observers := 0
	ports := map[string]bool{}
	own := false
	for _, v := range s.by {
		if layerOf(v.mapped) != transport {
			continue
		}
		own = own || v.own
		if has(v.mapped, ma.P_IP4) {
			observers++
			ports[portOf(v.mapped)] = true
		}
	}
	switch {
	case own:
		return NATNone
	case observers == 0:
		return NATUnknown
	case len(ports) > 1:
		return NATSymmetric
	case observers > 1:
		return NATCone
	}
	return NATSome
}

// isOwn tells whether an interface of this computer has a's IP.
func isOwn(a ma.Multiaddr) bool {
	ip, err := manet.ToIP(a)
	if err != nil {
		return false
	}
	own, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(own, func(o net.Addr) bool {
		mine, ok := o.(*net.IPNet)
		return ok && mine.IP.Equal(ip)
	})
}
