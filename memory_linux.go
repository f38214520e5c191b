package main

import "golang.org/x/sys/unix"

// keepMemoryPrivate keeps passwords and keys out of core files and from other
// programs of the same user (prctl(2), PR_SET_DUMPABLE). It is no defence against
// root. Where the kernel refuses, rac works as well without it.
func keepMemoryPrivate() { unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }
