package p2p

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"rac/p2p/wire"
)

// Both ends of a TCP connection have BBR, though the system's usual control is
// another one. A kernel without BBR keeps that.
func TestTCPConnectionsHaveBBRWhereTheKernelDoes(t *testing.T) {
	onALoneComputer(t, func(t *testing.T) {
		ip(t, "link set lo up")
		if err := os.WriteFile("/proc/sys/net/ipv4/tcp_congestion_control", []byte("reno"), 0); err != nil {
			t.Fatal(err)
		}
		kernel, err := os.ReadFile("/proc/sys/net/ipv4/tcp_available_congestion_control")
		if err != nil {
			t.Fatal(err)
		}
		want := "reno"
		if strings.Contains(string(kernel), "bbr") {
			want = "bbr"
		}
		host := start(t, Options{Listen: []string{"/ip4/127.0.0.1/tcp/0"}})
		viewer := start(t, Options{Role: Connector})
		dial(t, viewer, Target{ID: host.ID(), Addrs: host.Addrs()})
		sockets, err := exec.Command("ss", "-tinH", "state", "established").Output()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("found", want, "in", strings.Count(string(sockets), " "+want+" "), "sockets")
		if got := strings.Count(string(sockets), " "+want+" "); got != 2 {
			t.Errorf("%d ends have %s, want both:\n%s", got, want, sockets)
		}
		if hasBBR() != (want == "bbr") {
			t.Errorf("hasBBR says %t", hasBBR())
		}
	})
}

// A connection that was once full and then carries little does not come to think that
// little is what the line carries: its BBR knows nothing of the line again.
func TestBBRForgetsALineThatIsHardlyUsed(t *testing.T) {
	if !hasBBR() {
		return // the kernel's other controls do not measure the line
	}
	onALoneComputer(t, func(t *testing.T) {
		ip(t, "link set lo up mtu 1500")
		// So narrow that the line is what limits a slow machine, too: BBR makes up its
		// mind only about a line that it has filled.
		const narrow = "qdisc add dev lo root tbf rate 20mbit burst 32kb latency 50ms"
		if out, err := exec.Command("tc", strings.Fields(narrow)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		host := start(t, Options{Listen: []string{"/ip4/127.0.0.1/tcp/0"}})
		host.Handle(echo, func(_ context.Context, _ wire.PeerID, s wire.Stream) error {
			_, err := io.Copy(io.Discard, s)
			return err
		})
		viewer := start(t, Options{Role: Connector})
		s, err := dial(t, viewer, Target{ID: host.ID(), Addrs: host.Addrs()}).Open(t.Context(), echo)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		block := make([]byte, 256<<10)
		gain := func() float64 { // of the end that has sent most
			out, err := exec.Command("ss", "-tinH", "state", "established").Output()
			if err != nil {
				t.Fatal(err)
			}
			best, gain := 0, 0.0
			for _, line := range strings.Split(string(out), "\n") {
				var sent int
				if _, rest, ok := strings.Cut(line, "bytes_sent:"); ok {
					fmt.Sscanf(rest, "%d", &sent)
				}
				if _, rest, ok := strings.Cut(line, "pacing_gain:"); ok && sent > best {
					best = sent
					fmt.Sscanf(rest, "%g", &gain)
				}
			}
			return gain
		}
		write := func(b []byte) {
			t.Helper()
			if _, err := s.Write(b); err != nil {
				t.Fatal(err)
			}
		}
		deadline := time.Now().Add(45 * time.Second)
		for gain() > 2 && time.Now().Before(deadline) { // until it has made up its mind
			write(block)
		}
		full := gain()
		tick := time.NewTicker(pacedLook)
		defer tick.Stop()
		for range 8 { // a film of small frames
			<-tick.C
			write(block[:1000])
		}
		fmt.Println("found gains", full, "then", gain())
		if full > 2 {
			t.Fatalf("BBR still knows nothing of a line that was full for 45 s: gain %g", full)
		}
		if now := gain(); now < 2 {
			t.Errorf("BBR's gain is %g after little was sent, want more than 2: it forgets", now)
		}
	})
}
