//go:build !unix || darwin

package input

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// OpenX11 is for systems whose screen is an X server's.
func OpenX11(ctx context.Context, display string, log *slog.Logger) (Injector, error) {
	return OpenX11Auth(ctx, display, "", log)
}

// OpenX11Auth says the same.
func OpenX11Auth(ctx context.Context, display, authority string, log *slog.Logger) (Injector, error) {
	return nil, fmt.Errorf("input: this system's keyboard and pointer are not an X server's: %w", errors.ErrUnsupported)
}
