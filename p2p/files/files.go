// Package files copies files and folders between two computers: rac cp. The
// viewer opens a stream for each copy and says what is to go where (Get, Put in
// this file; Host.Serve in host.go answers). From then on it does not matter who
// of them is the viewer: one sends (send.go), the other receives (receive.go).
//
// What arrives is written to a partial file beside the target, whose name ends in
// ".rac.part", and takes the target's name when all of it is there and has the
// right hash. A copy that was broken off goes on where the partial file ends, if
// the sender's file still begins with the same bytes. A target of the same size
// and time is taken for copied already; another one is not touched unless the
// user says so.
//
// Both sides work through os.Root: neither a name in a message nor a symbolic
// link leads out of the folder that is open to the peer. Symbolic links, devices
// and names that another system could not have are left out and named.
//
// Who may copy at all is not this package's business: a stream that reaches
// Serve has passed auth's Guard.
package files

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rac/p2p/wire"
)

// Kind says what has happened to a file.
type Kind int

const (
	Total   Kind = iota // Files and Bytes are what there is to copy
	Began               // Path is being copied; Bytes of it are there already
	Moved               // Bytes more of it are copied
	Copied              // Path has arrived
	Kept                // Path was there already
	Skipped             // Path is not copied: Reason
)

// Event is one step of a copy, for whoever shows it.
type Event struct {
	Kind   Kind
	Path   string // with "/", from the name of what is copied on
	Files  int64
	Bytes  int64
	Reason string
}

// Options say how to copy.
type Options struct {
	Force bool        // write over what is there
	Tell  func(Event) // is told of each step, by one goroutine at a time; may be nil
}

func (o Options) tell(e Event) {
	if o.Tell != nil {
		o.Tell(e)
	}
}

// ErrSome is the error of a copy that went to its end and left files out, each
// of which Tell was told of.
var ErrSome = errors.New("not everything was copied")

// Put copies the file or folder src of this computer to path at the host: into
// it, where that is a folder. The error is ErrSome, *Failed from the host, one
// about src, or one about the stream; after the latter the same call on another
// stream goes on.
func Put(ctx context.Context, s wire.Stream, src, path string, o Options) error {
	defer s.Close()
	defer context.AfterFunc(ctx, func() { s.Close() })()
	t, err := localTree(src)
	if err != nil {
		return &Failed{NotFound, reason(err)}
	}
	defer t.root.Close()
	w := wire.NewWriter(s, maxBody)
	if err := w.Write(msgPut, putMsg{force: o.Force, path: path}.append(nil)); err != nil {
		return err
	}
	return send(ctx, s, w, t, o)
}

// Get copies the file or folder path of the host to dst on this computer: into
// it, where that is a folder. Its errors are as those of Put.
func Get(ctx context.Context, s wire.Stream, path, dst string, o Options) error {
	defer s.Close()
	defer context.AfterFunc(ctx, func() { s.Close() })()
	to, err := localTarget(dst)
	if err != nil {
		return &Failed{NotFound, reason(err)}
	}
	defer to.root.Close()
	to.expect = named(path)
	w := wire.NewWriter(s, maxBody)
	if err := w.Write(msgGet, []byte(path)); err != nil {
		return err
	}
	return receive(ctx, s, w, to, o)
}

// named returns what knows the name of what a path at the host leads to; nil
// where that is the host's matter, as that of its home folder is. A host on
// Windows takes "\\" for a separator, too.
func named(path string) func(string) bool {
	path = strings.TrimRight(path, `/\`)
	name := path[strings.LastIndexByte(path, '/')+1:]
	base := name[strings.LastIndexByte(name, '\\')+1:]
	if checkPath(base) != nil || base == "~" || strings.HasSuffix(base, ":") {
		return nil
	}
	return func(given string) bool { return given == name || given == base }
}

// localTree opens what the user of this computer has named. He may mean a link:
// what it leads to goes under the link's name.
func localTree(src string) (*tree, error) {
	name, err := filepath.Abs(src)
	if err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(filepath.Dir(real))
	if err != nil {
		return nil, err
	}
	return &tree{root: root, path: slashed(filepath.Base(real)), name: filepath.Base(name)}, nil
}

// localTarget opens the folder into which the user of this computer wants
// something, whatever links lead to it.
func localTarget(dst string) (*target, error) {
	info, err := os.Stat(dst)
	switch {
	case err == nil && info.IsDir():
		root, err := os.OpenRoot(dst)
		return &target{root: root, dir: "."}, err
	case os.IsPathSeparator(dst[max(0, len(dst)-1):][0]):
		return nil, fmt.Errorf("there is no folder %s", dst)
	}
	dir, name := filepath.Split(dst)
	if dir == "" {
		dir = "."
	}
	root, err := os.OpenRoot(dir)
	return &target{root: root, dir: ".", name: name}, err
}
