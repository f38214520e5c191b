package main

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMemoryIsNotDumped runs this test again as a program that has done what main
// does first, and asks the kernel.
func TestMemoryIsNotDumped(t *testing.T) {
	if os.Getenv("RAC_TEST_DUMPABLE") != "" {
		keepMemoryPrivate()
		dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
		if err != nil || dumpable != 0 {
			t.Errorf("dumpable: %d, %v", dumpable, err)
		}
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestMemoryIsNotDumped$")
	cmd.Env = append(os.Environ(), "RAC_TEST_DUMPABLE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
