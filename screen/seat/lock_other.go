//go:build !linux

package seat

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

// Lock says that rac cannot.
func Lock(context.Context) error {
	return fmt.Errorf("to lock the screen on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}

// LockOwn says the same.
func LockOwn(ctx context.Context, _ string) error { return Lock(ctx) }
