//go:build linux

package main

import (
	"image"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"rac/p2p/p2ptest"
	"rac/screen/codec"
)

// TestASessionLeavesALineOverQUICThatLosesPackets: two behind routers are connected
// over QUIC, and three packets of a hundred are lost. Somebody types, and photograph after
// photograph is shown: the session goes on over TCP, and nobody notices.
func TestASessionLeavesALineOverQUICThatLosesPackets(t *testing.T) {
	line := p2ptest.Router{NAT: p2ptest.Restricted, Delay: 10 * time.Millisecond, Rate: 10e6 / 8}
	lossy := line
	lossy.Loss = 0.03                // QUIC is left with so little that a slow machine can send more
	const patience = 2 * time.Minute // 10 to 20 s; but where others keep the machine from us, little is sent, and little learnt of the line
	st := newFaultStage(t, line, lossy, 1)
	st.awaitPath("direct")
	last := regexp.MustCompile(`"event":"(?:path|connected)".*"path":"direct".*"transport":"([^"]*)"`)
	transport := func() string {
		all := last.FindAllStringSubmatch(st.v.viewer.String(), -1)
		return all[len(all)-1][1]
	}
	want := "quic-v1" // of a kernel without BBR, whose TCP would do no better
	if kernel, err := os.ReadFile("/proc/sys/net/ipv4/tcp_available_congestion_control"); err != nil {
		t.Fatal(err)
	} else if strings.Contains(string(kernel), "bbr") {
		want = "tcp"
	}
	first := transport()
	t.Logf("the hole over %s was there first", first)
	random := rand.New(rand.NewPCG(5, 6))
	painter := st.h.x.Painter(t)
	began := time.Now()
	var before time.Duration // that the picture stood while the session stayed where it was: each photograph is much work
	for shown := 0; shown < 10 || transport() != want && time.Since(began) < patience; shown++ {
		painter.Put(image.Pt(400, 20), photograph(random))
		painter.Sync()
		if transport() != want {
			before, _ = st.clock.frozen(began)
		}
		time.Sleep(time.Second)
	}
	t.Logf("over %s after %v", transport(), time.Since(began))
	// A machine that cannot send what QUIC allows is not held back by lost packets, and
	// its host says nothing of them.
	said := strings.Contains(st.h.host.String(), "the line loses packets")
	if got := transport(); got != want && first != "tcp" && said {
		t.Errorf("the session goes over %s, want %s", got, want)
	}
	frozen, back := st.clock.frozen(began)
	t.Logf("the host has said so: %v; the picture stood for %v at most, %v before", said, frozen, before)
	if frozen > max(unnoticed, 2*before) || back {
		t.Errorf("the picture stood for %v; it went back in time: %v", frozen, back)
	}
	st.arrived(st.reported())
}

// photograph has the grain of one.
func photograph(random *rand.Rand) *codec.Picture {
	pic := codec.NewPicture(400, 300)
	shade := random.Uint32N(128)
	for y := range pic.H {
		row := pic.Row(y)
		for x := range row {
			row[x] = (shade+uint32(x+y)/8+random.Uint32N(12))&0xff<<16 | uint32(y)/2&0xff<<8 | random.Uint32N(16)
		}
	}
	return pic
}
