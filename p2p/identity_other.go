//go:build !unix

package p2p

import (
	"fmt"
	"io/fs"
)

// checkPrivate cannot tell here who may read the file: a mode says nothing
// where access lists rule. The file lies in the user's own profile folder.
func checkPrivate(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("identity key %s is not a file", path)
	}
	return nil
}
