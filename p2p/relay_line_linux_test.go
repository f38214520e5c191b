package p2p

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// How much of a line is left for a stream, directly and through a relay, beside
// a TCP connection on the same line: 40 ms there and back, slow towards the host.
// All rates with
//
//	RAC_LINE_RATES="20 100" go test -v -run TestARelayFillsTheLine ./p2p
//
// (make relay).

func TestARelayFillsTheLine(t *testing.T) {
	roles{
		"relay": func(t *testing.T, _ []string) {
			r := startOwnRelay(t, RelayOptions{Listen: []string{"/ip4/0.0.0.0/tcp/4001", "/ip4/0.0.0.0/udp/4001/quic-v1"}})
			fmt.Println("ID", r.ID())
			stay()
		},
		"host":   lineHost,
		"viewer": lineViewer,
	}.play(t, fillTheLine)
}

func fillTheLine(t *testing.T) {
	rates, ways, period := []string{"5"}, []string{"raw", "relayed/quic-v1"}, "2s"
	if all := os.Getenv("RAC_LINE_RATES"); all != "" {
		rates, ways, period = strings.Fields(all), []string{"raw", "direct/tcp", "direct/quic-v1", "relayed/tcp", "relayed/quic-v1"}, "10s"
	}
	line := p2ptest.Router{NAT: p2ptest.Open, Delay: 10 * time.Millisecond}
	lab := p2ptest.NewLab(t, line, line)
	lab.Internet.Run("", "tc", "qdisc", "add", "dev", "wan2", "root", "tbf", "rate", rates[0]+"mbit", "burst", "32kb", "latency", "100ms")
	relay := startRole(t, lab.Internet, "relay", "").reads(t, "ID ")
	host := startRole(t, lab.B, "host", relay).reads(t, "ID ")
	for _, rate := range rates {
		lab.Internet.Run("", "tc", "qdisc", "change", "dev", "wan2", "root", "tbf", "rate", rate+"mbit", "burst", "32kb", "latency", "100ms")
		var raw float64
		for _, way := range ways {
			got, err := strconv.ParseFloat(startRole(t, lab.A, "viewer", strings.Join([]string{way, period, host, relay}, " ")).reads(t, "RATE "), 64)
			if err != nil {
				t.Fatal(err)
			}
			if way == "raw" {
				raw = got
			}
			t.Logf("%s Mbit/s, %s: %.1f Mbit/s, %.0f %% of what TCP gets", rate, way, got, 100*got/raw)
			if got < 0.5*raw {
				t.Errorf("%s Mbit/s, %s: %.1f Mbit/s, TCP %.1f", rate, way, got, raw)
			}
		}
	}
}

func relayAt(id string) []string {
	where := "/ip4/" + p2ptest.ServerAddr
	return []string{where + "/tcp/4001/p2p/" + id, where + "/udp/4001/quic-v1/p2p/" + id}
}

// lineHost takes what is sent to it, and answers with its rate.
func lineHost(t *testing.T, args []string) {
	// Who sends files to a host is no stranger to it.
	n := start(t, Options{Known: func(wire.PeerID) bool { return true }, Relays: relayAt(args[0]), Listen: []string{"/ip4/0.0.0.0/tcp/4500", "/ip4/0.0.0.0/udp/4500/quic-v1"}})
	n.Handle(sinkProtocol, func(_ context.Context, _ wire.PeerID, s wire.Stream) error { return sink(s) })
	untilReserved(t, n)
	l, err := net.Listen("tcp4", ":4600")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { sink(c); c.Close() }()
		}
	}()
	fmt.Println("ID", n.ID())
	stay()
	l.Close()
}

// sink answers with Mbit/s, from the first second on: what a line gets up to
// until then tells about its start.
func sink(s io.ReadWriter) error {
	var began time.Time
	var total, early int64
	buf := make([]byte, 64<<10)
	for {
		n, err := s.Read(buf)
		now := time.Now()
		if began.IsZero() {
			began = now
		}
		total += int64(n)
		if now.Sub(began) < time.Second {
			early = total
		}
		if err == io.EOF {
			_, err = fmt.Fprintf(s, "%.2f\n", float64(8*(total-early))/1e6/(now.Sub(began)-time.Second).Seconds())
			return err
		}
		if err != nil {
			return err
		}
	}
}

func lineViewer(t *testing.T, args []string) {
	way, id := args[0], wire.PeerID(args[2])
	period, err := time.ParseDuration(args[1])
	if err != nil {
		t.Fatal(err)
	}
	const hostIP = "12.2.0.11"
	var line interface {
		io.ReadWriter
		CloseWrite() error
	}
	kind, transport, _ := strings.Cut(way, "/")
	switch kind {
	case "raw":
		c, err := net.Dial("tcp4", hostIP+":4600")
		if err != nil {
			t.Fatal(err)
		}
		line = c.(*net.TCPConn)
	case "direct":
		at := Target{ID: id, Addrs: []string{"/ip4/" + hostIP + "/tcp/4500"}}
		if transport == "quic-v1" {
			at.Addrs = []string{"/ip4/" + hostIP + "/udp/4500/quic-v1"}
		}
		line = open(t, dial(t, start(t, Options{Role: Connector, Listen: []string{"/ip4/127.0.0.1/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1"}}), at), sinkProtocol)
	case "relayed":
		n := start(t, Options{Role: Connector, Relays: over(relayAt(args[3]), transport), testing: testOptions{gater: &wall{peer: id}}})
		c := dial(t, n, Target{ID: id})
		if c.Path().Direct {
			t.Fatal("a direct path")
		}
		line = open(t, c, sinkProtocol)
	}
	block := make([]byte, 64<<10)
	for began := time.Now(); time.Since(began) < period+time.Second; {
		if _, err := line.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	line.CloseWrite()
	rate, err := io.ReadAll(line)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("RATE %s", rate)
}
