package seat

// The cookie of another user's X server.

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// most bounds an Xauthority file; a real one has a few hundred bytes.
const most = 1 << 20

// cookie keeps a copy of an X server's cookies in a file of our own. The file
// that the server names lies where the server's user may exchange it at any time;
// the copy is of what was looked at.
type cookie struct {
	file string
	now  []byte
	kept bool
}

// copy takes the cookies of s; a server that names no file has none.
func (c *cookie) copy(s server) error {
	var text []byte
	if s.authority != "" {
		var err error
		if text, err = readOwn(s.authority, s.uid); err != nil {
			return fmt.Errorf("the cookie of the X server %s: %w", s.display, err)
		}
	}
	if c.kept && bytes.Equal(text, c.now) {
		return nil
	}
	if err := replace(c.file, text); err != nil {
		return fmt.Errorf("the cookie of the X server %s: %w", s.display, err)
	}
	c.now, c.kept = text, true
	return nil
}

func (c *cookie) forget() {
	if c.kept {
		os.Remove(c.file)
	}
}

// readOwn reads a file on behalf of a user: root's is any file, another user's
// only his own. Who runs an X server could otherwise name somebody else's file and be
// sent the cookie in it.
func readOwn(path string, uid int) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe would wait for its writer
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	owner := int(info.Sys().(*syscall.Stat_t).Uid)
	switch {
	case !info.Mode().IsRegular() || info.Size() > most:
		return nil, fmt.Errorf("%s is not a file of cookies", path)
	case uid != 0 && owner != uid:
		return nil, fmt.Errorf("%s belongs to user %d, and the server to user %d: it is not trusted", path, owner, uid)
	}
	return io.ReadAll(io.LimitReader(f, most))
}

// replace puts text in a file's place, whole or not at all.
func replace(file string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".seat-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // does nothing after the rename
	_, err = f.Write(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
