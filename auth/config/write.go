package config

// Writing: no reader ever sees half a file, no power cut or full disk loses one,
// and no save of a person's editor is overwritten.

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// errRaced means that somebody saved between our reading and our writing.
var errRaced = errors.New("changed in the meantime")

// raceTries bounds the retries against a program that never stops saving.
const raceTries = 50

// Edit locks the file against other writers of rac, reads it, lets change work
// on it and writes the result. If somebody saves in between, it starts again
// with his version, so change may run more than once. An error of change, or of
// the writing, leaves the file as it was. The first edit of a missing file
// creates the whole commented example, with mode 0600.
//
// An error that is fs.ErrPermission means: this user may not change the config.
func (f *File) Edit(change func(*Edit) error) error {
	target, err := resolve(f.path)
	if err != nil {
		return err
	}
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := trustFolder(dir); err != nil {
		return err
	}
	unlock, err := lockWrites(target)
	if err != nil {
		return err
	}
	defer unlock()
	for range raceTries {
		if err = f.try(target, change); !errors.Is(err, errRaced) {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("%s: %w, again and again", f.path, err)
}

// try is one round of Edit under the lock.
func (f *File) try(target string, change func(*Edit) error) error {
	old, err := f.steady(true)
	if err != nil {
		return err
	}
	text := old.data
	if old.missing() {
		text = []byte(example())
	}
	e, err := newEdit(f.path, text)
	if err != nil {
		return err
	}
	if err := change(e); err != nil {
		if now, unread := f.read(); unread != nil || !now.same(old) {
			return errors.Join(err, errRaced) // it may be about what stood there for a moment only
		}
		return err
	}
	if e.text == string(text) && !old.missing() {
		return nil
	}
	return f.replace(target, old, []byte(e.text))
}

// replace puts data in the place of what old saw there, or returns errRaced.
func (f *File) replace(target string, old snapshot, data []byte) error {
	tmp := tempName(target)
	defer os.Remove(tmp)
	if err := f.writeTemp(tmp, old.info, data); err != nil {
		return err
	}
	if err := f.step("compare"); err != nil {
		return err
	}
	if now, err := f.read(); err != nil || !now.same(old) {
		return errors.Join(err, errRaced)
	}
	if err := f.step("swap"); err != nil {
		return err
	}
	if err := swap(tmp, target, old, data); err != nil {
		return err
	}
	if err := f.step("sync folder"); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(target))
}

// tempName is fixed: it is used under the lock only, and the next edit removes
// what a killed one left.
func tempName(target string) string {
	return filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+".new")
}

// writeTemp writes data to a new file and to the disk.
func (f *File) writeTemp(tmp string, like fs.FileInfo, data []byte) error {
	if err := f.step("create"); err != nil {
		return err
	}
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = f.fill(out, like, data)
	return errors.Join(err, out.Close())
}

func (f *File) fill(out *os.File, like fs.FileInfo, data []byte) error {
	if like != nil {
		if err := keepOwner(out, like); err != nil {
			return err
		}
	}
	half := len(data) / 2
	if _, err := out.Write(data[:half]); err != nil {
		return err
	}
	if err := f.step("write"); err != nil { // in the middle, where dying hurts
		return err
	}
	if _, err := out.Write(data[half:]); err != nil {
		return err
	}
	if err := f.step("sync"); err != nil {
		return err
	}
	return out.Sync()
}

// swap puts tmp in target's place if target still holds what old saw. Where the
// system can exchange two names in one step, what was really replaced lies in
// tmp afterwards: had somebody saved in the last microseconds, his file goes back.
func swap(tmp, target string, old snapshot, data []byte) error {
	if old.missing() {
		return settleNew(tmp, target)
	}
	believed, put := old.data, data
	for {
		err := exchange(tmp, target)
		if errors.Is(err, errors.ErrUnsupported) {
			return os.Rename(tmp, target)
		}
		if errors.Is(err, fs.ErrNotExist) { // he has deleted it
			return errRaced
		}
		if err != nil {
			return err
		}
		taken, err := os.ReadFile(tmp)
		if err != nil {
			return err
		}
		if bytes.Equal(taken, believed) {
			break
		}
		believed, put = put, taken
	}
	if !bytes.Equal(put, data) {
		return errRaced
	}
	return nil
}

// settleNew moves tmp to a name that nobody must have taken by now.
func settleNew(tmp, target string) error {
	err := renameNew(tmp, target)
	if errors.Is(err, errors.ErrUnsupported) {
		return os.Rename(tmp, target)
	}
	if errors.Is(err, fs.ErrExist) {
		return errRaced
	}
	return err
}
