package p2p

import (
	"context"
	"fmt"
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
// the internet of a lab; host and viewer sit behind two routers, and neither has a relay.

func TestBehindTwoRoutersABareIDIsFoundThroughThePublicNetwork(t *testing.T) {
	roles{
		"servers": func(t *testing.T, _ []string) {
			fmt.Println("SEEDS", strings.Join(startPublicNetwork(t, fewer(30), onServer()), " "))
			stay()
		},
		"host": func(t *testing.T, seeds []string) {
			n := startInLab(t, Options{Public: true, Bootstrap: seeds})
			n.Handle(echo, serveEcho)
			fmt.Println("ID", n.ID())
			untilFound(t, n)
			fmt.Println("FOUND")
			stay()
		},
		"viewer": func(t *testing.T, args []string) {
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
		},
	}.play(t, func(t *testing.T) {
		nat := p2ptest.Router{NAT: p2ptest.Restricted, Delay: 20 * time.Millisecond}
		lab := p2ptest.NewLab(t, nat, nat)
		seeds := startRole(t, lab.Internet, "servers", "").reads(t, "SEEDS ")
		host := startRole(t, lab.B, "host", seeds)
		id := host.reads(t, "ID ")
		host.reads(t, "FOUND")
		directPath(t, lab, id+" "+seeds)
	})
}

// directPath starts the viewer of a lab, who is to come to a direct connection.
func directPath(t *testing.T, lab *p2ptest.Lab, args string) {
	t.Helper()
	path := startRole(t, lab.A, "viewer", args).reads(t, "PATH ")
	t.Log(path)
	if !strings.Contains(path, "direct") {
		t.Errorf("%s: want a direct connection", path)
	}
}

// A computer that is told to stay off the public network, and has no relay, says
// nothing to anybody; the same computer with the public network does, which shows
// that the test would hear it.
func TestNoPacketLeavesAComputerThatStaysOffThePublicNetwork(t *testing.T) {
	onALoneComputer(t, staysOff)
}

func staysOff(t *testing.T) {
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
