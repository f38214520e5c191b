package p2p

// Ports forwarded by the router that the way to the internet begins with, by PCP or
// NAT-PMP. libp2p v0.51.0 has a client for the latter that never finds the gateway:
// it asks for the route to 0.0.0.0, which is refused. UPnP is tried beside it, by
// libp2p (router.go).

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

const (
	// forwardLife is what we ask for, and renew at the half of: a router that has
	// forgotten it in a restart is asked again soon, also where nothing tells of it.
	forwardLife = 20 * time.Minute

	forwardSoonest = 15 * time.Second // between two renewals, whatever the router grants
	forwardRetry   = 5 * time.Minute  // where no router answers; a change of network is tried at once
	forwardRest    = time.Second      // after a change: the route comes after the address
)

// forwarder has this computer's ports forwarded: over IPv4 from the router's address,
// over IPv6 from their own, through a firewall that else lets nobody in who was not
// called.
type forwarder struct {
	to    netip.Addr // portmapAnywhere4 or 6
	nonce [12]byte   // the same after a restart, else the router would take us for somebody else

	mu            sync.Mutex
	by            string // "PCP", "NAT-PMP"; "": by neither
	gateway, from netip.Addr
	granted       map[portKey]forwarding
}

// keepForwarding keeps our ports forwarded until the node closes.
func (n *Node) keepForwarding(f *forwarder) {
	defer f.takeBack()
	for n.ctx.Err() == nil {
		changed := n.changed()
		due, moved, err := f.renew(n.ctx, portsOf(n.swarm.ListenAddresses(), f.to))
		if err != nil {
			n.log.Debug("no port forwarded by PCP or NAT-PMP", "error", err)
		}
		if moved {
			n.log.Debug("ports are forwarded", "by", f.protocol())
			n.repunch()
		}
		rest(n.ctx, due, changed)
		rest(n.ctx, forwardRest, nil)
	}
}

// renew asks for all ports, and returns when that is due again and whether
// somebody outside has to call us elsewhere now.
func (f *forwarder) renew(ctx context.Context, ports []portKey) (due time.Duration, moved bool, err error) {
	line, err := openGateway(f.to, f.nonce)
	if err != nil {
		return forwardRetry, f.set("", nil, nil), err
	}
	defer line.Close()
	var failed []error
	for _, p := range line.portmappers() {
		granted, err := f.ask(ctx, p, ports)
		if err == nil {
			return dueOf(granted), f.set(p.String(), line, granted), nil
		}
		failed = append(failed, fmt.Errorf("%s: %w", p, err))
	}
	if ctx.Err() != nil {
		return forwardRetry, false, ctx.Err() // what is granted is to be taken back
	}
	return forwardRetry, f.set("", nil, nil), errors.Join(failed...)
}

// ask asks for each port by one protocol: all or none.
func (f *forwarder) ask(ctx context.Context, p portmapper, ports []portKey) (granted map[portKey]forwarding, err error) {
	granted = map[portKey]forwarding{}
	defer func() {
		if err != nil {
			for _, g := range granted {
				p.end(g)
			}
		}
	}()
	for _, key := range ports {
		wanted := forwarding{key, netip.AddrPortFrom(netip.Addr{}, key.port), forwardLife}
		if old, ok := f.grantedFor(key); ok {
			wanted.outside = old.outside
		}
		got, err := p.forward(ctx, wanted)
		if err != nil {
			return granted, err
		}
		granted[key] = got
		if outside, err := manet.FromIP(got.outside.Addr().AsSlice()); err != nil || got.outside.Port() == 0 || !manet.IsPublicAddr(outside) {
			return granted, fmt.Errorf("the router forwards from %s, which the internet cannot call: another NAT lies beyond it", got.outside)
		}
	}
	if len(granted) == 0 {
		return nil, errors.New("there is no port to forward")
	}
	return granted, nil
}

// dueOf is half of the shortest life.
func dueOf(granted map[portKey]forwarding) time.Duration {
	life := forwardLife
	for _, g := range granted {
		life = min(life, g.life)
	}
	return max(life/2, forwardSoonest)
}

// set returns whether there is a forwarding that was not there before.
func (f *forwarder) set(by string, line *gatewayLine, granted map[portKey]forwarding) (moved bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, g := range granted {
		moved = moved || f.granted[key].outside != g.outside
	}
	f.by, f.granted = by, granted
	if line != nil {
		f.gateway, f.from = line.gateway, line.inside
	}
	return moved
}

func (f *forwarder) grantedFor(key portKey) (forwarding, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g, ok := f.granted[key]
	return g, ok
}

// protocol is the one by which ports are forwarded; "": none are.
func (f *forwarder) protocol() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.by
}

// takeBack tells the router to end what it forwards. It does not wait for an answer:
// what gets lost ends by itself.
func (f *forwarder) takeBack() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.granted) == 0 {
		return
	}
	line, err := dialGateway(f.gateway, f.from, f.nonce)
	if err != nil {
		return
	}
	defer line.Close()
	for _, p := range line.portmappers() {
		for _, g := range f.granted {
			if p.String() == f.by {
				p.end(g)
			}
		}
	}
	f.by, f.granted = "", nil
}

// mapping returns where the router forwards to a listening address from; nil:
// nowhere.
func (f *forwarder) mapping(listening ma.Multiaddr) ma.Multiaddr {
	key, ok := portKeyOf(listening, f.to)
	if !ok {
		return nil
	}
	g, ok := f.grantedFor(key)
	if !ok {
		return nil
	}
	ip, err := manet.FromIP(g.outside.Addr().AsSlice())
	if err != nil {
		return nil
	}
	layer := "tcp"
	if key.udp {
		layer = "udp"
	}
	port := ma.StringCast(fmt.Sprintf("/%s/%d", layer, g.outside.Port()))
	return ma.Join(ip, port, listening[2:])
}

// portsOf are the ports behind addresses of the family of to that a router can
// forward to.
func portsOf(listening []ma.Multiaddr, to netip.Addr) []portKey {
	var keys []portKey
	seen := map[portKey]bool{}
	for _, a := range listening {
		if key, ok := portKeyOf(a, to); ok && !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	return keys
}

// portKeyOf is the port of an address of the family of to that is not loopback's.
func portKeyOf(a ma.Multiaddr, to netip.Addr) (key portKey, ok bool) {
	family := ma.P_IP4
	if to.Is6() {
		family = ma.P_IP6
	}
	if len(a) < 2 || a[0].Code() != family || !isDirect(a) || manet.IsIPLoopback(a) {
		return key, false
	}
	where, err := manet.ToNetAddr(a[:2])
	if err != nil {
		return key, false
	}
	at, err := netip.ParseAddrPort(where.String())
	return portKey{udp: a[1].Code() == ma.P_UDP, port: at.Port()}, err == nil
}
