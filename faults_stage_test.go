//go:build linux

package main

import (
	"fmt"
	"image"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"rac/p2p/p2ptest"
	"rac/screen/screentest"
)

// The stage of the faults: a desktop with a picture that never rests, shared by
// rac host behind one router, and shown by rac connect behind another; somebody
// types into it all the time. A relay is all that both sides know.

// faultStage is one session between two labs' networks.
type faultStage struct {
	*testing.T
	lab    *p2ptest.Lab
	relays []*actor
	h      *hosted
	near   *computer // the viewer's
	v      *watching
	clock  *clock
	typist *typist
	file   string // what arrives at the host's terminal
}

// newFaultStage lets a viewer behind a and a host behind b have a session, over
// relays on the internet.
func newFaultStage(t *testing.T, a, b p2ptest.Router, relays int) *faultStage {
	st := prepareFaultStage(t, a, b, relays)
	st.begin()
	return st
}

// prepareFaultStage does all but start the session.
func prepareFaultStage(t *testing.T, a, b p2ptest.Router, relays int) *faultStage {
	st := &faultStage{T: t, lab: p2ptest.NewLab(t, a, b)}
	settings := []string{"set", "--lan=false", "--public=false"}
	for n := range relays {
		settings = append(settings, st.relay(n)...)
	}
	far := newComputer(t, screentest.Xvfb(t, 1000, 600), false)
	far.in = st.lab.B.Enter()
	far.lock()
	far.run("rac", settings...)
	st.file = st.terminal(far)
	near := newComputer(t, screentest.Xvfb(t, 1200, 700), false)
	near.in = st.lab.A.Enter()
	near.run("rac", settings...)
	st.h = st.host(far)
	st.near = near
	return st
}

// begin starts the session, and who uses it.
func (st *faultStage) begin() {
	t := st.T
	st.v = st.near.watch(st.h.id, st.h, "--remember")
	st.clock = startClock(t, st.h.computer, st.v)
	eventually(t, "the picture moves", func() bool { return st.clock.frames() > 3 })
	st.v.xdotool("mousemove " + st.v.at(image.Pt(300, 100)) + " click 1")
	st.typist = startTypist(t, st.near.x.Display, st.file)
	eventually(t, "what is typed arrives", func() bool { return len(st.typist.arrivals()) > 3 })
}

// host starts rac host as a service does, and waits for its place at the relays.
func (st *faultStage) host(far *computer) *hosted {
	h := &hosted{computer: far}
	cmd := far.command("rac", "host")
	cmd.Env = append(cmd.Env, "RAC_LOG=debug", "INVOCATION_ID=1")
	h.host = far.launch(cmd)
	h.id = awaitSaying(st.T, "the host", h.host, `^ID (\S+)`)[1]
	eventually(st.T, "the host is at its relays", func() bool { return strings.Count(h.host.String(), `"relay reached"`) >= len(st.relays) })
	return h
}

// relay starts a relay and returns the flags that name it.
func (st *faultStage) relay(n int) (flags []string) {
	m := newMachine(st.T, fmt.Sprint("relay", n))
	m.in = st.lab.Internet.Enter()
	port := 4001 + 100*n
	var listen []string
	for _, proto := range []string{"udp/%d/quic-v1", "tcp/%d"} {
		listen = append(listen, fmt.Sprintf("/ip4/%s/"+proto, p2ptest.ServerAddr, port))
	}
	a := m.starts("", "relay", "--listen", listen[0], "--listen", listen[1])
	id := awaitSaying(st.T, "the relay", a, `^ID (\S+)`)[1]
	st.relays = append(st.relays, a)
	for _, l := range listen {
		flags = append(flags, "--add-relay", l+"/p2p/"+id)
	}
	return flags
}

// terminal starts an xterm whose file has each key as soon as it arrives.
func (st *faultStage) terminal(far *computer) (file string) {
	file = far.dir + "/typed"
	far.start("xterm", "-T", "typed", "-geometry", "80x12+20+20", "-e", "sh", "-c", "stty -icanon -echo; exec cat >> "+file)
	far.find("typed")
	eventually(st.T, "cat runs", func() bool { return exists(file) })
	return file
}

// awaitPath waits until the viewer says that its path is direct, or relayed.
func (st *faultStage) awaitPath(path string) {
	st.Helper()
	last := regexp.MustCompile(`"event":"(?:path|connected)".*"path":"(\w+)"`)
	eventually(st.T, "the path is "+path, func() bool {
		all := last.FindAllStringSubmatch(st.v.viewer.String(), -1)
		return len(all) > 0 && all[len(all)-1][1] == path
	})
}

// runBeside does something again and again until the test ends.
func runBeside(t *testing.T, every time.Duration, f func()) {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				f()
			case <-stop:
				return
			}
		}
	})
	t.Cleanup(func() { close(stop); wg.Wait() })
}

// keyDown is how long a finger stays on a key, of the 80 ms from one to the next.
const keyDown = 40 * time.Millisecond
