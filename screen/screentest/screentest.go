// Package screentest has what tests of a screen need: X servers of their own
// (this file), known pixels in them (draw.go), and the two ends of package
// screen to plug in: a Surface that remembers and a Source that is told what to
// show (fakes.go).
//
// A test that needs a program fails where it is not installed; it is never
// skipped.
package screentest

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rac/screen/x11"
)

// startTimeout is how long an X server or a program may take to start on a busy
// machine.
const startTimeout = 30 * time.Second

// Server is a running X server.
type Server struct {
	Display   string // ":7"
	Authority string // the Xauthority file; "" where any local user may connect
	PID       int

	cmd  *exec.Cmd
	log  syncBuffer
	done chan struct{} // closed when the server has ended
}

// Xvfb starts an X server of w×h pixels of 24 bits on a free display, with more
// arguments if there are any, and ends it with the test. Anybody on this machine
// may connect.
func Xvfb(t testing.TB, w, h int, args ...string) *Server {
	t.Helper()
	return XvfbScreen(t, fmt.Sprintf("%dx%dx24", w, h), args...)
}

// start runs Xvfb and waits until it says which display it is.
func start(t testing.TB, s *Server, args []string) *Server {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	// -noreset: without it the server starts afresh when its last client leaves,
	// in the middle of the next one's connecting.
	s.cmd = exec.Command("Xvfb", append([]string{"-displayfd", "3", "-noreset", "-nolisten", "tcp"}, args...)...)
	s.cmd.ExtraFiles = []*os.File{w}
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	s.cmd.SysProcAttr = endWithUs()
	err = s.cmd.Start()
	w.Close()
	if err != nil {
		t.Fatalf("Xvfb (apt-get install xvfb): %v", err)
	}
	s.PID, s.done = s.cmd.Process.Pid, make(chan struct{})
	go func() { s.cmd.Wait(); close(s.done) }()
	t.Cleanup(s.Stop)
	r.SetReadDeadline(time.Now().Add(startTimeout))
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb %s did not start: %v\n%s", strings.Join(args, " "), err, s.log.String())
	}
	s.Display = ":" + strings.TrimSpace(line)
	return s
}

// Stop ends the server and waits for its end.
func (s *Server) Stop() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(5 * time.Second):
		s.Kill()
	}
}

// Kill ends the server as a crash would.
func (s *Server) Kill() {
	s.cmd.Process.Kill()
	<-s.done
}

// Env is this process's environment with the server as its display.
func (s *Server) Env() []string {
	// xdotool reads what it is to type by the locale, and xprop writes by it.
	env := append(os.Environ(), "DISPLAY="+s.Display, "LC_ALL=C.UTF-8")
	if s.Authority != "" {
		env = append(env, "XAUTHORITY="+s.Authority)
	}
	return env
}

// Run runs a program on the display to its end and returns what it printed.
func (s *Server) Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = s.Env()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Start starts a program on the display and ends it with the test.
func (s *Server) Start(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = s.Env()
	cmd.SysProcAttr = endWithUs()
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd
}

// syncBuffer collects what a program prints.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// XvfbScreen is Xvfb with a screen in its words: "1280x720x16".
func XvfbScreen(t testing.TB, screen string, args ...string) *Server {
	t.Helper()
	return start(t, &Server{}, append([]string{"-screen", "0", screen}, args...))
}

// XvfbAuth is Xvfb that lets only those in who have the cookie in its Authority.
func XvfbAuth(t testing.TB, w, h int) *Server {
	t.Helper()
	s := &Server{Authority: filepath.Join(t.TempDir(), "Xauthority")}
	if err := x11.WriteAuthority(s.Authority); err != nil {
		t.Fatal(err)
	}
	return start(t, s, []string{"-auth", s.Authority, "-screen", "0", fmt.Sprintf("%dx%dx24", w, h)})
}

// AddMode lets Resize choose w×h pixels, which must not be more than the server
// began with.
func (s *Server) AddMode(t testing.TB, w, h int) {
	t.Helper()
	name := fmt.Sprintf("%dx%d", w, h)
	ws, hs := fmt.Sprint(w), fmt.Sprint(h)
	s.Run(t, "xrandr", "--newmode", name, "0", ws, ws, ws, ws, hs, hs, hs, hs)
	s.Run(t, "xrandr", "--addmode", "screen", name)
}

// Resize changes the size of the screen to one that it began with or AddMode
// added.
func (s *Server) Resize(t testing.TB, w, h int) {
	t.Helper()
	s.Run(t, "xrandr", "--output", "screen", "--mode", fmt.Sprintf("%dx%d", w, h))
}
