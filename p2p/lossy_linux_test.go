package p2p

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// One packet of a hundred is lost on the host's line: what the viewer gets over QUIC
// is a fraction of what the line carries. The host notices, says so, and the viewer
// goes on over TCP, with no more than a stream over QUIC to begin with.
func TestAHostThatLosesPacketsOverQUICIsReachedOverTCP(t *testing.T) {
	leavesQUIC(t, 0)
}

// Radio loses packets and makes some round trips much longer than others.
func TestALineWithUnevenRoundTripsShowsItsLosses(t *testing.T) {
	leavesQUIC(t, 60*time.Millisecond)
}

func leavesQUIC(t *testing.T, stall time.Duration) {
	roles{
		"host":   fillingHost,
		"viewer": drainingViewer,
	}.play(t, func(t *testing.T) {
		lab := onLines(t, p2ptest.Open, 0.01, stall)
		addr := startRole(t, lab.B, "host", "").reads(t, "AT ")
		endsOver(t, startRole(t, lab.A, "viewer", addr+" 15s"), tcpWithBBR())
	})
}

// The viewer's network lets no TCP through when the host first says that its line loses
// packets, and a moment later does: the host says it again soon.
func TestAViewerThatCouldNotLeaveQUICIsToldAgain(t *testing.T) {
	roles{
		"host":   fillingHost,
		"viewer": drainingViewer,
	}.play(t, func(t *testing.T) {
		lab := onLines(t, p2ptest.Open, 0.01, 0)
		again := noTCP(lab.A, "reject with tcp reset")
		addr := startRole(t, lab.B, "host", "").reads(t, "AT ")
		viewer := startRole(t, lab.A, "viewer", addr+" 50s")
		viewer.reads(t, "TOLD")
		again()
		endsOver(t, viewer, tcpWithBBR())
	})
}

// Two behind NATs have a hole for QUIC only, for TCP did not come through when it was
// punched. When the line loses packets, they punch one for TCP.
func TestAHoleForTCPIsPunchedWhenThatForQUICLosesPackets(t *testing.T) {
	roles{
		"relay":  relayRole,
		"host":   fillingHost,
		"viewer": punchingViewer,
	}.play(t, func(t *testing.T) {
		lab := onLines(t, p2ptest.Restricted, 0.01, 0)
		relay := startRole(t, lab.Internet, "relay", "").reads(t, "RELAY ")
		again := noTCP(lab.A, "ip daddr != "+p2ptest.ServerAddr+" reject with tcp reset")
		id := startRole(t, lab.B, "host", relay).reads(t, "ID ")
		viewer := startRole(t, lab.A, "viewer", id+" 50s "+relay)
		if hole := viewer.reads(t, "HOLE "); hole != "quic-v1" {
			t.Fatalf("the hole is for %s", hole)
		}
		viewer.reads(t, "TOLD")
		again()
		endsOver(t, viewer, tcpWithBBR())
	})
}

// A line that is full, and loses packets for that alone, stays with QUIC.
func TestAFullLineStaysWithQUIC(t *testing.T) {
	roles{
		"host":   fillingHost,
		"viewer": drainingViewer,
	}.play(t, func(t *testing.T) {
		lab := onLines(t, p2ptest.Open, 0, 0)
		addr := startRole(t, lab.B, "host", "").reads(t, "AT ")
		endsOver(t, startRole(t, lab.A, "viewer", addr+" 4s"), "quic-v1")
	})
}

// onLines are two behind nat, on lines of 10 Mbit/s, of which the host's loses so many
// of its packets and stands still for up to stall.
func onLines(t *testing.T, nat p2ptest.NAT, loss float64, stall time.Duration) *p2ptest.Lab {
	line := p2ptest.Router{NAT: nat, Delay: 15 * time.Millisecond, Rate: 10e6 / 8}
	hosts := line
	hosts.Loss, hosts.Stall = loss, stall
	return p2ptest.NewLab(t, line, hosts)
}

// noTCP does that to what c sends over TCP, until again is called.
func noTCP(c p2ptest.Computer, rule string) (again func()) {
	c.Run(`table inet drops {
	chain out {
		type filter hook output priority 0
		oifname eth0 meta l4proto tcp `+rule+`
	}
}
`, "nft", "-f", "-")
	return func() { c.Run("", "nft", "delete", "table", "inet", "drops") }
}

// tcpWithBBR is where a line that loses packets is left for.
func tcpWithBBR() string {
	if hasBBR() {
		return "tcp"
	}
	return "quic-v1"
}

// endsOver awaits the viewer's end, which is over that transport.
func endsOver(t *testing.T, viewer *labRole, want string) {
	t.Helper()
	path := viewer.reads(t, "PATH ")
	t.Logf("%s; kB a second over QUIC and then: %s", path, viewer.reads(t, "RATES "))
	if !strings.HasPrefix(path, want) {
		t.Errorf("the path is %s, want %s", path, want)
	}
}

// fillingHost says AT and its address over QUIC, and sends as much as can be taken.
func fillingHost(t *testing.T, relays []string) {
	n := startInLab(t, Options{Relays: relays})
	fmt.Println("ID", n.ID())
	n.Handle(echo, func(_ context.Context, _ wire.PeerID, s wire.Stream) error {
		block := make([]byte, 32<<10)
		for {
			if _, err := s.Write(block); err != nil {
				return err
			}
		}
	})
	for _, a := range n.Addrs() {
		if strings.Contains(a, "/quic-v1") && strings.Contains(a, "/12.2.0.11/") {
			fmt.Println("AT", a)
		}
	}
	stay()
}

// drainingViewer takes it, until the path is over TCP or for so long, and then for a
// second more over the path that there is.
func drainingViewer(t *testing.T, args []string) {
	addr, id, _ := strings.Cut(args[0], "/p2p/")
	n := startInLab(t, Options{Role: Connector, Log: tellsTOLD()})
	drainUntilSurer(t, dial(t, n, Target{ID: wire.PeerID(id), Addrs: []string{addr}}), args[1])
}

// punchingViewer is the same through a hole, of which it says HOLE.
func punchingViewer(t *testing.T, args []string) {
	n := startInLab(t, Options{Role: Connector, Relays: args[2:], Log: tellsTOLD()})
	c := dial(t, n, Target{ID: wire.PeerID(args[0])})
	for !c.Path().Direct {
		<-c.Better()
	}
	fmt.Println("HOLE", c.Path().Transport)
	drainUntilSurer(t, c, args[1])
}

func drainUntilSurer(t *testing.T, c *Conn, longest string) {
	drain := func(period time.Duration, until <-chan struct{}) (rate float64) {
		s := open(t, c, echo)
		s.Write([]byte("go"))
		began := time.Now()
		var end time.Time
		done := make(chan struct{})
		go func() {
			defer close(done)
			select {
			case <-until:
			case <-time.After(period):
			}
			end = time.Now()
			s.Close()
		}()
		taken, _ := io.Copy(io.Discard, s)
		<-done
		return float64(taken) / end.Sub(began).Seconds() / 1000
	}
	limit, err := time.ParseDuration(longest)
	if err != nil {
		t.Fatal(err)
	}
	before := drain(limit, c.Surer())
	path := c.Path()
	after := drain(time.Second, nil)
	fmt.Println("PATH", path.Transport, path.RTT)
	fmt.Printf("RATES %.0f %.0f\n", before, after)
}

// tells is a log that says TOLD when the host's word that its line loses packets has led
// to no connection over TCP.
type tells struct{}

func (tells) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("no way over TCP")) {
		fmt.Println("TOLD")
	}
	return len(line), nil
}

func tellsTOLD() *slog.Logger {
	return slog.New(slog.NewTextHandler(tells{}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
