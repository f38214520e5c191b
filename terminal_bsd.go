//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// dropTyped throws away what was typed and not yet read.
func dropTyped(f *os.File) error {
	const fread = 1 // FREAD of <sys/fcntl.h>: the input queue
	return unix.IoctlSetPointerInt(int(fd(f)), unix.TIOCFLUSH, fread)
}
