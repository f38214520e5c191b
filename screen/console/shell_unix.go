//go:build unix

package console

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
)

// After SIGHUP the programs of a session have grace to end; what a shell has
// written when it ended is read for at most drain.
const (
	grace = time.Second
	drain = 200 * time.Millisecond
)

// shell is a shell in a session of its own, with our end of its terminal.
type shell struct {
	cmd    *exec.Cmd
	tty    *os.File
	out    *outbox
	exited chan struct{}
}

func startShell(o *Options) (*shell, error) {
	keepFilesFromChildren()
	cmd := exec.Command(o.Shell[0], o.Shell[1:]...)
	cmd.Env, cmd.Dir = o.Env, o.Dir
	if o.login {
		cmd.Args[0] = "-" + filepath.Base(o.Shell[0]) // as login(1) does
	}
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{
		Cols: uint16(o.Cols), Rows: uint16(o.Rows),
		X: uint16(o.Cols * cellW), Y: uint16(o.Rows * cellH),
	})
	if err != nil {
		return nil, fmt.Errorf("console: %s in a pseudo-terminal: %w", o.Shell[0], err)
	}
	s := &shell{cmd: cmd, out: newOutbox(), exited: make(chan struct{})}
	if s.tty, err = pollable(tty); err != nil {
		tty.Close()
		cmd.Process.Kill()
		cmd.Wait()
		return nil, fmt.Errorf("console: pseudo-terminal: %w", err)
	}
	return s, nil
}

// pollable returns the terminal as a file whose Close ends a Read: the pty
// package leaves it blocking, out of the runtime's poller.
func pollable(tty *os.File) (*os.File, error) {
	syscall.ForkLock.RLock()
	fd, err := syscall.Dup(int(tty.Fd()))
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, err
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		syscall.Close(fd)
		return nil, err
	}
	tty.Close()
	return os.NewFile(uintptr(fd), tty.Name()), nil
}

// run serves the shell until it has ended; when done is closed, it ends the
// shell. output takes what the shell writes and returns what the terminal has to
// say to that.
func (s *shell) run(done <-chan struct{}, output func([]byte) []byte) {
	var wg sync.WaitGroup
	wg.Go(s.wait)
	wg.Go(func() { s.out.run(s.tty) })
	wg.Go(func() {
		select {
		case <-done:
			s.end()
		case <-s.exited:
		}
	})
	s.read(output)
	select {
	case <-s.exited:
	default:
		s.end() // it has closed its terminal, so nobody can reach it any more
	}
	s.tty.Close()
	s.out.close()
	wg.Wait()
}

// put types keys; false: the program has not read the ones before.
func (s *shell) put(keys []byte) bool { return s.out.put(keys) }

// idle reports whether all keys were taken.
func (s *shell) idle() bool { return s.out.idle() }

// wait collects the shell. Programs that it leaves behind may keep the terminal
// open: the reading must not wait for them.
func (s *shell) wait() {
	s.cmd.Wait()
	s.tty.SetReadDeadline(time.Now().Add(drain))
	close(s.exited)
}

func (s *shell) read(output func([]byte) []byte) {
	buf := make([]byte, 64<<10)
	for {
		n, err := s.tty.Read(buf)
		if answer := output(buf[:n]); len(answer) > 0 {
			s.out.offer(answer) // not put: a program that only writes must not stop the reading
		}
		if err != nil { // EIO: the last program has closed the terminal
			return
		}
	}
}

// end ends the whole session: SIGHUP, as when a modem hung up, then SIGKILL for
// what is left after the grace. It returns when the shell is gone, and all that
// can be killed.
func (s *shell) end() {
	session := s.cmd.Process.Pid
	hangUp(session)
	if !emptied(session, func(int) {}) {
		emptied(session, kill) // again and again: a process may fork while it is looked for
	}
	<-s.exited
}

// emptied waits until the session has no processes, for the grace at most, and
// calls act before each look.
func emptied(session int, act func(int)) bool {
	tick := time.NewTicker(grace / 50)
	defer tick.Stop()
	for limit := time.Now().Add(grace); time.Now().Before(limit); <-tick.C {
		act(session)
		if !inSession(session) {
			return true
		}
	}
	return false
}
