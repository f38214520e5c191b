//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rac/screen/screentest"
)

// floodVar set to "full" makes the flood as large as promised (make flood): ten
// thousand identities, 500 half-open logins and 300 half-open connections, about
// two minutes. Otherwise it is a small one.
const floodVar = "RAC_FLOOD"

// flood is how large an attack is, and how often the owner logs in meanwhile.
type flood struct {
	attack
	sources int // addresses, each in a network (/24) of its own
	logins  int // of each kind
	slack   float64
}

func floodSize() flood {
	if os.Getenv(floodVar) == "full" {
		return flood{attack{Identities: 10000, Rate: 200, Payers: 20, Logins: 500, Handshakes: 300, For: 5 * time.Minute}, 60, 5, 1}
	}
	// On a machine that does other things at the same time nothing but a tenfold says much.
	return flood{attack{Identities: 300, Rate: 40, Payers: 20, Logins: 60, Handshakes: 20, For: time.Minute}, 10, 1, 10}
}

const floodMemory = 64 << 20 // what the host may grow by

// TestTheOwnerGetsInDuringAFlood has a real host, an attacker with many addresses
// and the owner each in a network namespace of their own. While the attacker
// guesses, dribbles and holds on to every connection that he gets, the owner logs
// in: with a saved login, with the password on a machine that has been here before,
// and on new machines; and what he was connected with before stays. The full flood
// takes RAC_FLOOD=full, and prints its figures with -v.
func TestTheOwnerGetsInDuringAFlood(t *testing.T) {
	size := floodSize()
	f := newFloodStage(t, size)
	f.promise("by a saved login", 2*time.Second, func(int) machine { return f.laptop }, "token")
	f.promise("by password, on a known machine", 3*time.Second, func(int) machine { return f.study }, "password")
	f.promise("by password, on a new machine", 15*time.Second, func(i int) machine { return f.owner.machine(t, fmt.Sprint("new", i)) }, "password")
	f.promise("likewise, behind one NAT with him", 2*time.Second, func(int) machine { return f.behindHisNAT() }, "token")
	f.untilAllHaveTried()
	f.memory()
	select {
	case <-f.working.ended:
		t.Errorf("who was connected before is no more:\n%s", f.working)
	default:
	}
}

// behindHisNAT is the laptop in the attacker's network, at an address that he uses too.
func (f *floodStage) behindHisNAT() machine {
	m := f.laptop
	m.in = f.far.enter
	return m
}

// floodStage is where it happens.
type floodStage struct {
	t        *testing.T
	size     flood
	owner    place
	far      place  // the attacker's
	addr     string // the host's, for the owner
	host     *actor
	attacker *actor
	before   int64   // the host's memory before the flood, in bytes
	laptop   machine // has a saved login
	study    machine // has logged in by password
	desktop  machine // is connected all the time
	working  *actor  // its viewer
}

// place is a namespace in which machines stand.
type place struct{ *network }

func (p place) machine(t *testing.T, name string) machine {
	m := newMachine(t, name)
	m.in = p.enter
	return m
}

func newFloodStage(t *testing.T, size flood) *floodStage {
	near := newNetwork(t, nil)
	far, owner := newNetwork(t, near), newNetwork(t, near)
	near.cable(t, far, "11.0.0.1/8", "11.0.0.2/8")
	near.cable(t, owner, "12.2.0.1/24", "12.2.0.2/24")
	far.ip(t, "route add 12.2.0.0/24 via 11.0.0.1")
	size.Sources = []string{"11.0.0.2"}
	for i := range size.sources - 1 {
		size.Sources = append(size.Sources, fmt.Sprintf("11.%d.%d.10", 1+i/250, i%250))
		far.ip(t, "addr add "+size.Sources[i+1]+"/8 dev c1")
	}
	f := &floodStage{t: t, size: size, owner: place{owner}, far: place{far}}
	host := place{near}.machine(t, "host")
	host.exits(0, racPassword, "passwd", "--stdin")
	f.host = host.starts("", "host", "--lan=false", "--public=false", "--allow-save-login=true")
	f.addr = awaitSaying(t, "the host", f.host, `^READY (/ip4/12\.2\.0\.1/tcp/\S+)`)[1]
	f.size.Host = awaitSaying(t, "the host", f.host, `^READY (/ip4/11\.0\.0\.1/tcp/\S+)`)[1]
	f.laptop, f.study, f.desktop = f.owner.machine(t, "laptop"), f.owner.machine(t, "study"), f.owner.machine(t, "desktop")
	f.laptop.exits(0, racPassword, "connect", f.addr, "--remember", "--password-stdin", "--screenshot", "a.png")
	f.login(f.laptop, "token")
	f.login(f.study, "password")
	f.desktop.extra = []string{"DISPLAY=" + screentest.Xvfb(t, 800, 600).Display}
	f.working = f.desktop.starts(racPassword, "connect", f.addr, "--json", "--password-stdin")
	awaitSaying(t, "the viewer", f.working, `"event":"stats"`)
	f.before = f.forgetPeak()
	f.start()
	return f
}

// cable joins two networks; its end there is called c1.
func (n *network) cable(t *testing.T, other *network, here, there string) {
	t.Helper()
	mine := "c" + other.enter[2] // the number of a process
	n.ip(t, "link add "+mine+" type veth peer name c1 netns "+other.enter[2])
	n.ip(t, "addr add "+here+" dev "+mine)
	n.ip(t, "link set "+mine+" up")
	other.ip(t, "addr add "+there+" dev c1")
	other.ip(t, "link set c1 up")
}

// start starts this test's program again, as the attacker, and waits until the
// flood has reached its height.
func (f *floodStage) start() {
	f.t.Helper()
	program, err := os.Executable()
	if err != nil {
		f.t.Fatal(err)
	}
	text, err := json.Marshal(f.size.attack)
	if err != nil {
		f.t.Fatal(err)
	}
	// An attacker has computers of his own: of this one's processors he gets the rest.
	line := append(f.far.enter[:len(f.far.enter):len(f.far.enter)], "nice", "-n", "10", program, "-test.run=^TestTheAttacker$", "-test.timeout=10m")
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env = append(os.Environ(), attackVar+"="+string(text))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	f.attacker = &actor{cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = f.attacker, f.attacker, time.Second
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	go func() {
		cmd.Wait()
		close(f.attacker.ended)
	}()
	f.t.Cleanup(func() { machine{t: f.t}.stop(f.attacker) })
	eventually(f.t, "the flood rises", func() bool {
		now := f.tally()
		return now.Dribbles >= f.size.Logins/2 && now.Calls >= f.size.Identities/10
	})
}

// tally is what the attacker has told last.
func (f *floodStage) tally() (last tally) {
	lines := strings.Split(f.attacker.String(), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.HasPrefix(lines[i], "{") && json.Unmarshal([]byte(lines[i]), &last) == nil {
			return last
		}
	}
	return last
}

// promise lets the owner log in several times, and holds that the median is in time.
func (f *floodStage) promise(how string, most time.Duration, from func(int) machine, by string) {
	f.t.Helper()
	var took []time.Duration
	for i := range f.size.logins {
		took = append(took, f.login(from(i), by).Round(time.Millisecond))
	}
	median := slices.Sorted(slices.Values(took))[len(took)/2]
	f.t.Logf("%-33s median %6v of %v (%v promised)", how+":", median, took, most)
	if float64(median) > f.size.slack*float64(most) {
		f.t.Errorf("%s: it takes %v, the promise is %v", how, median, most)
	}
}

// login is from the return key to the session. The password is there for who wants it.
func (f *floodStage) login(m machine, by string) time.Duration {
	f.t.Helper()
	stdin, args := "", []string{"connect", f.addr, "--json", "--screenshot", "a.png"}
	if by == "password" {
		stdin, args = racPassword, append(args, "--password-stdin")
	}
	began := time.Now()
	a := m.starts(stdin, args...)
	awaitSaying(f.t, "the owner", a, `"event":"connected".*"auth":"`+by+`"`)
	took := time.Since(began)
	select {
	case <-a.ended:
	case <-time.After(patience):
		f.t.Fatalf("the owner's screenshot does not come:\n%s", a)
	}
	if code := a.cmd.ProcessState.ExitCode(); code != 0 {
		f.t.Fatalf("the owner's exit code is %d\n%s", code, a)
	}
	return took
}

// untilAllHaveTried waits until as many identities as promised have been at the door.
func (f *floodStage) untilAllHaveTried() {
	for f.tally().Calls < f.size.Identities {
		select {
		case <-f.attacker.ended:
			f.t.Fatalf("only %d identities could try in %v", f.tally().Calls, f.size.For)
		case <-time.After(100 * time.Millisecond):
		}
	}
	end, _ := json.Marshal(f.tally())
	load, _ := os.ReadFile("/proc/loadavg")
	f.t.Logf("the attacker: %s; load of the machine %s", end, bytes.TrimSpace(load))
}

// memory holds what the host has grown by at most.
func (f *floodStage) memory() {
	now, peak := f.status("VmRSS"), f.status("VmHWM")
	f.t.Logf("the host's memory: %d MiB before, %d MiB at most, %d MiB now: %+d MiB (%d promised)",
		f.before>>20, peak>>20, now>>20, (peak-f.before)>>20, int64(floodMemory)>>20)
	if grown := peak - f.before; float64(grown) > f.size.slack*floodMemory {
		f.t.Errorf("the host has grown by %d MiB, the promise is %d", grown>>20, int64(floodMemory)>>20)
	}
}

// forgetPeak makes the host's peak of memory what it uses now, and returns that.
func (f *floodStage) forgetPeak() int64 {
	if err := os.WriteFile(f.proc("clear_refs"), []byte("5"), 0); err != nil {
		f.t.Fatal(err)
	}
	return f.status("VmRSS")
}

func (f *floodStage) proc(file string) string {
	return filepath.Join("/proc", strconv.Itoa(f.host.cmd.Process.Pid), file)
}

// status reads a size from the host's /proc/PID/status, in bytes.
func (f *floodStage) status(key string) int64 {
	f.t.Helper()
	text, err := os.ReadFile(f.proc("status"))
	if err != nil {
		f.t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^` + key + `:\s+(\d+) kB$`).FindSubmatch(bytes.TrimSpace(text))
	if found == nil {
		f.t.Fatalf("no %s in\n%s", key, text)
	}
	kB, _ := strconv.ParseInt(string(found[1]), 10, 64)
	return kB << 10
}
