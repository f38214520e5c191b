package p2p

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/wire"
)

// What a relay costs: a process of its own, with so many hosts that hold a place
// (their ends are all in the test's process), and so many streams at once. A
// moment with a few by default; the table of docs/measured.md with
//
//	RAC_RELAY_HOSTS=1000 RAC_RELAY_FOR=10m RAC_RELAY_STREAMS=50 go test -v -run TestARelayFullOfHosts ./p2p
//
// (make relay).

func TestARelayFullOfHosts(t *testing.T) {
	if os.Getenv(netRole) == "relay" {
		r := startOwnRelay(t, RelayOptions{})
		fmt.Println("RELAY", strings.Join(r.Addrs(), " "))
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			fmt.Println("RESERVED", r.Stats().Reserved)
		}
		return
	}
	hosts, streams, period := number("RAC_RELAY_HOSTS", fewer(20)), number("RAC_RELAY_STREAMS", 5), 2*time.Second
	if s := os.Getenv("RAC_RELAY_FOR"); s != "" {
		period, _ = time.ParseDuration(s)
	}
	relay := startRelayProcess(t)
	empty := relay.usage(t)
	t.Logf("empty: %s", empty)

	door := &shut{}
	began := time.Now()
	crowd := reserveAll(t, relay.addrs, hosts, door)
	full := relay.usage(t)
	t.Logf("%d hosts have a place after %v: %s, that is %d kB each; %v of CPU", hosts, time.Since(began).Round(time.Millisecond), full,
		(full.rss-empty.rss)/hosts, full.cpu-empty.cpu)

	time.Sleep(period)
	rested := relay.usage(t)
	t.Logf("at rest for %v: %s, %.2f %% of a core", period, rested, 100*(rested.cpu-full.cpu).Seconds()/period.Seconds())
	lost := 0
	for _, n := range crowd {
		lost += n.relay[0].attempted() - 1
	}
	t.Logf("%d places were lost meanwhile or not got at once; the relay has %s of %d", lost, relay.reserved(t), hosts)

	var newcomers []time.Duration
	for range 5 {
		newcomers = append(newcomers, newcomer(t, relay.addrs, crowd[0], door))
	}
	slices.Sort(newcomers)
	t.Logf("a newcomer is through to a host after %v (median; %v at most)", newcomers[2].Round(time.Millisecond), newcomers[4].Round(time.Millisecond))

	before := relay.usage(t)
	carried, took := carry(t, relay.addrs, crowd, streams, door)
	after := relay.usage(t)
	t.Logf("%d streams at once: %.0f MB/s in all, %s, %.1f s of CPU for a GB", streams, float64(carried)/took.Seconds()/1e6, after,
		(after.cpu-before.cpu).Seconds()/(float64(carried)/1e9))
	if perHost := (full.rss - empty.rss) / hosts; perHost > 5000 && !racing { // 200; the race detector's shadows depend on the machine
		t.Errorf("a host costs the relay %d kB", perHost)
	}
}

func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

type relayProcess struct {
	pid   int
	addrs []string
	in    io.Writer
	out   *bufio.Reader
}

// reserved is how many places the relay says are taken.
func (r relayProcess) reserved(t *testing.T) string {
	t.Helper()
	fmt.Fprintln(r.in)
	line, err := r.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "RESERVED "))
}

func startRelayProcess(t *testing.T) relayProcess {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), netRole+"=relay")
	cmd.Stderr = os.Stderr
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	said := bufio.NewReader(out)
	line, err := said.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return relayProcess{cmd.Process.Pid, strings.Fields(strings.TrimPrefix(line, "RELAY ")), in, said}
}

// usage is what a process has taken.
type usage struct {
	rss int // kB
	cpu time.Duration
}

func (u usage) String() string { return fmt.Sprintf("RSS %.1f MB", float64(u.rss)/1000) }

func (r relayProcess) usage(t *testing.T) (u usage) {
	t.Helper()
	folder := filepath.Join("/proc", strconv.Itoa(r.pid))
	status, err := os.ReadFile(filepath.Join(folder, "status"))
	if err != nil {
		t.Fatal(err)
	}
	_, rss, _ := strings.Cut(string(status), "VmRSS:")
	u.rss, _ = strconv.Atoi(strings.Fields(rss)[0])
	stat, err := os.ReadFile(filepath.Join(folder, "stat"))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')'):])) // proc(5): utime and stime are 14 and 15
	for _, f := range fields[12:14] {
		ticks, _ := strconv.Atoi(f)
		u.cpu += time.Duration(ticks) * 10 * time.Millisecond
	}
	return u
}

const sinkProtocol wire.Protocol = "/rac/sink/1"

// shut is a gater for hosts: they call relays, but no viewer.
type shut struct {
	wall
	viewers sync.Map // of peer.ID
}

func (g *shut) InterceptAddrDial(id peer.ID, a ma.Multiaddr) bool {
	_, viewer := g.viewers.Load(id)
	return !viewer || !isDirect(a)
}

// reserveAll starts hosts that have a place on the relay, every other over
// TCP.
func reserveAll(t *testing.T, relay []string, count int, door *shut) []*Node {
	t.Helper()
	hosts := make([]*Node, count)
	var starting sync.WaitGroup
	atOnce := make(chan struct{}, 32)
	for i := range hosts {
		starting.Go(func() {
			atOnce <- struct{}{}
			defer func() { <-atOnce }()
			n := start(t, Options{Relays: over(relay, []string{"tcp", "quic-v1"}[i%2]), Listen: []string{[]string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"}[i%2]},
				testing: testOptions{gater: door}})
			n.Handle(sinkProtocol, func(_ context.Context, _ wire.PeerID, s wire.Stream) error {
				n, err := io.Copy(io.Discard, s)
				fmt.Fprintln(s, n)
				return err
			})
			n.Handle(echo, serveEcho)
			untilReserved(t, n)
			hosts[i] = n
		})
	}
	starting.Wait()
	return hosts
}

// apart is a viewer that reaches host through a relay only.
func apart(t *testing.T, relay []string, host *Node, door *shut) *Node {
	id := newIdentity(t)
	door.viewers.Store(id.id, true)
	return start(t, Options{Identity: id, Role: Connector, Relays: relay, testing: testOptions{gater: &wall{peer: host.ID()}}})
}

// newcomer returns after what time a viewer that has just started has an answer.
func newcomer(t *testing.T, relay []string, host *Node, door *shut) time.Duration {
	t.Helper()
	began := time.Now()
	viewer := apart(t, relay, host, door)
	defer viewer.Close()
	say(t, open(t, dial(t, viewer, Target{ID: host.ID()}), echo), "hello")
	return time.Since(began)
}

// carry sends on so many streams at once for a while.
func carry(t *testing.T, relay []string, hosts []*Node, streams int, door *shut) (bytes int64, took time.Duration) {
	t.Helper()
	var lines []wire.Stream
	for i := range streams {
		host := hosts[i%len(hosts)]
		viewer := apart(t, over(relay, []string{"tcp", "quic-v1"}[i%2]), host, door)
		c := dial(t, viewer, Target{ID: host.ID()})
		if c.Path().Direct {
			t.Fatal("a direct path")
		}
		lines = append(lines, open(t, c, sinkProtocol))
	}
	const period = 2 * time.Second
	began := time.Now()
	var sending sync.WaitGroup
	var mu sync.Mutex
	for _, s := range lines {
		sending.Go(func() {
			block := make([]byte, 256<<10)
			for time.Since(began) < period {
				if _, err := s.Write(block); err != nil {
					t.Errorf("a stream through the relay: %v", err)
					return
				}
			}
			s.CloseWrite()
			var n int64
			s.SetDeadline(time.Now().Add(time.Minute))
			if _, err := fmt.Fscan(s, &n); err != nil {
				t.Errorf("the host does not say what it has got: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			bytes += n
		})
	}
	sending.Wait()
	return bytes, time.Since(began)
}
