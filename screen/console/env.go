package console

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// completeShell fills in the shell, its environment and its folder.
func (o *Options) completeShell() {
	env := o.Env
	if env == nil {
		env = os.Environ()
	}
	o.Env = environment(env)
	if len(o.Shell) == 0 {
		o.Shell = []string{loginShell(lookup(o.Env, "SHELL"))}
		o.login = true
	}
	if o.Dir == "" {
		o.Dir = homeFolder(lookup(o.Env, "HOME"))
	}
}

// loginShell returns shell, or /bin/sh where it is not there or no shell.
func loginShell(shell string) string {
	if info, err := os.Stat(shell); filepath.IsAbs(shell) && err == nil && info.Mode()&0o111 != 0 && !info.IsDir() {
		return shell
	}
	return "/bin/sh"
}

func homeFolder(home string) string {
	if info, err := os.Stat(home); err == nil && info.IsDir() {
		return home
	}
	return "/"
}

// notOurs are the variables of the terminal, the multiplexer or the service
// manager that this program itself was started in.
var notOurs = []string{
	"TERM", "COLORTERM", "TERMCAP", "COLUMNS", "LINES", "WINDOWID", "VTE_VERSION", "TERM_PROGRAM", "TERM_PROGRAM_VERSION",
	"TMUX", "TMUX_PANE", "STY", "WINDOW", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
	"INVOCATION_ID", "JOURNAL_STREAM", "WATCHDOG_PID", "WATCHDOG_USEC",
}

// environment returns env for the shell: without RAC_*, which may name files
// with passwords, with our terminal, and with a UTF-8 locale where none is set.
func environment(env []string) []string {
	out := make([]string, 0, len(env)+3)
	for _, v := range env {
		name, _, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(strings.ToUpper(name), "RAC_") && !slices.Contains(notOurs, name) {
			out = append(out, v)
		}
	}
	if lookup(out, "LC_ALL") == "" && lookup(out, "LC_CTYPE") == "" && lookup(out, "LANG") == "" {
		out = append(out, "LC_CTYPE=C.UTF-8")
	}
	if lookup(out, "PATH") == "" {
		out = append(out, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	return append(out, "TERM="+terminalName(terminfoFolders(out)), "COLORTERM=truecolor")
}

// lookup returns the value of a variable; the last one counts, as in exec.
func lookup(env []string, name string) string {
	for _, v := range slices.Backward(env) {
		if rest, ok := strings.CutPrefix(v, name+"="); ok {
			return rest
		}
	}
	return ""
}

func terminfoFolders(env []string) []string {
	return []string{
		lookup(env, "TERMINFO"), filepath.Join(lookup(env, "HOME"), ".terminfo"),
		"/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo", "/usr/local/share/terminfo", "/usr/share/lib/terminfo", "/usr/share/misc/terminfo",
	}
}

// terminalName chooses TERM: xterm-256color where this machine can look it up
// (Debian's ncurses-base, which every machine has, brings it), else the nearest
// it has. With no database at all "xterm" is the name that most programs have
// built in.
func terminalName(folders []string) string {
	for _, name := range []string{"xterm-256color", "xterm", "vt220", "linux", "vt100"} {
		for _, dir := range folders {
			for _, sub := range []string{name[:1], hexName(name[0])} { // ncurses on case-insensitive file systems
				if _, err := os.Stat(filepath.Join(dir, sub, name)); dir != "" && err == nil {
					return name
				}
			}
		}
	}
	return "xterm"
}

func hexName(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}
