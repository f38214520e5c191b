//go:build !unix

package auth

import (
	"io/fs"
	"net"
)

// listenMode relies on the state folder, which only its owner can enter: these
// systems give a socket no mode of its own.
func listenMode(path string, _ fs.FileMode) (net.Listener, error) { return net.Listen("unix", path) }
