package p2p

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// The public network of this story is 30 servers (fewer for the race detector) on
// the internet of a lab; host
// and viewer sit behind two routers, and neither has a relay.

func TestBehindTwoRoutersABareIDIsFoundThroughThePublicNetwork(t *testing.T) {
	switch role, args := os.Getenv(netRole), strings.Fields(os.Getenv("P2P_TEST_ARGS")); role {
	case "servers":
		where := []string{"/ip4/" + p2ptest.ServerAddr + "/tcp/0", "/ip4/" + p2ptest.ServerAddr + "/udp/0/quic-v1"}
		fmt.Println("SEEDS", strings.Join(startPublicNetwork(t, fewer(30), where), " "))
		io.Copy(io.Discard, os.Stdin)
	case "host":
		n := startInLab(t, Options{Public: true, Bootstrap: args})
		n.Handle(echo, serveEcho)
		fmt.Println("ID", n.ID())
		untilFound(t, n)
		fmt.Println("FOUND")
		io.Copy(io.Discard, os.Stdin)
	case "viewer":
		n := startInLab(t, Options{Role: Connector, Public: true, Bootstrap: args[1:]})
		began := time.Now()
		var c *Conn
		var err error
		for c == nil { // the record comes a moment after the places on the relays
			c, err = n.Dial(t.Context(), Target{ID: wire.PeerID(args[0])})
			if err != nil && time.Since(began) > time.Minute {
				t.Fatal(err)
			}
		}
		say(t, open(t, c, echo), "hello")
		fmt.Println("PATH", time.Since(began).Round(time.Millisecond), c.Path(), c.Path().Addr)
	default:
		nat := p2ptest.Router{NAT: p2ptest.Restricted, Delay: 20 * time.Millisecond}
		lab := p2ptest.NewLab(t, nat, nat)
		seeds := startRole(t, lab.Internet, "servers", "").reads(t, "SEEDS ")
		host := startRole(t, lab.B, "host", seeds)
		id := host.reads(t, "ID ")
		host.reads(t, "FOUND")
		path := startRole(t, lab.A, "viewer", id+" "+seeds).reads(t, "PATH ")
		t.Log(path)
		if !strings.Contains(path, "direct") {
			t.Errorf("%s: want a direct connection", path)
		}
	}
}

// startInLab starts a node at the addresses that the computer of a lab has.
func startInLab(t *testing.T, o Options) *Node {
	o.Listen = []string{"/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1"}
	return start(t, o)
}

// labRole is this test, running again on a computer of a lab.
type labRole struct {
	out  *bufio.Reader
	name string
}

func startRole(t *testing.T, at p2ptest.Computer, role, args string) *labRole {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	self, err := os.Executable() // nsenter would be /proc/self/exe
	if err != nil {
		t.Fatal(err)
	}
	line := append(at.Enter(), self, "-test.run=^"+t.Name()+"$")
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Env = append(os.Environ(), netRole+"="+role, "P2P_TEST_ARGS="+args)
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
	return &labRole{bufio.NewReader(out), role}
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

// A computer that is told to stay off the public network, and has no relay, says
// nothing to anybody; the same computer with the public network does, which shows
// that the test would hear it.
func TestNoPacketLeavesAComputerThatStaysOffThePublicNetwork(t *testing.T) {
	if os.Getenv(netRole) == "" {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if out, err := inNetwork(ctx, t, "alone").CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	os.WriteFile("/proc/sys/net/ipv6/conf/all/disable_ipv6", []byte("1"), 0) // its own packets come and go
	for _, line := range []string{"link set lo up", "link add net0 type veth peer name net1", "link set net1 up", "addr add 11.5.0.2/24 dev net0", "link set net0 up", "route add default via 11.5.0.1",
		"neigh add 11.5.0.1 lladdr 02:00:00:00:00:01 dev net0"} {
		ip(t, line)
	}
	for _, public := range []bool{false, true} {
		before := packetsSent(t)
		seed := "/ip4/11.9.9.9/tcp/4001/p2p/" + string(newIdentity(t).ID())
		host := start(t, Options{Public: public, Bootstrap: []string{seed}, Listen: []string{"/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1"}})
		viewer := start(t, Options{Role: Connector, Public: public, Bootstrap: []string{seed}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		viewer.Dial(ctx, Target{ID: newIdentity(t).ID(), Addrs: []string{"/ip4/127.0.0.1/tcp/1"}})
		<-ctx.Done()
		cancel()
		host.Close()
		viewer.Close()
		if sent := packetsSent(t) - before; (sent > 0) != public {
			t.Errorf("public network %v: %d packets sent", public, sent)
		}
	}
}

// packetsSent counts those that have left by net0.
func packetsSent(t *testing.T) int {
	t.Helper()
	text, err := exec.Command("awk", "/net0:/ { print $11 }", "/proc/self/net/dev").Output() // sysfs may be another namespace's
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
