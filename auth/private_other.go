//go:build !unix

package auth

import "io/fs"

// checkPrivate: Windows guards the user's folder by its inherited ACL; modes
// mean nothing there.
func checkPrivate(string, fs.FileInfo) error { return nil }
