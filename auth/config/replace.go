package config

// Files that rac alone writes, whole: state.json, a certificate, a screenshot. The
// config is another matter (write.go): people edit it, too.

import (
	"errors"
	"os"
	"path/filepath"
)

// ReplaceFile writes a file so that a reader, or a power cut, finds the old one or
// the new one whole. Of two writers at once one wins.
func ReplaceFile(file string, data []byte, mode os.FileMode) error {
	temp, err := os.CreateTemp(filepath.Dir(file), ".rac-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(data)
	if err := errors.Join(err, temp.Chmod(mode), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), file)
}
