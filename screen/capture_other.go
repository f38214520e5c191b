//go:build !unix || darwin

package screen

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// OpenX11 says that this system's screen is not an X server's.
func OpenX11(ctx context.Context, display string, log *slog.Logger) (Source, error) {
	return OpenX11Auth(ctx, display, "", log)
}

// OpenX11Auth says the same.
func OpenX11Auth(ctx context.Context, display, authority string, log *slog.Logger) (Source, error) {
	return nil, fmt.Errorf("capture: X11 displays on this system: %w", errors.ErrUnsupported)
}
