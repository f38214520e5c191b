//go:build !linux

package p2p

import (
	"errors"
	"fmt"
	"net"
)

// askForBBR: see bbr_linux.go.
func askForBBR(net.Conn) error {
	return fmt.Errorf("p2p: this system's TCP has no BBR that a program can ask for: %w", errors.ErrUnsupported)
}

// beginAnew: see bbr_linux.go.
func beginAnew(net.Conn, bool) bool { return false }

// segmentsIn: see bbr_linux.go.
func segmentsIn(net.Conn) (uint64, error) {
	return 0, fmt.Errorf("p2p: this system does not count a connection's segments: %w", errors.ErrUnsupported)
}

func hasBBR() bool { return false }
