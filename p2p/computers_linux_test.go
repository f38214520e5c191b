package p2p

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"rac/p2p/p2ptest"
)

// A story with several computers starts its test again as each of them, in a
// network namespace; with the processes all of it is gone. It needs iproute2, and
// root or a system that lets users make namespaces.

const (
	netRole = "P2P_TEST_NET_ROLE" // which computer this process is
	netArgs = "P2P_TEST_NET_ARGS" // what it is told, in words
)

// roles are what the computers of a story do.
type roles map[string]func(t *testing.T, args []string)

// play is the part of this process: that of a computer, or the story.
func (r roles) play(t *testing.T, story func(t *testing.T)) {
	part, ok := r[os.Getenv(netRole)]
	if !ok {
		story(t)
		return
	}
	part(t, strings.Fields(os.Getenv(netArgs)))
}

// labRole is this test, running again on a computer of a lab.
type labRole struct {
	process *os.Process
	in      io.Closer // its end ends stay
	out     *bufio.Reader
	name    string
}

func startRole(t *testing.T, at p2ptest.Computer, role, args string) *labRole {
	t.Helper()
	return runRole(t, at.Enter(), role, args)
}

// runRole starts it by the command enter; nil: on this computer.
func runRole(t *testing.T, enter []string, role, args string) *labRole {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	self, err := os.Executable() // nsenter would be /proc/self/exe
	if err != nil {
		t.Fatal(err)
	}
	line := append(enter, self, "-test.run=^"+t.Name()+"$")
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Env = append(os.Environ(), netRole+"="+role, netArgs+"="+args)
	cmd.Stderr = os.Stderr
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		io.Copy(io.Discard, out)
		cmd.Wait()
		cancel()
	})
	return &labRole{cmd.Process, in, bufio.NewReader(out), role}
}

// reads returns what follows prefix in the next line that begins with it.
func (r *labRole) reads(t *testing.T, prefix string) string {
	t.Helper()
	var all strings.Builder
	for {
		line, err := r.out.ReadString('\n')
		if err != nil {
			t.Fatalf("the %s never says %q, but:\n%s", r.name, prefix, all.String())
		}
		all.WriteString(line)
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return strings.TrimSpace(rest)
		}
	}
}

// stay keeps a role on its computer until the story ends.
func stay() { io.Copy(io.Discard, os.Stdin) }

// startInLab starts a node at the addresses that the computer of a lab has.
func startInLab(t *testing.T, o Options) *Node {
	o.Listen = []string{"/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1"}
	return start(t, o)
}

// onServer is where a program on the server of a lab listens.
func onServer() []string {
	return []string{"/ip4/" + p2ptest.ServerAddr + "/tcp/0", "/ip4/" + p2ptest.ServerAddr + "/udp/0/quic-v1"}
}

// relayRole is a relay on the server of a lab, which says RELAY and its addresses.
func relayRole(t *testing.T, _ []string) {
	fmt.Println("RELAY", strings.Join(startOwnRelay(t, RelayOptions{Listen: onServer()}).Addrs(), " "))
	stay()
}

// inNetwork starts this test again in a new network namespace.
func inNetwork(ctx context.Context, t *testing.T, role string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), netRole+"="+role)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if uid := os.Getuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	return cmd
}

// runInNetwork does so, waits for its end, and logs what it has found.
func runInNetwork(t *testing.T, role string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := inNetwork(ctx, t, role).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "found") {
			t.Log(strings.TrimSpace(line))
		}
	}
}

// onALoneComputer tells the story on a computer whose network has nothing in it.
func onALoneComputer(t *testing.T, story func(t *testing.T)) {
	roles{"alone": func(t *testing.T, _ []string) { story(t) }}.play(t, func(t *testing.T) { runInNetwork(t, "alone") })
}

// ip runs a command of iproute2.
func ip(t *testing.T, line string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", line, err, out)
	}
}

// twoComputers tells the story from the viewer's side; host is what the other
// computer does, with a cable (a veth pair) and its stdin and stdout between them.
func twoComputers(t *testing.T, viewer func(t *testing.T, in io.Writer, out *bufio.Reader), host func(t *testing.T)) {
	roles{
		"host": func(t *testing.T, _ []string) {
			ip(t, "link set lo up")
			host(t)
		},
		"viewer": func(t *testing.T, _ []string) {
			child := inNetwork(t.Context(), t, "host")
			child.Stderr = os.Stderr
			in, _ := child.StdinPipe()
			out, _ := child.StdoutPipe()
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			ip(t, "link set lo up")
			ip(t, fmt.Sprintf("link add v0 type veth peer name v1 netns %d", child.Process.Pid))
			ip(t, "addr add 10.77.0.1/24 dev v0")
			ip(t, "link set v0 up")
			viewer(t, in, bufio.NewReader(out))
			in.Close()
			io.Copy(io.Discard, out)
			if err := child.Wait(); err != nil {
				t.Errorf("the host: %v", err)
			}
		},
	}.play(t, func(t *testing.T) { runInNetwork(t, "viewer") })
}

// plug connects the host's end of the cable.
func plug(t *testing.T) {
	ip(t, "addr add 10.77.0.2/24 dev v1")
	ip(t, "link set v1 up")
}
