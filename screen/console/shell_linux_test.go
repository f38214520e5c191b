package console

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestCloseEndsBackgroundJobs(t *testing.T) {
	for _, job := range []string{"sleep 1000 &", "nohup sleep 1000 >/dev/null 2>&1 &", "(trap '' HUP TERM INT; while :; do sleep 1000; done) &"} {
		c := start(t, plainShell(t))
		inject(t, hands(t, c), text(job+"\necho job $!.\n"))
		var pid int
		await(t, c, "the job's number", func(text string) bool {
			_, rest, found := strings.Cut(text, "\njob ")
			number, _, _ := strings.Cut(rest, ".")
			pid, _ = strconv.Atoi(number)
			return found && pid > 0
		})
		c.mu.Lock()
		session := c.shell.cmd.Process.Pid
		c.mu.Unlock()
		if _, of := sessionOf(pid); of != session {
			t.Fatalf("%s: process %d is in session %d, want %d", job, pid, of, session)
		}
		c.Close()
		if left := members(session); len(left) > 0 {
			t.Errorf("%s: processes %v are left", job, left)
		}
	}
}

func TestTheShellInheritsNoFilesAndNoSecrets(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	leak := inheritable(t, w)
	defer leak.Close()
	t.Setenv("RAC_PASSWORD_FILE", "/secret/place")
	t.Setenv("rac_totp_file", "/secret/place")
	c := start(t, plainShell(t))
	i := hands(t, c)
	inject(t, i, text("/bin/ls /proc/self/fd | tr '\\n' ' '; env | grep -ci rac_; echo $TERM,$COLORTERM; stty size\n"))
	shows(t, c, "0 1 2 3 0") // 3 is ls's own
	shows(t, c, "xterm-256color,truecolor")
	shows(t, c, "40 120")
}

// inheritable returns f as what a careless parent has left open.
func inheritable(t *testing.T, f *os.File) *os.File {
	t.Helper()
	fd, err := syscall.Dup(int(f.Fd())) // without close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "leak")
}
