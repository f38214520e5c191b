//go:build linux

package main

import (
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jezek/xgb/xfixes"
	"github.com/jezek/xgb/xproto"

	"rac/screen/screentest"
)

// The desktop stories start the real program on two real desktops: rac host on
// the one, rac connect with its window on the other. This file has the stage;
// what is played on it is in the files desktop_*_test.go.

// computer is a person's computer: an X display, and a folder for rac's files.
type computer struct {
	*screentest.Painter // looks at the display and draws on it

	t   *testing.T
	x   *screentest.Server
	dir string
	in  []string // what puts a program onto this computer's network: nothing, or nsenter with its flags
}

// newComputer switches a computer on; with openbox if it is to have a window
// manager.
func newComputer(t *testing.T, x *screentest.Server, manager bool) *computer {
	t.Helper()
	c := &computer{Painter: x.Painter(t), t: t, x: x, dir: t.TempDir()}
	if manager {
		c.start("openbox")
		eventually(t, "openbox manages", func() bool { return c.property(c.Conn.Root, "_NET_SUPPORTING_WM_CHECK") != nil })
		c.keepAwake()
	}
	return c
}

// keepAwake has something happen on the display again and again. Openbox 3.6 can
// read an event and sleep over it until the next one comes: about one window of
// five, mapped in the moment in which another program had woken it, would not be
// seen on a display where nothing else happens.
func (c *computer) keepAwake() {
	stop := make(chan struct{})
	var waker sync.WaitGroup
	waker.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				xproto.ChangeProperty(c.Conn.Conn, xproto.PropModeReplace, c.Conn.Root, xproto.AtomCutBuffer7, xproto.AtomString, 8, 0, nil)
			case <-stop:
				return
			}
		}
	})
	c.t.Cleanup(func() {
		close(stop)
		waker.Wait()
	})
}

// command is what a person of this computer types, without a terminal.
func (c *computer) command(name string, args ...string) *exec.Cmd {
	args = append(append(c.in[:len(c.in):len(c.in)], name), args...)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = c.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + c.dir, "DISPLAY=" + c.x.Display, "LC_ALL=C.UTF-8", "SHELL=/bin/sh",
		"RAC_CONFIG=" + c.config(), "RAC_STATE=" + filepath.Join(c.dir, "state"), "RAC_LOG=" + os.Getenv("RAC_LOG"),
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}

func (c *computer) config() string { return filepath.Join(c.dir, "config.toml") }

// run runs a program to its end and returns what it printed.
func (c *computer) run(name string, args ...string) string {
	c.t.Helper()
	out, err := c.command(name, args...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// xdotool moves, clicks and types as the person before this computer does.
func (c *computer) xdotool(words string) {
	c.t.Helper()
	c.run("xdotool", strings.Fields(words)...)
}

// start starts a program, which ends with the test.
func (c *computer) start(name string, args ...string) *actor {
	c.t.Helper()
	return c.launch(c.command(name, args...))
}

func (c *computer) launch(cmd *exec.Cmd) *actor {
	c.t.Helper()
	a := &actor{cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = a, a, time.Second
	if err := cmd.Start(); err != nil {
		c.t.Fatalf("%v: %v", cmd.Args, err)
	}
	go func() {
		cmd.Wait()
		close(a.ended)
	}()
	c.t.Cleanup(func() { c.end(a) })
	return a
}

// end ends a program and what it has started: the group is its own.
func (c *computer) end(a *actor) {
	a.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-a.ended:
	case <-time.After(10 * time.Second):
		syscall.Kill(-a.cmd.Process.Pid, syscall.SIGKILL)
		<-a.ended
	}
	if c.t.Failed() {
		c.t.Logf("[%s]\n%s", strings.Join(a.cmd.Args, " "), a)
	}
}

// property returns a window's property, nil if it has none.
func (c *computer) property(win xproto.Window, name string) []byte {
	atom, err := c.Conn.Atom(name)
	if err != nil {
		return nil
	}
	r, err := xproto.GetProperty(c.Conn.Conn, false, win, atom, xproto.GetPropertyTypeAny, 0, 1024).Reply()
	if err != nil {
		return nil
	}
	return r.Value
}

// area is where a window's inside lies on the screen; empty while it is unseen.
func (c *computer) area(win xproto.Window) image.Rectangle {
	a, err := xproto.GetWindowAttributes(c.Conn.Conn, win).Reply()
	if err != nil || a.MapState != xproto.MapStateViewable {
		return image.Rectangle{}
	}
	g, err := xproto.GetGeometry(c.Conn.Conn, xproto.Drawable(win)).Reply()
	if err != nil {
		return image.Rectangle{}
	}
	at, err := xproto.TranslateCoordinates(c.Conn.Conn, win, c.Conn.Root, 0, 0).Reply()
	if err != nil {
		return image.Rectangle{}
	}
	return image.Rect(0, 0, int(g.Width), int(g.Height)).Add(image.Pt(int(at.DstX), int(at.DstY)))
}

// find waits for a window that can be seen and has text in its name.
func (c *computer) find(text string) (win xproto.Window) {
	c.t.Helper()
	eventually(c.t, "a window "+strconv.Quote(text), func() bool {
		out, _ := c.command("xdotool", "search", "--onlyvisible", "--name", text).Output()
		id, err := strconv.Atoi(strings.TrimSpace(string(out)))
		win = xproto.Window(id)
		return err == nil && !c.area(win).Empty()
	})
	return win
}

// pointerAt is where the pointer is on the screen.
func (c *computer) pointerAt() image.Point {
	c.t.Helper()
	p, err := xproto.QueryPointer(c.Conn.Conn, c.Conn.Root).Reply()
	if err != nil {
		c.t.Fatal(err)
	}
	return image.Pt(int(p.RootX), int(p.RootY))
}

// pointerShape is the picture of the pointer, in words; "" if it cannot be had.
func (c *computer) pointerShape() string {
	xfixes.QueryVersion(c.Conn.Conn, 5, 0).Reply()
	p, err := xfixes.GetCursorImage(c.Conn.Conn).Reply()
	if err != nil {
		return ""
	}
	return fmt.Sprint(p.Width, p.Height, p.Xhot, p.Yhot, p.CursorImage)
}

// keysDown returns the keys that are down at the X server.
func (c *computer) keysDown() (codes []int) {
	c.t.Helper()
	r, err := xproto.QueryKeymap(c.Conn.Conn).Reply()
	if err != nil {
		c.t.Fatal(err)
	}
	for code := range 256 {
		if r.Keys[code/8]&(1<<(code%8)) != 0 {
			codes = append(codes, code)
		}
	}
	return codes
}

// eventually waits for something that programs do.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}
