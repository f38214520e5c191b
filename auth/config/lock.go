package config

// Locks: one writer of the config at a time, one host for life. The kernel
// releases both when a process ends, however it ends.

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// lockPatience is how long a writer waits while nobody writes: who holds the lock
// hangs. Where many write on a busy machine, one's turn may come later than that.
const lockPatience = 30 * time.Second

// errLocked means that another process holds the lock.
var errLocked = errors.New("locked")

// lockWrites waits for the lock beside target. The lock file stays: removing it
// would let two writers lock two different files.
func lockWrites(target string) (unlock func(), err error) {
	path := filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+".lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	pause := time.Millisecond
	last, _ := os.Stat(target)
	for end := time.Now().Add(lockPatience); ; time.Sleep(pause) {
		if err = tryLock(f); err == nil {
			return func() { f.Close() }, nil
		}
		if now, err := os.Stat(target); err == nil && !os.SameFile(now, last) { // each edit is a new file
			last, end = now, time.Now().Add(lockPatience)
		}
		if !errors.Is(err, errLocked) || time.Now().After(end) {
			f.Close()
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		pause = min(pause*2, 20*time.Millisecond)
	}
}

// HostLock is held by the one host that runs on a state folder.
type HostLock struct{ f *os.File }

// HeldError says that a host runs already.
type HeldError struct {
	Path string
	PID  int // 0 if it could not be read
}

func (e *HeldError) Error() string {
	if e.PID == 0 {
		return "another rac host runs already (" + e.Path + ")"
	}
	return fmt.Sprintf("another rac host runs already, pid %d (%s)", e.PID, e.Path)
}

// Lock takes the lock at path, without waiting, and writes this process's pid
// into it. If another process holds it, the error is a *HeldError.
func Lock(path string) (*HostLock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := tryLock(f); err != nil {
		f.Close()
		if errors.Is(err, errLocked) {
			return nil, &HeldError{Path: path, PID: readPID(path)}
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	// The pid is there to be shown; the lock is what counts.
	err = errors.Join(f.Truncate(0), writeAt(f, fmt.Sprintf("%d\n", os.Getpid())))
	if err != nil {
		f.Close()
		return nil, err
	}
	return &HostLock{f}, nil
}

// Close gives the lock back.
func (l *HostLock) Close() error {
	return errors.Join(l.f.Truncate(0), l.f.Close())
}

func writeAt(f *os.File, s string) error {
	_, err := f.WriteAt([]byte(s), 0)
	return err
}

// readPID reads the holder's pid. He may just be writing it: a moment's
// patience gives a better message.
func readPID(path string) int {
	for range 10 {
		data, _ := os.ReadFile(path)
		if pid, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil {
			return pid
		}
		time.Sleep(5 * time.Millisecond)
	}
	return 0
}
