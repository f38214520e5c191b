//go:build !linux

package seat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"
)

// watcher is never made on this system.
type watcher struct{}

func newWatcher(string, *slog.Logger) (*watcher, error) {
	return nil, fmt.Errorf("to follow the login screen on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}

func (*watcher) close()                                            {}
func (*watcher) look(context.Context) (Place, error)               { return Place{}, errors.ErrUnsupported }
func (*watcher) wait(context.Context, <-chan time.Time, bool) bool { return false }

// Holds is never asked on this system.
func (p Place) Holds(context.Context) error { return errors.ErrUnsupported }
