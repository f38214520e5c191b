package p2p

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
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
