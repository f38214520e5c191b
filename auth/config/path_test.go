//go:build !windows

package config

import "testing"

func TestPathsFollowFlagEnvironmentAndXDG(t *testing.T) {
	t.Setenv("HOME", "/home/anna")
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("XDG_STATE_HOME", "relative/is/ignored")
	t.Setenv("RAC_CONFIG", "")
	t.Setenv("RAC_STATE", "")
	check := func(flag string, service bool, config, state string) {
		t.Helper()
		c, s, err := Path(flag, service)
		if err != nil || c != config || s != state {
			t.Errorf("got %s, %s, %v, want %s, %s", c, s, err, config, state)
		}
	}
	check("", false, "/home/anna/.config/rac/config.toml", "/home/anna/.local/state/rac")
	t.Setenv("XDG_CONFIG_HOME", "/c")
	t.Setenv("XDG_STATE_HOME", "/s")
	check("", false, "/c/rac/config.toml", "/s/rac")
	t.Setenv("RAC_CONFIG", "/e/x.toml")
	t.Setenv("RAC_STATE", "/e/state")
	check("", false, "/e/x.toml", "/e/state")
	check("f.toml", false, "f.toml", "/e/state")
	check("", true, "/etc/rac/config.toml", "/var/lib/rac")
}
