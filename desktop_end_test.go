//go:build linux

package main

import (
	"fmt"
	"image"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"rac/screen/screentest"
)

// The ways in which a session between two desktops is disturbed or ends, and
// that no key stays down after any of them.

// holdKey holds a key down at the viewer and waits until it is down at the host.
func holdKey(t *testing.T, h *hosted, v *watching) {
	t.Helper()
	v.xdotool("mousemove " + v.at(image.Pt(640, 400)) + " keydown shift keydown F7")
	eventually(t, "two keys are down at the host", func() bool { return len(h.keysDown()) == 2 })
}

func keysAreUp(t *testing.T, h *hosted) {
	t.Helper()
	eventually(t, "all keys are up at the host", func() bool { return len(h.keysDown()) == 0 })
}

// ends waits for a program's end, with this exit code.
func (a *actor) ends(t *testing.T, code int) {
	t.Helper()
	eventually(t, "the program ends", func() bool {
		select {
		case <-a.ended:
			return true
		default:
			return false
		}
	})
	if got := a.cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("exit %d, want %d", got, code)
	}
}

func (a *actor) kill(signal syscall.Signal) { a.cmd.Process.Signal(signal) }

func TestASwitchInTheFileEndsASessionAndLiftsItsKeys(t *testing.T) {
	h, v := startSession(t)
	holdKey(t, h, v)
	before := comments(t, h.config())
	h.run("sed", "-i", "s/^enabled.*/enabled = false/", h.config())
	v.viewer.ends(t, exitEnded)
	keysAreUp(t, h)
	awaitSaying(t, "the viewer", v.viewer, `"event":"ended","exit":9,"reason":"disabled"`)
	awaitSaying(t, "the viewer", v.viewer, `^rac: .*unattended access was switched off`)
	awaitSaying(t, "the host", h.host, `ended: .*: disabled`)
	if after := comments(t, h.config()); after != before || strings.Count(after, "\n") < 10 {
		t.Errorf("the comments were\n%s\nand are\n%s", before, after)
	}
}

// comments returns the comments of a file; sed has taken that of the line it has
// replaced.
func comments(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`(?m)^enabled.*`).ReplaceAll(text, nil)
	return strings.Join(regexp.MustCompile(`(?m)#.*$`).FindAllString(string(text), -1), "\n")
}

func TestKeysAreLiftedWhenTheViewerIsKilled(t *testing.T) {
	h, v := startSession(t)
	holdKey(t, h, v)
	v.viewer.kill(syscall.SIGKILL)
	keysAreUp(t, h)
}

func TestKeysAreLiftedWhenTheViewerIsHeardNoMore(t *testing.T) {
	h, v := startSession(t)
	holdKey(t, h, v)
	v.viewer.kill(syscall.SIGSTOP) // its line stays up and says nothing
	defer v.viewer.kill(syscall.SIGCONT)
	keysAreUp(t, h)
}

func TestAViewerComesBackWhenItsHostWasKilledAndStartedAgain(t *testing.T) {
	h, v := startSession(t, "--remember")
	awaitSaying(t, "the viewer", v.viewer, `"event":"saved"`)
	holdKey(t, h, v)
	h.host.kill(syscall.SIGKILL)
	awaitSaying(t, "the viewer", v.viewer, "the line is lost, trying to resume")
	listen, _, _ := strings.Cut(h.addr, "/p2p/")
	again := h.computer.host("--listen", listen, "--lan=false")
	if again.id != h.id {
		t.Fatalf("the host is %s now, and was %s", again.id, h.id)
	}
	awaitSaying(t, "the host", again.host, `session \S+ began: .* by token`)
	keysAreUp(t, again) // what the killed host left down
	again.hang(image.Rect(600, 60, 1100, 460))
	v.equals(again)
}

func TestAHostOutlivesItsXServer(t *testing.T) {
	number := fmt.Sprintf(":%d", 1000+os.Getpid()%20000) // no server that looks for a free one comes here
	a := newComputer(t, screentest.Xvfb(t, 800, 600, number), false)
	h := a.host(onLoopback()...)
	v := newComputer(t, screentest.Xvfb(t, 1400, 900), true).watch(h.addr, h)
	a.find("is connected") // the banner
	v.equals(h)
	a.x.Kill()
	awaitSaying(t, "the viewer", v.viewer, "no display: retrying")

	b := newComputer(t, screentest.Xvfb(t, 1024, 700, number), true)
	b.dir = t.TempDir()
	h.computer = b
	b.hang(image.Rect(100, 60, 600, 460))
	awaitSaying(t, "the viewer", v.viewer, "the host shows its screen again")
	b.find("is connected")
	v.equals(h)
	one := b.typewriter("one", image.Pt(20, 480))
	v.equals(h)
	eventually(t, "a click arrives", func() bool { // input is tried again once a second
		v.xdotool("mousemove " + v.at(one.middle()) + " click 1 key x key Return")
		return strings.Contains(one.text(), "x\n")
	})
}

func TestTheWindowFollowsADesktopThatChangesItsSize(t *testing.T) {
	x := screentest.Xvfb(t, 1280, 800)
	sizes := []image.Point{{1024, 768}, {640, 480}, {1280, 720}, {801, 603}}
	for _, s := range sizes {
		x.AddMode(t, s.X, s.Y)
	}
	h := newComputer(t, x, true).host(onLoopback()...)
	v := newComputer(t, screentest.Xvfb(t, 1400, 900), true).watch(h.addr, h)
	h.hang(image.Rect(100, 60, 600, 460))
	v.equals(h)
	for i := range 24 {
		s := sizes[i%len(sizes)]
		x.Resize(t, s.X, s.Y)
		if i%8 == 7 {
			v.equals(h)
		}
	}
	x.Resize(t, 1280, 800)
	v.equals(h)
}
