package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// dropTyped throws away what was typed and not yet read.
func dropTyped(f *os.File) error { return unix.IoctlSetInt(int(fd(f)), unix.TCFLSH, unix.TCIFLUSH) }
