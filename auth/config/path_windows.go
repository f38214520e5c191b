package config

import (
	"os"
	"path/filepath"
)

// servicePath returns the config file and the state folder of the service.
func servicePath() (config, state string) {
	dir := os.Getenv("ProgramData")
	if dir == "" {
		dir = `C:\ProgramData`
	}
	return filepath.Join(dir, "rac", FileName), filepath.Join(dir, "rac")
}

func userConfig() (string, error) { return os.UserConfigDir() } // %AppData%

func userState() (string, error) { return os.UserConfigDir() }
