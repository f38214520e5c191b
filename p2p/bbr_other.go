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

func hasBBR() bool { return false }
