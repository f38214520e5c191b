package p2p

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// These stories happen on two computers with a cable between them, where a bare ID
// is enough.

// startOnLAN starts a node where rac's programs listen, that finds others on its
// network alone.
func startOnLAN(t *testing.T, role Role) *Node {
	t.Helper()
	n, err := Start(t.Context(), Options{Identity: newIdentity(t), Role: role, LAN: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// hostUntilStdinEnds shares an echo and prints its ID.
func hostUntilStdinEnds(t *testing.T, in *bufio.Reader, started func()) {
	n := startOnLAN(t, Host)
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

// viewerFinds dials by the bare ID, and returns how long it took to connect at an
// address that begins with want.
func viewerFinds(t *testing.T, target Target, want string) time.Duration {
	t.Helper()
	viewer := startOnLAN(t, Connector)
	began := time.Now()
	c := dial(t, viewer, target)
	took := time.Since(began)
	t.Logf("found and connected after %v: %s at %s", took, c.Path(), c.Path().Addr)
	if p := c.Path(); !strings.HasPrefix(p.Addr, want) {
		t.Errorf("connected to %s, want %s", p.Addr, want)
	}
	say(t, open(t, c, echo), "hello")
	return took
}

func TestABareIDIsFoundOnAnotherComputer(t *testing.T) {
	twoComputers(t, func(t *testing.T, in io.Writer, out *bufio.Reader) {
		fmt.Fprintln(in, "plug") // v1 exists now
		target := readID(t, out)
		if took := viewerFinds(t, target, "/ip4/10.77.0.2/tcp/"); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
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
		viewerFinds(t, target, "/ip6/fd77::2/tcp/")
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
		viewer := startOnLAN(t, Connector)
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
	onALoneComputer(t, func(t *testing.T) {
		host := startOnLAN(t, Host) // not even loopback is up
		viewer := startOnLAN(t, Connector)
		_, err := viewer.Dial(t.Context(), Target{ID: host.ID()})
		if err == nil || !strings.Contains(err.Error(), errNoMulticast.Error()) {
			t.Errorf("dial: %v, want %v", err, errNoMulticast)
		}
	})
}
