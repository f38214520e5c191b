//go:build unix

package screentest

import (
	"syscall"
	"testing"
)

// Freeze stops the server without ending it; the test's end lets it go on.
func (s *Server) Freeze(t testing.TB) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Signal(syscall.SIGCONT) })
}
