package p2p

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/libp2p/go-netroute"
)

// The addresses of whatever forwards ports on the way to the internet (RFC 7723): no
// more specific route leads there.
var (
	portmapAnywhere4 = netip.AddrFrom4([4]byte{192, 0, 0, 9})
	portmapAnywhere6 = netip.MustParseAddr("2001:1::1")
)

var errNoGateway = errors.New("there is no router on the way to the internet")

// defaultGateway is the router that the way to the internet begins with.
func defaultGateway() (netip.Addr, error) {
	gateway, _, err := gatewayTo(portmapAnywhere4)
	return gateway, err
}

// gatewayTo asks the system for the router on the way to an address, and for ours
// that it would be called from.
func gatewayTo(there netip.Addr) (gateway, from netip.Addr, err error) {
	routes, err := netroute.New()
	if err != nil {
		return gateway, from, err
	}
	line, next, source, err := routes.Route(there.AsSlice())
	if err != nil {
		return gateway, from, fmt.Errorf("%w: %w", errNoGateway, err)
	}
	gateway, ok := netip.AddrFromSlice(next)
	gateway = gateway.Unmap()
	if !ok || gateway.IsUnspecified() || gateway.Is4() != there.Is4() {
		return gateway, from, errNoGateway
	}
	if gateway.IsLinkLocalUnicast() && gateway.Is6() && line != nil {
		gateway = gateway.WithZone(strconv.Itoa(line.Index))
	}
	from, _ = netip.AddrFromSlice(source)
	return gateway, from.Unmap(), nil
}
