//go:build !linux

package p2p

import (
	"errors"
	"fmt"
	"net/netip"
)

// defaultGateway is not asked of this system: UPnP, which needs no gateway, is what
// is left.
func defaultGateway() (netip.Addr, error) {
	return netip.Addr{}, fmt.Errorf("the default gateway is not read on this system: %w", errors.ErrUnsupported)
}
