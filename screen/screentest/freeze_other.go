//go:build !unix

package screentest

import "testing"

// Freeze cannot stop a server on this system.
func (s *Server) Freeze(t testing.TB) { t.Fatal("no signal stops a program on this system") }
