package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// programPath is where the service's program is. What root runs at every start
// must not be a file that another user can write, as one in a home is.
const programPath = "/usr/local/bin/rac"

// placeProgram returns the file for the unit: this program's own where programs are
// installed, else a copy of it there.
func (s *service) placeProgram() (string, error) {
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		return "", fmt.Errorf("this program's own file: %w", err)
	}
	if strings.HasPrefix(self, "/usr/") || strings.HasPrefix(self, "/opt/") {
		return self, onlyRootWrites(self)
	}
	if err := onlyRootWrites(filepath.Dir(programPath)); err != nil {
		return "", fmt.Errorf("the service's program cannot be kept there: %w", err)
	}
	if err := copyProgram(self, programPath); err != nil {
		return "", err
	}
	s.voice.say("the service's program is %s, a copy of this one", programPath)
	return programPath, nil
}

// copyProgram puts a copy of a program in a file's place, whole or not at all; who
// runs the old one goes on with it.
func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.CreateTemp(filepath.Dir(to), ".rac-*")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name()) // does nothing after the rename
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Chmod(0o755)
	}
	if err == nil {
		err = out.Sync()
	}
	if closed := out.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("%s: %w", to, err)
	}
	return os.Rename(out.Name(), to)
}
