package config

// Small state files (state.json): written as safely as the config, but by rac
// alone, so they are JSON and replaced whole.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ReadJSON reads path into v. A missing file leaves v as it is.
func ReadJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// UpdateJSON reads path into v, lets change work on v, and writes v, with no
// other UpdateJSON in between. The file has mode 0600; its folder is made.
func UpdateJSON(path string, v any, change func() error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	unlock, err := lockWrites(path)
	if err != nil {
		return err
	}
	defer unlock()
	if err := ReadJSON(path, v); err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return WriteFile(path, append(data, '\n'))
}

// WriteFile replaces path by data: after a crash it holds the old or the new,
// never half. Two writers at the same time need a lock of their own.
func WriteFile(path string, data []byte) error {
	tmp := tempName(path)
	defer os.Remove(tmp)
	if err := Open(path).writeTemp(tmp, nil, data); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}
