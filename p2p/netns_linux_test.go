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
)

// The stories of this file happen on two computers with a cable between them:
// network namespaces joined by a veth pair. The test starts itself again as the
// viewer, in a namespace of its own, and that one starts the host in another;
// with the processes all of it is gone. It needs iproute2, and root or a system
// that lets users make namespaces.

const netRole = "P2P_TEST_NET_ROLE"

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

// ip runs a command of iproute2.
func ip(t *testing.T, line string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", line, err, out)
	}
}

// twoComputers tells the story from the viewer's side; host is what the other
// computer does, with its stdin and stdout between them.
func twoComputers(t *testing.T, viewer func(t *testing.T, in io.Writer, out *bufio.Reader), host func(t *testing.T)) {
	switch os.Getenv(netRole) {
	case "host":
		ip(t, "link set lo up")
		host(t)
	case "viewer":
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
	default:
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		out, err := inNetwork(ctx, t, "viewer").CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "found") {
				t.Log(strings.TrimSpace(line))
			}
		}
	}
}

// plug connects the host's end of the cable.
func plug(t *testing.T) {
	ip(t, "addr add 10.77.0.2/24 dev v1")
	ip(t, "link set v1 up")
}

// hostUntilStdinEnds shares an echo and prints its ID.
func hostUntilStdinEnds(t *testing.T, in *bufio.Reader, started func()) {
	n, err := Start(t.Context(), Options{Identity: newIdentity(t), LAN: true})
	if err != nil {
		t.Fatal(err)
	}
	n.Handle(echo, serveEcho)
	fmt.Println("ID", n.ID())
	started()
	io.Copy(io.Discard, in)
	n.Close()
}

func readID(t *testing.T, out *bufio.Reader) Target {
	for {
		line, err := out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if id, ok := strings.CutPrefix(line, "ID "); ok {
			target, err := ParseTarget(id)
			if err != nil {
				t.Fatal(err)
			}
			return target
		}
	}
}

func TestABareIDIsFoundOnAnotherComputer(t *testing.T) {
	twoComputers(t, func(t *testing.T, in io.Writer, out *bufio.Reader) {
		fmt.Fprintln(in, "plug") // v1 exists now
		target := readID(t, out)
		viewer, err := Start(t.Context(), Options{Identity: newIdentity(t), Role: Connector, LAN: true})
		if err != nil {
			t.Fatal(err)
		}
		defer viewer.Close()
		began := time.Now()
		c := dial(t, viewer, target)
		t.Logf("found and connected after %v: %s at %s", time.Since(began), c.Path(), c.Path().Addr)
		if p := c.Path(); !strings.HasPrefix(p.Addr, "/ip4/10.77.0.2/tcp/") {
			t.Errorf("connected to %s, want 10.77.0.2 over TCP", p.Addr)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
		say(t, open(t, c, echo), "hello")
	}, func(t *testing.T) {
		in := bufio.NewReader(os.Stdin)
		in.ReadString('\n')
		plug(t)
		hostUntilStdinEnds(t, in, func() {})
	})
}

// alone brings up an interface with IPv6 only, without the second in which it
// looks for others with its addresses.
func alone(t *testing.T, dev, host string) {
	ip(t, "link set "+dev+" addrgenmode none")
	ip(t, "link set "+dev+" up")
	ip(t, "addr add fe80::"+host+"/64 dev "+dev+" nodad")
	ip(t, "addr add fd77::"+host+"/64 dev "+dev+" nodad")
}

func TestABareIDIsFoundOverIPv6AloneAndAmongSeveralNetworks(t *testing.T) {
	twoComputers(t, func(t *testing.T, in io.Writer, out *bufio.Reader) {
		ip(t, "link set v0 down")
		ip(t, "addr del 10.77.0.1/24 dev v0")
		alone(t, "v0", "1")
		for i := range 3 { // networks where nobody answers
			ip(t, fmt.Sprintf("link add d%d type bridge", i))
			ip(t, fmt.Sprintf("addr add 10.88.%d.1/24 dev d%d", i, i))
			ip(t, fmt.Sprintf("link set d%d up multicast on", i))
		}
		fmt.Fprintln(in, "plug")
		target := readID(t, out)
		viewer, err := Start(t.Context(), Options{Identity: newIdentity(t), Role: Connector, LAN: true})
		if err != nil {
			t.Fatal(err)
		}
		defer viewer.Close()
		began := time.Now()
		c := dial(t, viewer, target)
		t.Logf("found and connected after %v: %s at %s", time.Since(began), c.Path(), c.Path().Addr)
		if p := c.Path(); !strings.HasPrefix(p.Addr, "/ip6/fd77::2/tcp/") {
			t.Errorf("connected to %s, want fd77::2 over TCP", p.Addr)
		}
		say(t, open(t, c, echo), "hello")
	}, func(t *testing.T) {
		in := bufio.NewReader(os.Stdin)
		in.ReadString('\n')
		alone(t, "v1", "2")
		hostUntilStdinEnds(t, in, func() {})
	})
}

func TestAHostIsFoundOnANetworkThatCameUpAfterItsStart(t *testing.T) {
	twoComputers(t, func(t *testing.T, in io.Writer, out *bufio.Reader) {
		target := readID(t, out)
		fmt.Fprintln(in, "plug")
		viewer, err := Start(t.Context(), Options{Identity: newIdentity(t), Role: Connector, LAN: true})
		if err != nil {
			t.Fatal(err)
		}
		defer viewer.Close()
		began := time.Now()
		for {
			c, err := viewer.Dial(t.Context(), target)
			if err == nil {
				t.Logf("found %v after the cable: %s", time.Since(began), c.Path().Addr)
				say(t, open(t, c, echo), "hello")
				return
			}
			if time.Since(began) > 40*time.Second {
				t.Fatal(err)
			}
		}
	}, func(t *testing.T) {
		in := bufio.NewReader(os.Stdin)
		hostUntilStdinEnds(t, in, func() {
			in.ReadString('\n')
			plug(t)
		})
	})
}

func TestWithoutAnyNetworkTheReasonIsSaid(t *testing.T) {
	if os.Getenv(netRole) == "" {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if out, err := inNetwork(ctx, t, "alone").CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	host, err := Start(t.Context(), Options{Identity: newIdentity(t), LAN: true}) // not even loopback is up
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	viewer, err := Start(t.Context(), Options{Identity: newIdentity(t), Role: Connector, LAN: true})
	if err != nil {
		t.Fatal(err)
	}
	defer viewer.Close()
	_, err = viewer.Dial(t.Context(), Target{ID: host.ID()})
	if err == nil || !strings.Contains(err.Error(), errNoMulticast.Error()) {
		t.Errorf("dial: %v, want %v", err, errNoMulticast)
	}
}
