//go:build !windows

package config

import (
	"fmt"
	"os"
	"path/filepath"
)

// servicePath returns the config file and the state folder of the service.
func servicePath() (config, state string) {
	return "/etc/rac/" + FileName, "/var/lib/rac"
}

func userConfig() (string, error) { return xdg("XDG_CONFIG_HOME", ".config") }

func userState() (string, error) { return xdg("XDG_STATE_HOME", ".local/state") }

// xdg follows the XDG base directory specification, which says to ignore a
// relative path.
func xdg(variable, below string) (string, error) {
	if dir := os.Getenv(variable); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("%w: set it, or both RAC_CONFIG and RAC_STATE", err)
	}
	return filepath.Join(home, below), nil
}
