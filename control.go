package main

// How a command reaches the running host: status, accept, deny, kick and invite do.

import (
	"errors"
	"io/fs"
	"path/filepath"

	"rac/auth"
	"rac/auth/config"
)

const controlSocket = "control.sock"

// tell sends a command to the running host.
func (p *program) tell(c auth.Command) (auth.Reply, error) {
	file, state, err := p.files()
	if err != nil {
		return auth.Reply{}, err
	}
	socket := socketFor(c.Do, state)
	reply, err := c.Ask(socket)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return reply, p.mayUse(file, socket, err)
	case errors.Is(err, auth.ErrNoHost):
		return reply, p.noHost(c.Do)
	}
	return reply, err
}

// noHost says that no host is running, and where another one may be.
func (p *program) noHost(do string) error {
	hint := "rac host starts one"
	if service, _, err := config.Path("", true); err == nil && !p.service && present(service) {
		hint = "the service's: rac " + do + " --service"
	}
	return fail(exitError, errors.New("no rac host is running here (for this user and this state folder)"), hint)
}

// socketFor returns the socket for a command to the host on a state folder.
func socketFor(do, state string) string {
	if do == "status" && ofService("", state) {
		return filepath.Join(state, statusSocket)
	}
	return filepath.Join(state, controlSocket)
}
