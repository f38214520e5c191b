//go:build linux

package main

import (
	"image"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAKeyRepeatsWhileItIsHeldAndNotWhileTheHostStandsStill: nor when it was
// killed. Its own keyboard would repeat a hundred times a second.
func TestAKeyRepeatsWhileItIsHeldAndNotWhileTheHostStandsStill(t *testing.T) {
	h, v := startSession(t)
	file := h.dir + "/typed"
	h.start("xterm", "-T", "typed", "-e", "sh", "-c", "stty -icanon -echo; exec cat >> "+file)
	typed := &typewriter{h.computer, h.find("typed"), file}
	eventually(t, "cat runs", func() bool { return exists(file) })
	v.equals(h)
	v.xdotool("mousemove " + v.at(typed.middle()) + " click 1")
	h.run("xset", "r", "rate", "20", "100")
	v.run("xset", "r", "rate", "100", "10")

	v.xdotool("keydown a")
	eventually(t, "the key repeats", func() bool { return len(typed.text()) > 5 })
	h.host.kill(syscall.SIGSTOP)
	typed.rests("the host's process is stopped")
	v.xdotool("keyup a")
	h.host.kill(syscall.SIGCONT)
	eventually(t, "the key is up and typing goes on", func() bool {
		v.xdotool("key b")
		return len(h.keysDown()) == 0 && strings.Contains(typed.text(), "b")
	})

	v.xdotool("keydown c")
	eventually(t, "the other key is down", func() bool { return strings.Contains(typed.text(), "c") })
	h.host.kill(syscall.SIGKILL)
	typed.rests("the host is killed")
	if strings.Trim(typed.text(), "abc") != "" || !strings.Contains(h.run("xset", "q"), "auto repeat:  on") {
		t.Errorf("typed %q; the keyboard: %s", typed.text(), h.run("xset", "q"))
	}
}

// TestKeysThatTheHostDoesNotTakeAreToldOf: while somebody there is asked something;
// the line stays as it is.
func TestKeysThatTheHostDoesNotTakeAreToldOf(t *testing.T) {
	h, v := startSession(t)
	typed := h.typewriter("typed", image.Pt(10, 10))
	v.equals(h)
	v.xdotool("mousemove " + v.at(typed.middle()) + " click 1")
	v.xdotool("key a Return")
	typed.holds("a\n")

	stranger := newComputer(t, v.x, false)
	stranger.start("script", "-qc", "rac connect "+h.addr+" --screenshot none.png", "/dev/null") // on a terminal
	eventually(t, "the host asks", func() bool { return strings.Contains(h.run("rac", "status"), "waiting") })
	v.xdotool("key b c Return")
	st := &faultStage{T: t, v: v}
	eventually(t, "the viewer tells of the keys", func() bool { return st.reported() == 3 })
	h.run("rac", "deny")
	if typed.text() != "a\n" {
		t.Errorf("typed: %q", typed.text())
	}
}

// rests checks that no more comes than may have been under way, where the host's
// keyboard would make two hundred letters.
func (x *typewriter) rests(since string) {
	x.t.Helper()
	n := len(x.text())
	time.Sleep(2 * time.Second)
	if more := len(x.text()) - n; more > 20 {
		x.t.Errorf("since %s %d letters came", since, more)
	}
}
