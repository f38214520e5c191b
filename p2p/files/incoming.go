package files

// A file that is being received: its partial file, and how that takes its place.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// incoming is a file that is wanted.
type incoming struct {
	*entry
	name    string // in the root, as this system writes it
	partial string
	part    part
	begun   bool      // there is one
	h       hash.Hash // of what is there
	there   int64     // bytes
	file    *os.File  // once content comes
	release func()
}

const partSuffix = ".rac.part"

// partName is the partial file of name. A name that is nearly as long as names
// may be is shortened.
func partName(name string) string {
	dir, base := filepath.Split(name)
	if len(base)+len(partSuffix) > 255 {
		sum := sha256.Sum256([]byte(base))
		base = fmt.Sprintf("%s~%x", strings.ToValidUTF8(base[:200], ""), sum[:8])
	}
	return dir + base + partSuffix
}

var (
	errExists = errors.New("it exists already")
	errOwn    = errors.New("it is rac's own")
	errBusy   = errors.New("it is being copied already")
)

// file looks at what there is of a file. have: it is there already.
func (t *target) file(ctx context.Context, e *entry, place string, force bool) (f *incoming, have bool, err error) {
	if t.owns(place) {
		return nil, false, errOwn
	}
	name := filepath.FromSlash(place)
	if have, err := t.occupied(e, name, force); have || err != nil {
		return nil, have, err
	}
	f = &incoming{entry: e, name: name, partial: partName(name), h: sha256.New()}
	if f.release, err = t.busy.take(path.Join(t.root.Name(), f.partial)); err != nil {
		return nil, false, err
	}
	if err := f.measure(ctx, t.root); err != nil {
		f.release()
		return nil, false, err
	}
	return f, false, nil
}

// occupied looks at what stands at the target's name. The same size and time
// mean the same file: so a folder whose copy was broken off is not begun anew.
func (t *target) occupied(e *entry, name string, force bool) (have bool, err error) {
	info, err := t.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case info.IsDir():
		return false, errors.New("there is a folder of this name")
	case info.Mode().IsRegular() && info.Size() == e.size && info.ModTime().Truncate(time.Microsecond).Equal(e.mtime.Truncate(time.Microsecond)):
		return true, nil
	case !force:
		return false, errExists
	}
	return false, nil
}

// measure hashes the partial file, if there is one.
func (f *incoming) measure(ctx context.Context, root *os.Root) error {
	file, err := openPart(root, f.partial, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	f.begun = true
	info, err := file.Stat()
	if err != nil || info.Size() > f.size {
		return err
	}
	if f.there, err = io.Copy(f.h, heeding{ctx, file}); err != nil {
		return err
	}
	f.part.offset = f.there
	f.h.Sum(f.part.sum[:0])
	return nil
}

// openPart opens a partial file that is there, and nothing else that somebody who may
// write in its folder has put in its place: a link to another file, which would be
// written over, or a pipe, which waits for its other end.
func openPart(root *os.Root, name string, flag int) (*os.File, error) {
	before, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	inTheWay := fmt.Errorf("%s is in the way", filepath.Base(name))
	if !before.Mode().IsRegular() {
		return nil, inTheWay
	}
	file, err := root.OpenFile(name, flag|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if now, err := file.Stat(); err != nil || !os.SameFile(before, now) {
		file.Close()
		return nil, inTheWay
	}
	return file, nil
}

// heeding reads until ctx ends: to hash what is there of a large file takes as long
// as to copy it, and nobody may wait for that any more.
type heeding struct {
	ctx context.Context
	io.Reader
}

func (r heeding) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.Reader.Read(p)
}

// begin opens the partial file for what comes from offset on.
func (f *incoming) begin(root *os.Root, offset int64) (err error) {
	if offset != f.there && offset != 0 {
		return fmt.Errorf("files: content from %d on, where %d was wanted", offset, f.there)
	}
	if f.begun {
		f.file, err = openPart(root, f.partial, os.O_WRONLY)
	} else {
		f.file, err = root.OpenFile(f.partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	}
	if err != nil {
		return err
	}
	if offset == 0 {
		f.h.Reset()
	}
	f.there = offset
	if err := f.file.Truncate(offset); err != nil {
		return err
	}
	_, err = f.file.Seek(offset, io.SeekStart)
	return err
}

func (f *incoming) write(b []byte) error {
	if int64(len(b)) > f.size-f.there {
		return fmt.Errorf("files: more content than the %d bytes that were announced", f.size)
	}
	f.h.Write(b)
	n, err := f.file.Write(b)
	f.there += int64(n)
	return err
}

// failed makes the copy end where this computer cannot write, with a reason that
// names the file. What is the sender's fault stays as it is.
func (f *incoming) failed(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return &Failed{Broken, bounded(f.path + ": " + reason(err))}
	}
	return err
}

// finish holds the file against the sender's hash and puts it in its place.
func (f *incoming) finish(t *target, sum []byte, force bool) error {
	defer f.close()
	if f.there != f.size || !bytes.Equal(sum, f.h.Sum(nil)) {
		f.close()
		t.root.Remove(f.partial)
		return errors.New("it arrived damaged")
	}
	// A name that is there after a power cut must not be one of an empty file.
	err := errors.Join(f.file.Chmod(f.mode), f.file.Sync(), f.file.Close())
	f.file = nil
	if err != nil {
		return err
	}
	if err := t.root.Chtimes(f.partial, time.Time{}, f.mtime); err != nil {
		return err
	}
	if _, err := t.occupied(f.entry, f.name, force); err != nil { // somebody was faster
		return err
	}
	return t.root.Rename(f.partial, f.name)
}

func (f *incoming) close() {
	if f.file != nil {
		f.file.Close()
		f.file = nil
	}
	if f.release != nil {
		f.release()
		f.release = nil
	}
}

// places are the partial files that are being written: two copies to one target
// would mix.
type places struct {
	mu    sync.Mutex
	taken map[string]struct{}
}

func newPlaces() *places { return &places{taken: make(map[string]struct{})} }

// A copy that goes on over a new line may be there before its old stream has
// ended.
const (
	busyTime  = 5 * time.Second
	busyPause = 50 * time.Millisecond
)

// take takes a place until release is called.
func (p *places) take(name string) (release func(), err error) {
	for began := time.Now(); !p.try(name); time.Sleep(busyPause) {
		if time.Since(began) > busyTime {
			return nil, errBusy
		}
	}
	return func() { p.release(name) }, nil
}

func (p *places) release(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.taken, name)
}

func (p *places) try(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, taken := p.taken[name]; taken {
		return false
	}
	p.taken[name] = struct{}{}
	return true
}
