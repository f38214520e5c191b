//go:build !linux

package main

import (
	"errors"
	"fmt"
	"net"
)

// pathMTU: this system does not tell it.
func pathMTU(net.IP) (int, error) {
	return 0, fmt.Errorf("the largest packet is told on Linux only: %w", errors.ErrUnsupported)
}
