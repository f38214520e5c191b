package config

// File is the config on disk: what it takes to read it and trust it.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// maxSize bounds what is read; a thousand tokens fit in half of it.
const maxSize = 1 << 20

// File is a config file, which may not exist yet. Its methods may be called at
// the same time, from any number of processes.
type File struct {
	path string
	// step is called before each step of a write; tests make it fail or die.
	step func(name string) error

	mu   sync.Mutex
	last snapshot // that has settled: the same text is not parsed again
}

// Open names a file; nothing is read yet.
func Open(path string) *File {
	return &File{path: path, step: func(string) error { return nil }}
}

// Path is the name given to Open.
func (f *File) Path() string { return f.path }

// Load reads the file. A missing one is Default: nobody gets in unattended. The
// error is an *Error for what a person must mend (the text, or who else can
// write the file), else the system's; the caller lets nobody in then.
func (f *File) Load() (*Config, error) {
	now, err := f.steady(false)
	if err != nil {
		return nil, err
	}
	return now.parsed, now.broken
}

// snapshot is what a file held at one moment. A nil info: there was none. What
// it means, or why it means nothing, is known after steady.
type snapshot struct {
	data   []byte
	info   fs.FileInfo
	parsed *Config
	broken error
}

func (s snapshot) missing() bool { return s.info == nil }

func (s snapshot) same(o snapshot) bool {
	return s.missing() == o.missing() && bytes.Equal(s.data, o.data)
}

func (s snapshot) parse(name string) (*Config, error) {
	if s.missing() {
		c := Default()
		c.file = name
		return &c, nil
	}
	return Parse(name, s.data)
}

// Some editors save by emptying the file and writing it again, others by moving
// it away first: a reader that comes in between gives them this long.
const (
	settleTries = 5
	settleTime  = 20 * time.Millisecond
)

// steady reads and parses the file. One that is empty or broken (or missing, if that is
// new) is read again for a tenth of a second before it is believed.
func (f *File) steady(missingIsNew bool) (snapshot, error) {
	for try := 0; ; try++ {
		s, err := f.read()
		if err != nil {
			return s, err
		}
		if last, known := f.known(s); known && !s.missing() {
			return last, nil
		}
		s.parsed, s.broken = s.parse(f.path)
		settled := len(s.data) > 0 && s.broken == nil || s.missing() && !missingIsNew
		if settled || try == settleTries {
			f.remember(s)
			return s, nil
		}
		time.Sleep(settleTime)
	}
}

// known returns what the last reading made of the same text.
func (f *File) known(s snapshot) (snapshot, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last.info == nil || !f.last.same(s) {
		return snapshot{}, false
	}
	s.parsed, s.broken = f.last.parsed, f.last.broken
	return s, true
}

func (f *File) remember(s snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = s
}

// read reads the file once and refuses one that others could have written.
func (f *File) read() (snapshot, error) {
	target, err := resolve(f.path)
	if err != nil {
		return snapshot{}, err
	}
	info, err := os.Stat(target)
	if errors.Is(err, fs.ErrNotExist) {
		return snapshot{}, nil
	}
	if err != nil {
		return snapshot{}, err
	}
	if !info.Mode().IsRegular() { // before opening it: a pipe would block
		return snapshot{}, &Error{File: f.path, Message: "is not a plain file"}
	}
	return readTrusted(target)
}

func readTrusted(target string) (snapshot, error) {
	in, err := os.Open(target)
	if errors.Is(err, fs.ErrNotExist) {
		return snapshot{}, nil
	}
	if err != nil {
		return snapshot{}, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return snapshot{}, err
	}
	if err := trust(target, info); err != nil {
		return snapshot{}, err
	}
	var text bytes.Buffer
	text.Grow(int(min(info.Size(), maxSize)) + bytes.MinRead) // a host reads it all the time: in two calls
	if _, err := text.ReadFrom(io.LimitReader(in, maxSize+1)); err != nil {
		return snapshot{}, err
	}
	data := text.Bytes()
	if len(data) > maxSize {
		return snapshot{}, &Error{File: target, Message: fmt.Sprintf("is larger than %d bytes", maxSize)}
	}
	return snapshot{data: data, info: info}, nil
}

// resolve follows symbolic links, also to a file that does not exist yet: an
// edit replaces the file that is linked to, not the link.
func resolve(path string) (string, error) {
	for range 40 { // as many as Linux follows
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		to, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return "", fmt.Errorf("%s: too many symbolic links", path)
}
