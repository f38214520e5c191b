//go:build linux

package main

import (
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"

	"rac/p2p/p2ptest"
	"rac/screen/codec"
	"rac/screen/screentest"
	"rac/screen/x11"
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

// clock is the picture that never rests: the time of its painting in black and
// white cells, which is read off the viewer's window a hundred times a second.
type clock struct {
	start time.Time

	mu   sync.Mutex
	seen []sighting
}

// sighting is a time that the viewer's window has shown for the first time.
type sighting struct{ painted, shown time.Duration }

const (
	clockBits = 24
	clockCell = 16
	clockTop  = 500
)

func startClock(t *testing.T, host *computer, v *watching) *clock {
	c := &clock{start: time.Now()}
	at := v.area(v.win).Min
	reader := v.x.Painter(t) // a connection of its own
	painter := host.x.Painter(t)
	runBeside(t, 33*time.Millisecond, func() {
		painter.Put(image.Pt(0, clockTop), clockFace(time.Since(c.start)))
		painter.Sync()
	})
	runBeside(t, 10*time.Millisecond, func() { c.look(reader, at) })
	return c
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

// clockFace shows a time twice, the second time in the negative: a face that is
// half of one time and half of another is none.
func clockFace(d time.Duration) *codec.Picture {
	pic := codec.NewPicture(clockBits*clockCell, 2*clockCell)
	ms := uint32(d.Milliseconds())
	for y := range pic.H {
		for x := range pic.W {
			if ms>>(x/clockCell)&1 != uint32(y/clockCell) {
				pic.Row(y)[x] = 0xffffff
			}
		}
	}
	return pic
}

func (c *clock) look(p *screentest.Painter, at image.Point) {
	img, err := xproto.GetImage(p.Conn.Conn, xproto.ImageFormatZPixmap, xproto.Drawable(p.Conn.Root),
		int16(at.X), int16(at.Y+clockTop), clockBits*clockCell, 2*clockCell, 0xffffffff).Reply()
	if err != nil {
		return
	}
	bit := func(x, y int) uint32 {
		if img.Data[4*((y*clockCell+clockCell/2)*clockBits*clockCell+x*clockCell+clockCell/2)+1] >= 0x80 {
			return 1
		}
		return 0
	}
	var ms uint32
	for i := range clockBits {
		if bit(i, 0) == bit(i, 1) {
			return // torn, or something is over it
		}
		ms |= bit(i, 0) << i
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	painted := time.Duration(ms) * time.Millisecond
	if n := len(c.seen); n == 0 || c.seen[n-1].painted != painted {
		c.seen = append(c.seen, sighting{painted, time.Since(c.start)})
	}
}

func (c *clock) frames() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seen)
}

// movedAfter returns how long after a moment something was shown that was
// painted after it; negative: never.
func (c *clock) movedAfter(at time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	since := at.Sub(c.start)
	for _, s := range c.seen {
		if s.painted >= since {
			return s.shown - since
		}
	}
	return -1
}

// frozen returns the longest time since a moment in which nothing new was shown,
// and whether anything older was shown than what had been.
func (c *clock) frozen(since time.Time) (longest time.Duration, back bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := sighting{shown: since.Sub(c.start)}
	for _, s := range c.seen {
		if s.shown < last.shown {
			continue
		}
		longest = max(longest, s.shown-last.shown)
		back = back || s.painted < last.painted
		last = s
	}
	return longest, back
}

// typist presses keys at the viewer and notes when they arrive in a file.
type typist struct {
	mu      sync.Mutex
	paused  bool
	typed   []letter
	arrived []letter
}

type letter struct {
	r  byte
	at time.Time
}

func startTypist(t *testing.T, display, file string) *typist {
	conn, err := x11.Dial(t.Context(), display)
	if err == nil {
		err = xtest.Init(conn.Conn)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	keys := letterKeys(t, conn)
	ty := &typist{}
	random := rand.New(rand.NewPCG(3, 4))
	runBeside(t, 80*time.Millisecond, func() {
		r, typing := ty.next(random)
		if !typing {
			return
		}
		xtest.FakeInput(conn.Conn, xproto.KeyPress, byte(keys[r]), 0, conn.Root, 0, 0, 0)
		conn.Sync()
		time.Sleep(keyDown)
		xtest.FakeInput(conn.Conn, xproto.KeyRelease, byte(keys[r]), 0, conn.Root, 0, 0, 0)
		conn.Sync()
	})
	runBeside(t, 10*time.Millisecond, func() {
		text, _ := os.ReadFile(file)
		ty.mu.Lock()
		defer ty.mu.Unlock()
		for _, r := range text[min(len(ty.arrived), len(text)):] {
			ty.arrived = append(ty.arrived, letter{r, time.Now()})
		}
	})
	return ty
}

func letterKeys(t *testing.T, conn *x11.Conn) map[byte]xproto.Keycode {
	setup := xproto.Setup(conn.Conn)
	m, err := xproto.GetKeyboardMapping(conn.Conn, setup.MinKeycode, byte(setup.MaxKeycode-setup.MinKeycode+1)).Reply()
	if err != nil {
		t.Fatal(err)
	}
	keys := map[byte]xproto.Keycode{}
	for i := 0; i < len(m.Keysyms); i += int(m.KeysymsPerKeycode) {
		if sym := m.Keysyms[i]; sym >= 'a' && sym <= 'z' {
			keys[byte(sym)] = setup.MinKeycode + xproto.Keycode(i/int(m.KeysymsPerKeycode))
		}
	}
	return keys
}

// keyDown is how long a finger stays on a key, of the 80 ms from one to the next.
const keyDown = 40 * time.Millisecond

// next is the next letter; false: the typist rests.
func (ty *typist) next(random *rand.Rand) (r byte, typing bool) {
	ty.mu.Lock()
	defer ty.mu.Unlock()
	if ty.paused {
		return 0, false
	}
	r = byte('a' + random.IntN(26))
	ty.typed = append(ty.typed, letter{r, time.Now()})
	return r, true
}

func (ty *typist) pause(paused bool) {
	ty.mu.Lock()
	defer ty.mu.Unlock()
	ty.paused = paused
}

// stop stops the typing, and returns when a second long nothing more has arrived.
func (ty *typist) stop() {
	ty.pause(true)
	for n := -1; n != len(ty.arrivals()); time.Sleep(time.Second) {
		n = len(ty.arrivals())
	}
}

func (ty *typist) arrivals() []letter {
	ty.mu.Lock()
	defer ty.mu.Unlock()
	return ty.arrived
}

// compared is what became of the typing.
type compared struct {
	typed, missing, extra int
	latest                time.Duration // from a key to its letter
}

// compare holds what has arrived against what was typed: the longest common
// subsequence is what got through. Where a letter can be one of several, it is
// the last.
func (ty *typist) compare() (c compared) {
	ty.mu.Lock()
	defer ty.mu.Unlock()
	a, b := ty.typed, ty.arrived
	length := make([][]int, len(a)+1) // of the first i and the first j letters
	for i := range length {
		length[i] = make([]int, len(b)+1)
		for j := 1; i > 0 && j <= len(b); j++ {
			if a[i-1].r == b[j-1].r {
				length[i][j] = length[i-1][j-1] + 1
			} else {
				length[i][j] = max(length[i-1][j], length[i][j-1])
			}
		}
	}
	i, j := len(a), len(b)
	c.typed, c.missing, c.extra = i, i-length[i][j], j-length[i][j]
	for i > 0 && j > 0 {
		switch {
		case a[i-1].r == b[j-1].r:
			c.latest = max(c.latest, b[j-1].at.Sub(a[i-1].at))
			i, j = i-1, j-1
		case length[i-1][j] >= length[i][j-1]:
			i--
		default:
			j--
		}
	}
	return c
}
