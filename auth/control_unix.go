//go:build unix

package auth

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
)

// listenMode makes the socket where nobody else can reach it before its mode is
// set, and moves it into place then. (The umask would be simpler, but it is the
// whole process's.)
func listenMode(path string, mode fs.FileMode) (net.Listener, error) {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".c*") // mode 0700
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	temp := filepath.Join(dir, "s")
	l, err := net.Listen("unix", temp)
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // its name is about to change
	if err := os.Chmod(temp, mode); err != nil {
		l.Close()
		return nil, err
	}
	if err := os.Rename(temp, path); err != nil {
		l.Close()
		return nil, err
	}
	return &unlinking{Listener: l, path: path}, nil
}

// unlinking removes the socket when it is closed.
type unlinking struct {
	net.Listener
	path string
	once sync.Once
}

// Close returns when the socket is gone, whoever of two callers was first.
func (u *unlinking) Close() (err error) {
	u.once.Do(func() { err = errors.Join(u.Listener.Close(), os.Remove(u.path)) })
	return err
}
