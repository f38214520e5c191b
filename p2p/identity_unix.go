//go:build unix

package p2p

import (
	"fmt"
	"io/fs"
)

// checkPrivate refuses a key file that anybody but its owner can touch: who has
// read it can be this computer.
func checkPrivate(path string, info fs.FileInfo) error {
	mode := info.Mode()
	if !mode.IsRegular() {
		return fmt.Errorf("identity key %s is not a file", path)
	}
	if mode.Perm()&0o077 == 0 {
		return nil
	}
	return fmt.Errorf("identity key %s can be read or written by others (mode %04o): run chmod 600 %s, or, if somebody may have copied it, remove it: rac then makes a new key, and this computer gets a new ID",
		path, mode.Perm(), path)
}
