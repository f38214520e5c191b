//go:build linux

package main

import (
	"image"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"rac/screen/screentest"
)

// Two computers with a cable between them: network namespaces joined by a veth
// pair. They have no names; each lives as long as a process in it does. Making
// them takes root, or a system that lets users have namespaces of their own.

// network is one of the two namespaces.
type network struct{ enter []string } // nsenter with its flags

// newNetwork makes a namespace for a computer; a second one belongs to the same
// owner as the first, so that a cable can join them.
func newNetwork(t *testing.T, first *network) *network {
	t.Helper()
	line := []string{"unshare", "--net"}
	if first != nil {
		line = append(first.enter[:len(first.enter):len(first.enter)], line...)
	} else if os.Getuid() != 0 {
		line = append(line, "--user", "--map-root-user")
	}
	cmd := exec.Command(line[0], append(line[1:], "sleep", "infinity")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	pid := strconv.Itoa(cmd.Process.Pid)
	eventually(t, "the namespace is there", func() bool {
		name, _ := os.ReadFile("/proc/" + pid + "/comm")
		return string(name) == "sleep\n"
	})
	n := &network{[]string{"nsenter", "--target", pid, "--net"}}
	if os.Getuid() != 0 {
		n.enter = append(n.enter, "--user", "--preserve-credentials")
	}
	n.ip(t, "link set lo up")
	return n
}

func (n *network) ip(t *testing.T, line string) {
	t.Helper()
	args := append(append(n.enter[1:len(n.enter):len(n.enter)], "ip"), strings.Fields(line)...)
	if out, err := exec.Command(n.enter[0], args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", line, err, out)
	}
}

func TestABareIDIsEnoughOnALocalNetworkThatComesAndGoes(t *testing.T) {
	near := newNetwork(t, nil)
	far := newNetwork(t, near)
	near.ip(t, "link add v0 type veth peer name v1 netns "+far.enter[2])
	near.ip(t, "addr add 10.77.0.1/24 dev v0")
	near.ip(t, "link set v0 up")
	far.ip(t, "addr add 10.77.0.2/24 dev v1")
	far.ip(t, "link set v1 up")

	a := newComputer(t, screentest.Xvfb(t, 1280, 800), true)
	a.in = far.enter
	h := a.host() // on its usual addresses, announced on the local network
	h.hang(image.Rect(600, 60, 1100, 460))
	b := newComputer(t, screentest.Xvfb(t, 1400, 900), true)
	b.in = near.enter
	v := b.watch(h.id, h)
	v.equals(h)
	awaitSaying(t, "the viewer", v.viewer, `"event":"connected","addr":"/ip4/10.77.0.2/`)

	// The cable is pulled with keys held down, and plugged in again.
	holdKey(t, h, v)
	near.ip(t, "link set v0 down")
	keysAreUp(t, h)
	awaitSaying(t, "the viewer", v.viewer, "the line is lost, trying to resume")
	one := h.typewriter("one", image.Pt(20, 40))
	near.ip(t, "link set v0 up")
	v.equals(h)
	v.xdotool("keyup shift keyup F7 mousemove " + v.at(one.middle()) + " click 1 key x Return")
	one.holds("x\n")
}
