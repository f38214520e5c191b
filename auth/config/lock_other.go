//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package config

import (
	"errors"
	"fmt"
	"os"
)

func tryLock(*os.File) error {
	return fmt.Errorf("rac knows no file locks on this system: %w", errors.ErrUnsupported)
}
