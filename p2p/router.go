package p2p

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	natdiscovery "github.com/libp2p/go-libp2p/p2p/net/nat"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// router is the one that forwards ports on request (UPnP; libp2p v0.51.0 also asks
// by NAT-PMP, but its way to find the gateway always fails), if there is such. libp2p looks for it once; we look again when the network has changed: a
// host mostly starts before its network does.
type router struct {
	net network.Network

	mu     sync.Mutex
	found  basichost.NATManager
	began  time.Time // when it was looked for last
	closed bool
}

var _ basichost.NATManager = (*router)(nil)

func newRouter(n network.Network) *router {
	return &router{net: n, found: basichost.NewNATManager(n), began: time.Now()}
}

func (r *router) manager() (m basichost.NATManager, began time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.found, r.began
}

// GetMapping returns where the router forwards to a listening address from; nil:
// nowhere.
func (r *router) GetMapping(a ma.Multiaddr) ma.Multiaddr {
	m, _ := r.manager()
	return m.GetMapping(a)
}

// HasDiscoveredNAT tells whether there is such a router.
func (r *router) HasDiscoveredNAT() bool {
	m, _ := r.manager()
	return m.HasDiscoveredNAT()
}

// Close takes back what the router forwards.
func (r *router) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	return r.found.Close()
}

// search looks for a router again unless there is one. It returns what the caller
// has to close, which takes as long as the old search.
func (r *router) search() (old basichost.NATManager) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.found.HasDiscoveredNAT() {
		return nil
	}
	old = r.found
	r.found, r.began = basichost.NewNATManager(r.net), time.Now()
	return old
}

// state is what NAT.Router and NAT.Mapped say.
func (r *router) state(listening []ma.Multiaddr) (state string, mapped []string) {
	m, began := r.manager()
	var addrs []ma.Multiaddr
	for _, l := range listening {
		if a := m.GetMapping(l); a != nil && !manet.IsIPUnspecified(a) {
			addrs = append(addrs, a)
		}
	}
	mapped = texts(ma.Unique(addrs))
	switch {
	case len(mapped) > 0:
		return "forwards", mapped
	case time.Since(began) < natdiscovery.DiscoveryTimeout:
		return "searching", nil
	}
	return "none", nil
}
