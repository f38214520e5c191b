package config

// Where the files are.

import (
	"cmp"
	"os"
	"path/filepath"
)

// FileName is the config's name in its folder.
const FileName = "config.toml"

// Path returns the config file and the state folder (identity.key, state.json,
// host.lock …). The config is flag, else $RAC_CONFIG, else this user's own; the
// state is $RAC_STATE, else the user's own. With service they are the service's,
// though a flag still names the config.
func Path(flag string, service bool) (config, state string, err error) {
	if service {
		config, state = servicePath()
		return cmp.Or(flag, config), state, nil
	}
	config, state = flag, os.Getenv("RAC_STATE")
	if config == "" {
		config = os.Getenv("RAC_CONFIG")
	}
	if config == "" {
		dir, err := userConfig()
		if err != nil {
			return "", "", err
		}
		config = filepath.Join(dir, "rac", FileName)
	}
	if state == "" {
		dir, err := userState()
		if err != nil {
			return "", "", err
		}
		state = filepath.Join(dir, "rac")
	}
	return config, state, nil
}
