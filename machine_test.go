//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// machine is one computer of the tests that look behind what a story shows: the
// real program, in a process of its own, with a folder for its files. There is no
// terminal.
type machine struct {
	t     *testing.T
	dir   string
	extra []string // of the environment, over what every program gets
	in    []string // what puts it onto its network: nothing, or nsenter with its flags
}

func newMachine(t *testing.T, name string, extra ...string) machine {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.MkdirAll(filepath.Join(dir, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	return machine{t: t, dir: dir, extra: extra}
}

func (m machine) config() string { return filepath.Join(m.dir, "config.toml") }
func (m machine) state() string  { return filepath.Join(m.dir, "state") }

// command is rac with these arguments, and stdin as its standard input.
func (m machine) command(ctx context.Context, stdin string, args ...string) *exec.Cmd {
	line := append(append(m.in[:len(m.in):len(m.in)], "rac"), args...)
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Dir, cmd.Stdin = m.dir, strings.NewReader(stdin)
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + m.dir, "TMPDIR=" + filepath.Join(m.dir, "tmp"), "SHELL=/bin/sh",
		"GOCOVERDIR=" + os.Getenv("GOCOVERDIR"), "RAC_CONFIG=" + m.config(), "RAC_STATE=" + m.state(),
	}, m.extra...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.WaitDelay = time.Second
	return cmd
}

// exits runs rac to its end, which must be with this code, and returns what it
// has printed.
func (m machine) exits(code int, stdin string, args ...string) (stdout, stderr string) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), 2*patience)
	defer cancel()
	cmd := m.command(ctx, stdin, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		m.t.Fatalf("rac %s: %v", strings.Join(args, " "), err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		m.t.Fatalf("rac %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got, code, &out, &errs)
	}
	return out.String(), errs.String()
}

// starts runs rac beside the test, which ends it.
func (m machine) starts(stdin string, args ...string) *actor {
	m.t.Helper()
	a := &actor{cmd: m.command(context.Background(), stdin, args...), ended: make(chan struct{})}
	a.cmd.Stdout, a.cmd.Stderr = a, a
	if err := a.cmd.Start(); err != nil {
		m.t.Fatalf("rac %s: %v", strings.Join(args, " "), err)
	}
	go func() {
		a.cmd.Wait()
		close(a.ended)
	}()
	m.t.Cleanup(func() { m.stop(a) })
	return a
}

// stop ends what was started.
func (m machine) stop(a *actor) {
	a.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-a.ended:
	case <-time.After(10 * time.Second):
		syscall.Kill(-a.cmd.Process.Pid, syscall.SIGKILL) // its own group: see command
		<-a.ended
	}
	if m.t.Failed() {
		m.t.Logf("[%s]\n%s", strings.Join(a.cmd.Args, " "), a)
	}
}

// hosts starts rac host, which only this computer can reach, and returns its
// address.
func (m machine) hosts(flags ...string) (a *actor, addr string) {
	m.t.Helper()
	a = m.starts("", append([]string{"host", "--listen", "/ip4/127.0.0.1/tcp/0", "--lan=false"}, flags...)...)
	return a, awaitSaying(m.t, "the host", a, `^READY (\S+)`)[1]
}
