//go:build unix

package config

// Who can write the config decides who gets in, so rac refuses a file that
// somebody else could have written (as sshd does with StrictModes).

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const (
	othersWrite = 0o022
	sticky      = fs.ModeSticky // a folder like /tmp: who does not own a file cannot replace it
)

// trust refuses a file that is not ours, or that others can write or replace.
func trust(path string, info fs.FileInfo) error {
	if !ours(info) {
		return &Error{File: path, Message: "belongs to another user, who could open this machine: chown it, or name another file with --config"}
	}
	if info.Mode().Perm()&othersWrite != 0 {
		return &Error{File: path, Message: "can be written by others: chmod go-w " + path}
	}
	return trustFolder(filepath.Dir(path))
}

func trustFolder(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !ours(info) {
		return &Error{File: dir, Message: "this folder belongs to another user, who could replace the config in it"}
	}
	if info.Mode().Perm()&othersWrite != 0 && info.Mode()&sticky == 0 {
		return &Error{File: dir, Message: "others can replace the files in this folder: chmod go-w " + dir}
	}
	return nil
}

// ours says whether root or this user owns a file.
func ours(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && (st.Uid == 0 || int(st.Uid) == os.Geteuid())
}

// keepOwner gives a new file the mode and, where allowed, the owner of the old.
func keepOwner(f *os.File, old fs.FileInfo) error {
	if st, ok := old.Sys().(*syscall.Stat_t); ok {
		// Only root can give files away; for others the file stays theirs.
		_ = f.Chown(int(st.Uid), int(st.Gid))
	}
	return f.Chmod(old.Mode().Perm())
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
