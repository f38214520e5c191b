//go:build !unix

package console

import (
	"errors"
	"fmt"
	"runtime"
)

// shell is not there: the system has no pseudo-terminals that we can use.
type shell struct{}

func startShell(*Options) (*shell, error) {
	return nil, fmt.Errorf("console: the built-in console needs the pseudo-terminals of Unix, which %s has not: %w",
		runtime.GOOS, errors.ErrUnsupported)
}

func (*shell) run(<-chan struct{}, func([]byte) []byte) {}
func (*shell) put([]byte) bool                          { return false }
func (*shell) idle() bool                               { return true }
