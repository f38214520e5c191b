package console

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTheShellsEnvironment(t *testing.T) {
	got := environment([]string{
		"HOME=/home/anna", "RAC_CONFIG=/x", "RAC_PASSWORD_FILE=/x", "rac_totp_file=/x", "RACE=kept", "PATH=/bin",
		"TERM=dumb", "COLUMNS=7", "TMUX=/x", "NOTIFY_SOCKET=/x", "LISTEN_FDS=3", "LANG=de_DE.UTF-8",
	})
	for i, v := range got {
		if strings.HasPrefix(v, "TERM=") {
			got[i] = "TERM" // depends on the machine
		}
	}
	want := []string{"HOME=/home/anna", "RACE=kept", "PATH=/bin", "LANG=de_DE.UTF-8", "TERM", "COLORTERM=truecolor"}
	if !slices.Equal(got, want) {
		t.Errorf("environment %q, want %q", got, want)
	}
	bare := environment(nil) // as a service manager may start us
	if lookup(bare, "LC_CTYPE") != "C.UTF-8" || !strings.Contains(lookup(bare, "PATH"), "/usr/bin") {
		t.Errorf("from nothing: %q", bare)
	}
}

func TestTheTerminalIsOneThatTheMachineKnows(t *testing.T) {
	full, old, empty := t.TempDir(), t.TempDir(), t.TempDir()
	for _, path := range []string{full + "/78/xterm-256color", full + "/x/xterm", old + "/v/vt100", old + "/l/linux"} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		folders []string
		want    string
	}{
		{[]string{"", empty, old, full}, "xterm-256color"},
		{[]string{"", empty, old}, "linux"},
		{[]string{"", empty, filepath.Join(empty, "none")}, "xterm"},
	} {
		if got := terminalName(c.folders); got != c.want {
			t.Errorf("terminalName(%q) = %s, want %s", c.folders, got, c.want)
		}
	}
}

func TestTheShellIsOneThatIsThere(t *testing.T) {
	for shell, want := range map[string]string{"": "/bin/sh", "/bin/sh": "/bin/sh", "/none/zsh": "/bin/sh", "sh": "/bin/sh", "/etc/passwd": "/bin/sh", "/tmp": "/bin/sh"} {
		if got := loginShell(shell); got != want {
			t.Errorf("loginShell(%q) = %s, want %s", shell, got, want)
		}
	}
	if got := homeFolder("/none/home"); got != "/" {
		t.Errorf("a home that is not there: %s", got)
	}
}

func TestSizesAreBounded(t *testing.T) {
	for _, o := range []Options{{Cols: 1, Rows: 1}, {Cols: 80}, {Cols: 100000, Rows: 24}, {Cols: -1, Rows: -1}} {
		if err := o.complete(); err == nil {
			t.Errorf("%dx%d is accepted", o.Cols, o.Rows)
		}
	}
}
