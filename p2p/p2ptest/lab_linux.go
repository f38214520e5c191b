package p2ptest

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A Lab is two networks, each behind a router, with the internet between them:
//
//	A ── router ──┐            ┌── router ── B
//	              └─ Internet ─┘
//
// Each of the five is a network namespace of this process, without a name: all
// of it goes when the process ends. It takes root, iproute2, nftables and nsenter.
// The addresses look public where they must: libp2p punches no holes to those
// that are private or for documentation, so the internet is 11.0.0.0/8, and
// networks without a NAT are in 12.0.0.0/8.
type Lab struct {
	Internet Computer // has ServerAddr
	A, B     Computer

	RouterA, RouterB *Line // of A and B to the internet
}

// ServerAddr is the address of Lab.Internet, where a server can run.
const ServerAddr = "11.1.0.10"

// Router is what stands between a network and the internet.
type Router struct {
	NAT   NAT
	NoUDP bool          // drops UDP to and from the internet
	Stray Stray         // what it does with packets that nobody inside has asked for
	Delay time.Duration // of the line to the internet, one way
	Rate  int           // of a line with a delay, each way, bytes a second; 0: as fast as it goes
	Loss  float64       // on a line with a delay: the part of the packets that is lost
	Stall time.Duration // on a line with a delay: it stands still now and then, for so long at most, as radio does
}

// NAT is what a router does with the addresses of its network.
type NAT string

const (
	Open       NAT = "none" // public addresses, all comes through
	Firewall   NAT = "fw"   // public addresses, only answers come through (IPv6 at home)
	FullCone   NAT = "full" // a public port is one computer's, whoever calls it
	Restricted NAT = "port" // likewise, but only answers come through (most routers)
	Symmetric  NAT = "sym"  // another public port for each destination (carriers)
)

// Stray is what a router does with packets that nobody has asked for.
type Stray string

const (
	Drop   Stray = "drop"
	Reject Stray = "reject"
	Accept Stray = "accept" // it takes them for itself
)

// Computer is a namespace.
type Computer struct {
	t  testing.TB
	at string // of its file
}

// Enter is what a command line begins with that runs there.
func (c Computer) Enter() []string { return []string{"nsenter", "--net=" + c.at} }

// Run runs a command there to its end, which must be well.
func (c Computer) Run(stdin string, args ...string) {
	c.t.Helper()
	line := append(c.Enter(), args...)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("%s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// IP runs commands of iproute2 there, one a line.
func (c Computer) IP(lines string) {
	c.t.Helper()
	c.Run(lines, "ip", "-batch", "-")
}

// NewLab makes a lab that ends with the test.
func NewLab(t testing.TB, a, b Router) *Lab {
	t.Helper()
	l := &Lab{Internet: newComputer(t)}
	l.Internet.IP("link set lo up\naddr add " + ServerAddr + "/32 dev lo")
	l.Internet.Run("", "sysctl", "-qw", "net.ipv4.ip_forward=1")
	l.A, l.RouterA = l.connect(t, 1, a)
	l.B, l.RouterB = l.connect(t, 2, b)
	return l
}

// connect puts a network behind a router at the internet: the router's address
// there is 11.10n.0.1, the computer's ends in .11.
func (l *Lab) connect(t testing.TB, n int, r Router) (Computer, *Line) {
	router, inside := newComputer(t), newComputer(t)
	subnet := fmt.Sprintf("192.168.%d", n)
	public := r.NAT == Open || r.NAT == Firewall
	if public {
		subnet = fmt.Sprintf("12.%d.0", n)
	}
	cable(router, inside, "lan", "eth0")
	l.wire(t, router, fmt.Sprint("wan", n), r)
	router.IP(fmt.Sprintf("link set lo up\naddr add 11.10%d.0.1/24 dev wan\nlink set wan up\naddr add %s.1/24 dev lan\nlink set lan up\nroute add default via 11.10%d.0.254", n, subnet, n))
	router.Run("", "sysctl", "-qw", "net.ipv4.ip_forward=1")
	l.Internet.IP(fmt.Sprintf("addr add 11.10%d.0.254/24 dev wan%d\nlink set wan%d up", n, n, n))
	if public {
		l.Internet.IP(fmt.Sprintf("route add %s.0/24 via 11.10%d.0.1", subnet, n))
	}
	inside.IP(fmt.Sprintf("link set lo up\naddr add %s.11/24 dev eth0\nlink set eth0 up\nroute add default via %s.1", subnet, subnet))
	line := &Line{router: router, n: n, subnet: subnet}
	line.Becomes(r)
	return inside, line
}

// rules are those of nftables. What nobody has asked for must not reach the
// router itself: the connection that the kernel would note for it makes the
// mapping of a later packet from inside another one.
func rules(r Router, subnet string) string {
	var masquerade, forward, udp string
	pass := "drop"
	switch r.NAT {
	case Open:
		pass = "accept"
	case Restricted:
		masquerade = `oifname "wan" masquerade`
	case Symmetric:
		masquerade = `oifname "wan" masquerade random,fully-random`
	case FullCone:
		masquerade = `oifname "wan" masquerade`
		forward = `iifname "wan" meta l4proto { tcp, udp } th dport 1024-65535 dnat to ` + subnet + ".11"
	}
	if r.NoUDP {
		udp = `meta l4proto udp oifname "wan" drop
		meta l4proto udp iifname "wan" drop`
	}
	stray := r.Stray
	if stray == "" {
		stray = Drop
	}
	return fmt.Sprintf(`
table ip nat {
	chain in { type nat hook prerouting priority -100; %s
	}
	chain out { type nat hook postrouting priority 100; %s
	}
}
table ip filter {
	chain through { type filter hook forward priority 0; policy drop;
		%s
		ct state established,related accept
		iifname "lan" accept
		ct status dnat accept
		%s
	}
	chain here { type filter hook input priority 0; policy accept;
		iifname { "lan", "lo" } accept
		ct state established,related accept
		%s
	}
}
`, forward, masquerade, udp, pass, stray)
}

func newComputer(t testing.TB) Computer {
	t.Helper()
	file, err := newNamespace()
	if err != nil {
		t.Fatalf("a network namespace: %v (it takes root)", err)
	}
	t.Cleanup(func() { file.Close() })
	return Computer{t, fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), file.Fd())}
}

// newNamespace makes one.
func newNamespace() (file *os.File, err error) {
	err = elsewhere(func() error { return unix.Unshare(unix.CLONE_NEWNET) }, func() error {
		var err error
		file, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	return file, err
}

// elsewhere runs f in a thread that enter has brought into another network
// namespace. The thread comes back and lives on: were it to end, Linux would end the
// programs that it has started before (Pdeathsig), such as a test's X server.
func elsewhere(enter, f func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		home, err := os.Open("/proc/thread-self/ns/net")
		if err == nil {
			defer home.Close()
			err = enter()
		}
		if err == nil {
			err = f()
			if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) != nil {
				result <- err
				return // it must not be used again
			}
		}
		runtime.UnlockOSThread()
		result <- err
	}()
	return <-result
}

// cable joins two computers.
func cable(a, b Computer, nameA, nameB string) {
	a.t.Helper()
	a.IP(fmt.Sprintf("link add %s type veth peer name %s netns %s", nameA, nameB, b.at))
}
