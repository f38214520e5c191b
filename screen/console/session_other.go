//go:build unix && !linux

package console

import "syscall"

// Where there is no /proc, the session's own process group is signalled; its
// shell passes SIGHUP on to its jobs.

func inSession(session int) bool { return syscall.Kill(-session, 0) == nil }

func hangUp(session int) {
	syscall.Kill(-session, syscall.SIGHUP)
	syscall.Kill(-session, syscall.SIGCONT)
}

func kill(session int) { syscall.Kill(-session, syscall.SIGKILL) }

func keepFilesFromChildren() {
	for fd := 3; fd < 256; fd++ {
		syscall.CloseOnExec(fd)
	}
}
