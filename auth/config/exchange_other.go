//go:build !linux

package config

import "errors"

// Elsewhere the comparison right before the rename must do: some microseconds
// remain in which an editor's save could be lost.

func exchange(string, string) error  { return errors.ErrUnsupported }
func renameNew(string, string) error { return errors.ErrUnsupported }
