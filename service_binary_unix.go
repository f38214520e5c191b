//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// onlyRootWrites checks that nobody but root can change a file, or put another
// one in its place.
func onlyRootWrites(path string) error {
	for {
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		owner, known := info.Sys().(*syscall.Stat_t)
		if known && owner.Uid != 0 {
			return fmt.Errorf("%s belongs to user %d, not to root", path, owner.Uid)
		}
		if mode := info.Mode(); mode.Perm()&0o022 != 0 && mode.Type() != os.ModeSymlink {
			return fmt.Errorf("others than root can write %s (%v)", path, mode)
		}
		if path == filepath.Dir(path) {
			return nil
		}
		path = filepath.Dir(path)
	}
}
