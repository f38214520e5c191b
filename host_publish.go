package main

import (
	"net"
	"os"
	"path/filepath"

	"rac/auth"
)

// What a service's host shows to every user of the computer, as who(1) shows who
// is logged in: all that rac status prints, and only that. It goes through a
// socket of its own, since one that obeys nobody cannot be talked into anything.

const statusSocket = "status.sock"

// listenForAll makes the socket for every user; nil where the host is not a
// service's but somebody's own.
func (h *host) listenForAll() (net.Listener, error) {
	if !ofService("", h.state) {
		return nil, nil
	}
	info, err := os.Stat(h.state)
	if err != nil {
		return nil, err
	}
	// Others may reach a name that they know (0711), not read the list of names;
	// what lies there beside the socket is for its owner alone (0600).
	if err := os.Chmod(h.state, info.Mode().Perm()|0o011); err != nil {
		return nil, err
	}
	return auth.ListenPublic(filepath.Join(h.state, statusSocket))
}
