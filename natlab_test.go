//go:build linux

package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rac/p2p/p2ptest"
	"rac/screen/screentest"
)

// natlabVar set to a number makes the test below try every pair of NATs that many
// times, over lines with 20 ms each way (80 ms between the two), and hold the
// medians to what is promised: make natlab.
const natlabVar = "RAC_NATLAB"

// pair is what the viewer (a) and the host (b) are behind.
type pair struct {
	a, b   p2ptest.Router
	direct string // how a direct path comes up: "quic", "tcp", or "" for never
}

// String is short: a host's control socket is in a folder that bears it.
func (p pair) String() string {
	side := func(r p2ptest.Router) string {
		s := string(r.NAT)
		if r.NoUDP {
			s += "-u"
		}
		if r.Stray != "" {
			s += "-" + string(r.Stray[:1])
		}
		return s
	}
	return side(p.a) + "_to_" + side(p.b)
}

// somePairs are one of each sort.
func somePairs() []pair {
	port, full, sym := p2ptest.Router{NAT: p2ptest.Restricted}, p2ptest.Router{NAT: p2ptest.FullCone}, p2ptest.Router{NAT: p2ptest.Symmetric}
	noUDP := p2ptest.Router{NAT: p2ptest.Restricted, NoUDP: true}
	return []pair{{port, port, "quic"}, {full, sym, "quic"}, {noUDP, port, "tcp"}, {sym, port, ""}} // quic or tcp: who wins is chance where no line has a delay
}

// allPairs are all kinds with each other, in both directions, with UDP and
// without it on either side and both; then the ways of routers with strays.
func allPairs() []pair {
	const delay = 20 * time.Millisecond
	kinds := []p2ptest.NAT{p2ptest.Open, p2ptest.Firewall, p2ptest.FullCone, p2ptest.Restricted, p2ptest.Symmetric}
	var all []pair
	for _, noUDP := range [][2]bool{{false, false}, {true, true}, {true, false}, {false, true}} {
		for _, a := range kinds {
			for _, b := range kinds {
				p := pair{a: p2ptest.Router{NAT: a, NoUDP: noUDP[0], Delay: delay}, b: p2ptest.Router{NAT: b, NoUDP: noUDP[1], Delay: delay}, direct: "quic"}
				callable := func(k p2ptest.NAT) bool { return k == p2ptest.Open || k == p2ptest.FullCone }
				switch {
				case (a == p2ptest.Symmetric || b == p2ptest.Symmetric) && !callable(a) && !callable(b):
					p.direct = ""
				case noUDP[0] || noUDP[1]:
					p.direct = "tcp"
				}
				all = append(all, p)
			}
		}
	}
	for _, stray := range []p2ptest.Stray{p2ptest.Reject, p2ptest.Accept} {
		for _, noUDP := range []bool{false, true} {
			r := p2ptest.Router{NAT: p2ptest.Restricted, Stray: stray, NoUDP: noUDP, Delay: delay}
			all = append(all, pair{r, r, map[bool]string{false: "quic", true: "tcp"}[noUDP]})
		}
	}
	return all
}

// TestAPictureComesThroughEveryPairOfNATs has a real host and a real viewer, each
// behind a NAT, and rac relay on the internet between them. The viewer knows the
// host's ID and the relay, as the host does, and nothing else.
func TestAPictureComesThroughEveryPairOfNATs(t *testing.T) {
	pairs, runs, pictureIn, directIn, whyIn := somePairs(), 1, 15*time.Second, 20*time.Second, 30*time.Second
	if n, err := strconv.Atoi(os.Getenv(natlabVar)); err == nil {
		pairs, runs, pictureIn, directIn, whyIn = allPairs(), n, 1500*time.Millisecond, 2*time.Second, 3*time.Second
	}
	display := screentest.Xvfb(t, 640, 480).Display
	var table strings.Builder
	for _, p := range pairs {
		t.Run(p.String(), func(t *testing.T) {
			n := newNATStage(t, p, display)
			var pictures, directs []time.Duration
			var way string
			for range runs {
				pictures = append(pictures, n.picture())
				took, w := n.path(p.direct != "")
				directs, way = append(directs, took), w
			}
			picture, direct := median(pictures), median(directs)
			fmt.Fprintf(&table, "%-28s picture %5d ms   %s %5d ms\n", p, picture.Milliseconds(), way, direct.Milliseconds())
			if picture > pictureIn {
				t.Errorf("the first picture came after %v", picture)
			}
			if p.direct == "" {
				if direct > whyIn {
					t.Errorf("why the path is relayed was said after %v", direct)
				}
				return
			}
			if direct > directIn || way != "direct/"+p.direct && (p.direct == "tcp" || p.a.Delay > 0) {
				t.Errorf("the path is %s after %v, want direct/%s", way, direct, p.direct)
			}
		})
	}
	t.Logf("\n%s", &table)
}

func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2]
}

// natStage is a lab with a relay, a host that has its place there, and a viewer
// with a saved login.
type natStage struct {
	t      *testing.T
	viewer machine
	host   string // its ID
}

func newNATStage(t *testing.T, p pair, display string) *natStage {
	lab := p2ptest.NewLab(t, p.a, p.b)
	at := func(c p2ptest.Computer, name string, extra ...string) machine {
		m := newMachine(t, name, extra...)
		m.in = c.Enter()
		return m
	}
	relay := at(lab.Internet, "relay").starts("", "relay")
	id := awaitSaying(t, "the relay", relay, `^ID (\S+)`)[1]
	settings := []string{"set", "--lan=false", "--public=false"}
	for _, transport := range []string{"udp/4001/quic-v1", "tcp/4001"} {
		settings = append(settings, "--add-relay", fmt.Sprintf("/ip4/%s/%s/p2p/%s", p2ptest.ServerAddr, transport, id))
	}
	host := at(lab.B, "host", "RAC_LOG=debug")
	host.exits(0, racPassword, "passwd", "--stdin")
	host.exits(0, "", append(settings, "--allow-save-login=true")...)
	sharing := host.starts("", "host")
	n := &natStage{t: t, viewer: at(lab.A, "viewer", "DISPLAY="+display), host: awaitSaying(t, "the host", sharing, `^ID (\S+)`)[1]}
	n.viewer.exits(0, "", settings...)
	awaitSaying(t, "the host", sharing, "relay reached")
	n.viewer.exits(0, racPassword, "connect", n.host, "--remember", "--password-stdin", "--screenshot", "a.png")
	return n
}

// picture returns the time from the start of rac connect to the first whole and
// exact picture.
func (n *natStage) picture() time.Duration {
	began := time.Now()
	v := n.viewer.starts("", "connect", n.host, "--json", "--screenshot", "b.png")
	defer n.viewer.stop(v)
	awaitSaying(n.t, "the viewer", v, `"event":"phase","name":"picture"`)
	took := time.Since(began)
	awaitSaying(n.t, "the viewer", v, `"event":"screenshot"`)
	return took
}

// path returns when the path was direct, and how; or, where it stays relayed, when the
// NAT in the way was named, and the whole sentence.
func (n *natStage) path(direct bool) (time.Duration, string) {
	began := time.Now()
	v := n.viewer.starts("", "connect", n.host, "--json")
	defer n.viewer.stop(v)
	if direct {
		addr := awaitSaying(n.t, "the viewer", v, `"event":"(?:path|connected)","addr":"([^"]*)".*"path":"direct"`)[1]
		if strings.Contains(addr, "quic") {
			return time.Since(began), "direct/quic"
		}
		return time.Since(began), "direct/tcp"
	}
	why := awaitSaying(n.t, "the viewer", v, `"event":"path".*"path":"relayed".*"why":"([^"]*symmetric NAT[^"]*)"`)[1]
	return time.Since(began), "relayed: " + why
}
