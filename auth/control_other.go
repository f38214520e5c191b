//go:build !unix

package auth

import "net"

// listenPrivate relies on the state folder, which only its owner can enter:
// these systems give a socket no mode of its own.
func listenPrivate(path string) (net.Listener, error) { return net.Listen("unix", path) }
