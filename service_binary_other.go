//go:build !unix

package main

import (
	"errors"
	"fmt"
)

// onlyRootWrites is for systems that have a root.
func onlyRootWrites(path string) error {
	return fmt.Errorf("who can write %s: %w", path, errors.ErrUnsupported)
}
