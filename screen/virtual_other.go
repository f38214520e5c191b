//go:build !linux

package screen

import (
	"context"
	"errors"
	"fmt"
	"image"
)

// Virtual is a screen where there is none; this system has no such thing.
type Virtual struct {
	Display   string
	Authority string
	Env       []string
}

// StartVirtual says that this system has no virtual screens.
func StartVirtual(ctx context.Context, size image.Point, folder string) (*Virtual, error) {
	return nil, fmt.Errorf("virtual screen on this system: %w", errors.ErrUnsupported)
}

// Done is closed when the server has ended.
func (v *Virtual) Done() <-chan struct{} { return nil }

// Close does nothing.
func (v *Virtual) Close() error { return nil }
