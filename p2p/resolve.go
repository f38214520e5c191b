package p2p

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

const (
	maxReferrals = 4  // of one /dnsaddr to the next
	maxResolved  = 16 // addresses of one peer
)

// resolver looks up the names in multiaddrs with the system's own resolver.
type resolver struct{ net.Resolver }

var _ network.MultiaddrDNSResolver = (*resolver)(nil)

// ResolveDNSComponent replaces the /dns, /dns4 or /dns6 at the head of addr by
// the addresses of that name, at most limit.
func (r *resolver) ResolveDNSComponent(ctx context.Context, addr ma.Multiaddr, limit int) ([]ma.Multiaddr, error) {
	head, tail := ma.SplitFirst(addr)
	if head == nil {
		return nil, fmt.Errorf("nothing to look up in %s", addr)
	}
	family := map[int]string{ma.P_DNS: "ip", ma.P_DNS4: "ip4", ma.P_DNS6: "ip6"}[head.Code()]
	if family == "" {
		return []ma.Multiaddr{addr}, nil
	}
	ips, err := r.LookupNetIP(ctx, family, head.Value())
	if err != nil {
		return nil, err
	}
	var found []ma.Multiaddr
	for _, ip := range ips[:min(len(ips), limit)] {
		m, err := manet.FromIP(net.IP(netip.Addr.AsSlice(ip.Unmap())))
		if err != nil {
			return nil, err
		}
		found = append(found, ma.Join(m, tail))
	}
	return found, nil
}

// ResolveDNSAddr replaces /dnsaddr/NAME by the addresses that the TXT records
// of _dnsaddr.NAME list, of the wanted peer only
// (https://github.com/multiformats/multiaddr/blob/master/protocols/DNSADDR.md).
func (r *resolver) ResolveDNSAddr(ctx context.Context, want peer.ID, addr ma.Multiaddr, depth, limit int) ([]ma.Multiaddr, error) {
	head, tail := ma.SplitFirst(addr)
	if head == nil || head.Code() != ma.P_DNSADDR {
		return []ma.Multiaddr{addr}, nil
	}
	if depth <= 0 {
		return nil, fmt.Errorf("%s refers to too many others", addr)
	}
	records, err := r.LookupTXT(ctx, "_dnsaddr."+head.Value())
	if err != nil {
		return nil, err
	}
	var found []ma.Multiaddr
	for _, record := range records {
		if len(found) >= limit {
			break
		}
		next, ok := parseDNSAddr(record, want, tail)
		if !ok {
			continue
		}
		more, err := r.ResolveDNSAddr(ctx, want, next, depth-1, limit-len(found))
		if err == nil {
			found = append(found, more...)
		}
	}
	return found, nil
}

// resolveAll returns the addresses of a peer with all names looked up.
func (r *resolver) resolveAll(ctx context.Context, p peer.AddrInfo) ([]ma.Multiaddr, error) {
	var found []ma.Multiaddr
	var failed error
	for _, a := range p.Addrs {
		more, err := r.ResolveDNSAddr(ctx, p.ID, a, maxReferrals, maxResolved)
		for _, b := range more {
			ips, e := r.ResolveDNSComponent(ctx, b, maxResolved)
			err = errors.Join(err, e)
			for _, ip := range ips {
				plain, _ := peer.SplitAddr(ip)
				found = append(found, plain)
			}
		}
		failed = errors.Join(failed, err)
	}
	if len(found) == 0 && failed != nil {
		return nil, failed
	}
	found = ma.Unique(found)
	return found[:min(len(found), maxResolved)], nil
}

// parseDNSAddr reads a record "dnsaddr=/multiaddr" and tells whether it can
// lead to the peer want by the rest of the way, tail.
func parseDNSAddr(record string, want peer.ID, tail ma.Multiaddr) (ma.Multiaddr, bool) {
	text, ok := strings.CutPrefix(record, "dnsaddr=")
	if !ok {
		return nil, false
	}
	addr, err := ma.NewMultiaddr(text)
	if err != nil {
		return nil, false
	}
	rest, id := peer.SplitAddr(addr)
	if id != "" && want != "" && id != want {
		return nil, false
	}
	if id != "" && len(tail) > 0 {
		return ma.Join(rest, tail), true // the tail names the peer again
	}
	return ma.Join(addr, tail), true
}
