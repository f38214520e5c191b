//go:build !linux

package x11

import (
	"errors"
	"fmt"
)

// NewSegment cannot make shared memory on this system.
func (c *Conn) NewSegment(size int) (*Segment, error) {
	return nil, fmt.Errorf("x11: shared memory on this system: %w", errors.ErrUnsupported)
}

// Close does nothing.
func (s *Segment) Close() error { return nil }

func (s *stream) writeFD(p []byte, fd int) (int, error) {
	return 0, errors.ErrUnsupported
}
