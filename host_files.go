package main

// Which folder rac cp reaches at the host.

import (
	"os"
	"os/user"

	"rac/p2p/files"
)

// openFiles makes the host's end of rac cp. The folder is asked for at each copy,
// so that a change of the config holds at once; the identity and the config are
// in no copy.
func (h *host) openFiles() *files.Host {
	return files.NewHost(func() (string, error) {
		cfg, err := h.file.Load()
		if err != nil {
			return "", err
		}
		if cfg.Permissions.FilesRoot != "" {
			return cfg.Permissions.FilesRoot, nil
		}
		return homeFolder()
	}, h.file.Path(), h.state)
}

// homeFolder is the home of the user that this program runs as. A service has no
// $HOME.
func homeFolder() (string, error) {
	if home, err := os.UserHomeDir(); err == nil {
		return home, nil
	}
	u, err := user.Current()
	if err != nil {
		return "", err
	}
	return u.HomeDir, nil
}
