package p2p

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	natdiscovery "github.com/libp2p/go-libp2p/p2p/net/nat"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// router is the one that forwards ports on request, if there is such: by UPnP, which
// libp2p speaks, and beside it by PCP or NAT-PMP (portmap.go). libp2p looks for it
// once; we look again when the network has changed: a host mostly starts before its
// network does.
type router struct {
	net network.Network
	own *forwarder // over IPv4
	six *forwarder

	mu     sync.Mutex
	found  basichost.NATManager
	began  time.Time // when it was looked for last
	closed bool
}

var _ basichost.NATManager = (*router)(nil)

func newRouter(n network.Network, nonce [12]byte) *router {
	return &router{net: n, own: &forwarder{to: portmapAnywhere4, nonce: nonce}, six: &forwarder{to: portmapAnywhere6, nonce: nonce}, found: basichost.NewNATManager(n), began: time.Now()}
}

func (r *router) manager() (m basichost.NATManager, began time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.found, r.began
}

// GetMapping returns where the router forwards to a listening address from; nil:
// nowhere.
func (r *router) GetMapping(a ma.Multiaddr) ma.Multiaddr {
	if mapped := r.own.mapping(a); mapped != nil {
		return mapped
	}
	m, _ := r.manager()
	return m.GetMapping(a)
}

// HasDiscoveredNAT tells whether there is such a router.
func (r *router) HasDiscoveredNAT() bool {
	m, _ := r.manager()
	return r.own.protocol() != "" || m.HasDiscoveredNAT()
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

// state is what NAT.Router, By and Mapped say.
func (r *router) state(listening []ma.Multiaddr) (state, by string, mapped []string) {
	m, began := r.manager()
	var addrs []ma.Multiaddr
	var protocols []string
	if own := r.own.protocol(); own != "" {
		protocols = append(protocols, own)
	}
	for _, l := range listening {
		if a := r.own.mapping(l); a != nil {
			addrs = append(addrs, a)
		}
		if a := m.GetMapping(l); a != nil && !manet.IsIPUnspecified(a) {
			addrs = append(addrs, a)
			protocols = append(protocols, "UPnP")
		}
	}
	mapped = texts(ma.Unique(addrs))
	switch {
	case len(mapped) > 0:
		return "forwards", strings.Join(slices.Compact(protocols), " and "), mapped
	case time.Since(began) < natdiscovery.DiscoveryTimeout:
		return "searching", "", nil
	}
	return "none", "", nil
}
