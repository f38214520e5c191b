//go:build unix

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"
)

// The programs that run beside a story: started, typed to, heard, ended.

// actor is one program that runs beside a script.
type actor struct {
	lockedBuffer // what it has printed
	cmd          *exec.Cmd
	tty          *os.File // nil without a terminal
	ended        chan struct{}
}

// lockedBuffer is written to while it is read.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func start(ts *testscript.TestScript, args []string, terminal bool) {
	need(ts, args, 2, "starts WHAT COMMAND [ARG...]")
	launch(ts, args[0], commandOf(context.Background(), ts, args[1:]), terminal)
}

func launch(ts *testscript.TestScript, name string, cmd *exec.Cmd, terminal bool) *actor {
	s := storyOf(ts)
	if old := s.running[name]; old != nil {
		select {
		case <-old.ended:
		default:
			ts.Fatalf("%s runs already", name)
		}
	}
	a := &actor{cmd: cmd, ended: make(chan struct{})}
	var copied sync.WaitGroup
	if terminal {
		cmd.Env = append(cmd.Env, "TERM=xterm")
		tty, err := pty.StartWithAttrs(cmd, nil, &syscall.SysProcAttr{Setsid: true, Setctty: true})
		ts.Check(err)
		a.tty = tty
		copied.Go(func() { io.Copy(a, tty) })
	} else {
		cmd.Stdout, cmd.Stderr = a, a
		ts.Check(cmd.Start())
	}
	go func() {
		cmd.Wait()
		copied.Wait()
		close(a.ended)
	}()
	s.running[name] = a
	return a
}

func (s *story) actor(ts *testscript.TestScript, name string) *actor {
	a := s.running[name]
	if a == nil {
		ts.Fatalf("nothing called %s was started", name)
	}
	return a
}

func cmdTypes(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 2, "types WHAT TEXT")
	text := strings.ReplaceAll(strings.Join(args[1:], " "), `\n`, "\r")
	_, err := storyOf(ts).actor(ts, args[0]).tty.Write([]byte(text))
	ts.Check(err)
}

func cmdSays(ts *testscript.TestScript, not bool, args []string) {
	need(ts, args, 2, "says WHAT REGEXP")
	a := storyOf(ts).actor(ts, args[0])
	pattern := strings.Join(args[1:], " ")
	if not {
		if regexp.MustCompile(pattern).MatchString(a.String()) {
			ts.Fatalf("%s said %q:\n%s", args[0], pattern, a)
		}
		return
	}
	awaitSaying(ts, args[0], a, pattern)
}

// awaitSaying waits until a program has printed pattern; ts is a TestScript or a
// testing.T.
func awaitSaying(ts interface{ Fatalf(string, ...any) }, name string, a *actor, pattern string) []string {
	re := regexp.MustCompile("(?m)" + pattern)
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if found := re.FindStringSubmatch(a.String()); found != nil {
			return found
		}
		select {
		case <-a.ended:
			if found := re.FindStringSubmatch(a.String()); found != nil {
				return found
			}
			ts.Fatalf("%s has ended and never said %q:\n%s", name, pattern, a)
		default:
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s did not say %q:\n%s", name, pattern, a)
		}
	}
}

func cmdEnds(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 2, "ends WHAT CODE")
	a := storyOf(ts).actor(ts, args[0])
	select {
	case <-a.ended:
	case <-time.After(patience):
		ts.Fatalf("%s does not end:\n%s", args[0], a)
	}
	ts.Logf("[%s]\n%s", args[0], a)
	if got := strconv.Itoa(a.cmd.ProcessState.ExitCode()); got != args[1] {
		ts.Fatalf("%s: exit %s, want %s:\n%s", args[0], got, args[1], a)
	}
}

func cmdSignals(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 2, "signals WHAT NAME")
	signals := map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT, "SIGHUP": syscall.SIGHUP, "SIGKILL": syscall.SIGKILL}
	ts.Check(storyOf(ts).actor(ts, args[0]).cmd.Process.Signal(signals[args[1]]))
}
