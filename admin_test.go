//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// machineScript makes a computer's /etc and /var/lib anew, in a mount namespace
// that ends with the script: what is there is linked, what a story adds is seen
// nowhere else. $1 is rac.
const machineScript = `set -e
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/bin /mnt/home
chown 65534:65534 /mnt/home
touch /mnt/bin/rac
mount --bind "$(readlink -f "$1")" /mnt/bin/rac
anew() {
	mkdir /mnt/$2
	mount --bind $1 /mnt/$2
	mount -t tmpfs -o mode=755 tmpfs $1
	for f in /mnt/$2/* /mnt/$2/.[!.]*; do
		[ ! -e "$f" ] || [ "$f" = /mnt/$2/rac ] || ln -s "$f" $1/
	done
}
anew /etc etc
anew /var/lib lib
echo ready $$
exec sleep infinity
`

// cmdServiceMachine puts the story on a computer on which rac is to be a service:
// the programs as-root and as-nobody run a command there.
func cmdServiceMachine(ts *testscript.TestScript, _ bool, _ []string) {
	sudo := ""
	line := []string{"unshare", "--mount", "sh", "-c", machineScript, "sh", racOf(ts)}
	if os.Getuid() != 0 {
		sudo = "sudo -n "
		line = append([]string{"sudo", "-n"}, line...)
	}
	machine := launch(ts, "the machine", commandOf(context.Background(), ts, line), false)
	pid := awaitSaying(ts, "the machine", machine, `^ready (\d+)`)[1]
	bin := ts.MkAbs("machine-bin")
	ts.Check(os.MkdirAll(bin, 0o755))
	as := func(who, home, rights string) {
		script := fmt.Sprintf(`#!/bin/sh
exec %snsenter --target %s --mount --root %s env -i PATH=/mnt/bin:/usr/bin:/bin HOME=%s SHELL=/bin/sh TERM="$TERM" DISPLAY="$DISPLAY" "$@"
`, sudo, pid, rights, home)
		ts.Check(os.WriteFile(filepath.Join(bin, who), []byte(script), 0o755))
	}
	as("as-root", "/root", "")
	as("as-nobody", "/mnt/home", "setpriv --reuid 65534 --regid 65534 --clear-groups")
	ts.Setenv("PATH", bin+string(filepath.ListSeparator)+ts.Getenv("PATH"))
}

func racOf(ts *testscript.TestScript) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path := filepath.Join(dir, "rac"); exists(path) {
			return path
		}
	}
	ts.Fatalf("there is no rac in PATH")
	return ""
}

func TestTheCommandThatIsNamedIsOneThatAShellTakes(t *testing.T) {
	args := []string{"set", "--service", "--add-relay", "/ip4/192.0.2.1/tcp/1/p2p/12D3", "a b", "", "it's", "$(reboot)", "a;b", "~", "*", "#", "x\ny", "ä"}
	line := commandLine(args)
	out, err := exec.Command("sh", "-c", `rac() { printf '%s\0' "$@"; }; `+line).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	for _, a := range args {
		want += a + "\x00"
	}
	if string(out) != want {
		t.Errorf("%s\na shell takes it for %q, want %q", line, out, want)
	}
	if got := commandLine([]string{"passwd", "--service"}); got != "rac passwd --service" {
		t.Errorf("got %q, want nothing quoted", got)
	}
}
