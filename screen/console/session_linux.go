package console

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// This file finds the processes of a session. Shells put each job into a process
// group of its own, so that one signal to a group would miss the others.

// members returns the living processes of a session (proc(5): stat's field 3 is
// the state, 6 the session). The number of a session is not used again while it
// has members.
func members(session int) (pids []int) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if state, of := sessionOf(pid); of == session && state != 'Z' && state != 'X' {
			pids = append(pids, pid)
		}
	}
	return pids
}

func sessionOf(pid int) (state byte, session int) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0
	}
	stat = stat[bytes.LastIndexByte(stat, ')')+1:] // the name before it may hold anything
	var parent, group int
	if _, err := fmt.Sscanf(string(stat), " %c %d %d %d", &state, &parent, &group, &session); err != nil {
		return 0, 0
	}
	return state, session
}

func inSession(session int) bool { return len(members(session)) > 0 }

// hangUp sends SIGHUP, and SIGCONT so that stopped jobs hear it.
func hangUp(session int) {
	for _, pid := range members(session) {
		syscall.Kill(pid, syscall.SIGHUP)
		syscall.Kill(pid, syscall.SIGCONT)
	}
}

func kill(session int) {
	for _, pid := range members(session) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}

// keepFilesFromChildren marks every open file but the standard ones as closed
// on exec. Go opens its own so; what this process has inherited (from a shell
// with a redirection, from a service manager) would go on to the shell.
func keepFilesFromChildren() {
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if fd, err := strconv.Atoi(name); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}
