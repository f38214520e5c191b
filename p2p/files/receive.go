package files

// The receiver's side of a copy: it answers each entry with what it has of it,
// and puts what comes into partial files (incoming.go).

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rac/p2p/wire"
)

// target is where something is to be received.
type target struct {
	root   *os.Root
	dir    string                      // in root, with "/": a folder
	name   string                      // there; "": that which the sender gives
	expect func(string) bool           // whether the sender's name is what was asked for; nil: any
	own    func(info fs.FileInfo) bool // rac's own, which nobody writes; nil: nothing
	busy   *places                     // which partial files are being written; nil: only these
}

// receiver is one receive.
type receiver struct {
	to  *target
	o   Options
	w   *wire.Writer
	top string // the name of what is sent

	wanted  []*incoming // files that are to come, in order
	current *incoming   // wanted[0], once its content has begun
	folders []folder    // whose times are set when all is in them
	left    bool        // something was left out
	kept    int         // bytes: see maxKept
}

// folder is one into which files came, in the root. One that was there before
// keeps its rights; its time is the sender's also then, since it may be there
// from a copy that was broken off.
type folder struct {
	path  string
	made  bool
	mode  fs.FileMode
	mtime time.Time
}

// maxKept bounds what is kept in memory of a tree that has no end, or that names the
// same folder, or what was left out, again and again: more than a million folders.
const maxKept = 128 << 20 // bytes

// keep counts what is kept of a name.
func (x *receiver) keep(name string) error {
	const each = 64 // beside the name itself
	if x.kept += len(name) + each; x.kept > maxKept {
		return &Failed{Broken, "too many folders, or too much that is left out, for one copy"}
	}
	return nil
}

// receive takes a tree in until ctx ends, which closes s. It tells the sender of
// errors that are this computer's.
func receive(ctx context.Context, s wire.Stream, w *wire.Writer, to *target, o Options) error {
	if to.busy == nil {
		to.busy = newPlaces()
	}
	x := &receiver{to: to, o: o, w: w}
	defer x.drop()
	r := wire.NewReader(bufio.NewReaderSize(s, maxBody), maxBody)
	for {
		t, body, err := r.Next()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		if t == msgEnd && len(x.wanted) == 0 {
			return x.end()
		}
		if err := x.take(ctx, t, body); err != nil {
			if f, ours := err.(*Failed); ours && t != msgFailed {
				w.Append(msgFailed, f.append)
			}
			return err
		}
	}
}

// drop lets go of files that have not come to their end. Their parts stay.
func (x *receiver) drop() {
	for _, f := range x.wanted {
		f.close()
	}
}

// take takes one message.
func (x *receiver) take(ctx context.Context, t wire.Type, body []byte) error {
	switch t {
	case msgTotal:
		n, err := parseNumbers(t, body, 2)
		if err == nil {
			x.o.tell(Event{Kind: Total, Files: n[0], Bytes: n[1]})
		}
		return err
	case msgEntry:
		e, err := parseEntry(body)
		if err != nil {
			return err
		}
		return x.entry(ctx, e)
	case msgSkipped:
		path, why, err := parseSkipped(body)
		if err == nil {
			err = x.keep(path)
		}
		if err == nil {
			x.skipped(path, why)
		}
		return err
	case msgFailed:
		return parseFailed(body)
	case msgContent, msgData, msgSum, msgBroke:
		if len(x.wanted) == 0 {
			return malformed(t, body)
		}
		return x.content(t, body)
	case msgEnd:
		return malformed(t, body)
	}
	return nil // a newer sender may say more
}

func (x *receiver) skipped(path, why string) {
	x.left = true
	x.o.tell(Event{Kind: Skipped, Path: path, Reason: why})
}

// entry answers an entry.
func (x *receiver) entry(ctx context.Context, e *entry) error {
	place, err := x.place(e.path)
	if err != nil {
		return err
	}
	if e.dir {
		return x.folder(e, place)
	}
	if len(x.wanted) >= maxAhead {
		return fmt.Errorf("files: more than %d files under way", maxAhead)
	}
	switch f, have, err := x.to.file(ctx, e, place, x.o.Force); {
	case ctx.Err() != nil:
		if f != nil {
			f.close()
		}
		return context.Cause(ctx)
	case have:
		x.o.tell(Event{Kind: Kept, Path: e.path, Bytes: e.size})
		return x.w.Write(msgHave, nil)
	case err != nil:
		x.skipped(e.path, reason(err))
		return x.w.Write(msgRefuse, []byte(reason(err)))
	default:
		x.wanted = append(x.wanted, f)
		return x.w.Append(msgWant, f.part.append)
	}
}

// place is where an entry belongs in the root. All have one name at the top,
// which must be the one that was asked for: a host must not answer a request for
// one file with another.
func (x *receiver) place(name string) (string, error) {
	top, rest, _ := strings.Cut(name, "/")
	if x.top == "" {
		if x.to.expect != nil && !x.to.expect(top) {
			return "", fmt.Errorf("files: the host sends %q, which was not asked for", top)
		}
		x.top = top
	}
	if top != x.top {
		return "", fmt.Errorf("files: %q and %q in one copy", x.top, top)
	}
	if x.to.name != "" {
		top = x.to.name
	}
	return path.Join(x.to.dir, top, rest), nil
}

func (x *receiver) folder(e *entry, place string) error {
	refuse := func(why string) error {
		x.skipped(e.path, why)
		return x.w.Write(msgRefuse, []byte(why))
	}
	if x.to.owns(place) {
		return refuse("it is rac's own")
	}
	if err := x.keep(place); err != nil {
		return err
	}
	name := filepath.FromSlash(place)
	err := x.to.root.Mkdir(name, 0o700)
	switch info, statErr := x.to.root.Stat(name); {
	case err == nil: // its owner writes in it until the end; the rest stands also when that never comes
		x.to.root.Chmod(name, e.mode|0o700)
		x.folders = append(x.folders, folder{name, true, e.mode, e.mtime})
	case statErr == nil && info.IsDir():
		x.folders = append(x.folders, folder{name, false, 0, e.mtime})
	case statErr == nil:
		return refuse("there is a file of this name")
	default:
		return refuse(reason(err))
	}
	return x.w.Write(msgHave, nil)
}

// content takes what is said of the oldest file that is wanted.
func (x *receiver) content(t wire.Type, body []byte) error {
	f := x.wanted[0]
	switch {
	case t == msgContent && x.current == nil:
		n, err := parseNumbers(t, body, 1)
		if err != nil {
			return err
		}
		x.current = f
		x.o.tell(Event{Kind: Began, Path: f.path, Bytes: n[0]})
		return f.failed(f.begin(x.to.root, n[0]))
	case t == msgData && x.current != nil:
		x.o.tell(Event{Kind: Moved, Path: f.path, Bytes: int64(len(body))})
		return f.failed(f.write(body))
	case t == msgSum && x.current != nil:
		x.next()
		if err := f.finish(x.to, body, x.o.Force); err != nil {
			x.skipped(f.path, reason(err))
			return x.w.Write(msgLost, []byte(reason(err)))
		}
		x.o.tell(Event{Kind: Copied, Path: f.path})
		return x.w.Write(msgGot, nil)
	case t == msgBroke:
		x.next()
		f.close()
		x.skipped(f.path, bounded(string(body)))
		return nil
	}
	return malformed(t, body)
}

func (x *receiver) next() { x.wanted, x.current = x.wanted[1:], nil }

// end sets what would have changed with each file, and says that all is done.
func (x *receiver) end() error {
	for _, d := range slices.Backward(x.folders) {
		x.to.root.Chtimes(d.path, time.Time{}, d.mtime)
		if d.made {
			x.to.root.Chmod(d.path, d.mode)
		}
	}
	if err := x.w.Write(msgDone, nil); err != nil {
		return err
	}
	if x.left {
		return ErrSome
	}
	return nil
}

// owns tells whether a path leads into what is rac's own.
func (t *target) owns(place string) bool {
	if t.own == nil {
		return false
	}
	for name := place; name != "." && name != "/"; name = path.Dir(name) {
		if info, err := t.root.Stat(filepath.FromSlash(name)); err == nil && t.own(info) {
			return true
		}
	}
	return false
}
