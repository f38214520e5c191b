//go:build unix

package auth

import (
	"fmt"
	"io/fs"
)

// checkPrivate refuses a key that others can read or write.
func checkPrivate(file string, info fs.FileInfo) error {
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s can be read by other users: take the key for known, or chmod 600 %s if nobody was there", file, file)
	}
	return nil
}
