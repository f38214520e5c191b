package files

// The host's end: which folder is open, and what a viewer may name in it.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"rac/p2p/wire"
)

// Host is the host's end of all copies.
type Host struct {
	// Root says which folder is open; it is asked at the beginning of each copy.
	Root func() (string, error)

	// Own are files and folders of rac's own, which nobody reads or writes in
	// this way, wherever they are: who may copy files must not get the identity
	// or write the config.
	Own []string

	busy *places
}

// NewHost returns a Host.
func NewHost(root func() (string, error), own ...string) *Host {
	return &Host{Root: root, Own: own, busy: newPlaces()}
}

// requestTime is how long a viewer may take to say what it wants.
const requestTime = 10 * time.Second

// Serve is one copy. It returns when the copy has ended, and closes s.
func (h *Host) Serve(ctx context.Context, s wire.Stream) error {
	defer s.Close()
	defer context.AfterFunc(ctx, func() { s.Close() })()
	s.SetDeadline(time.Now().Add(requestTime))
	t, body, err := wire.NewReader(s, maxBody).Next()
	if err != nil {
		return err
	}
	s.SetDeadline(time.Time{})
	w := wire.NewWriter(s, maxBody)
	root, run, err := h.answer(t, body)
	if root != nil {
		defer root.Close()
	}
	if f := new(Failed); errors.As(err, &f) {
		w.Append(msgFailed, f.append)
	}
	if err != nil {
		return err
	}
	return run(ctx, s, w)
}

// answer finds out what a viewer wants; run does it, in root.
func (h *Host) answer(t wire.Type, body []byte) (root *os.Root, run func(context.Context, wire.Stream, *wire.Writer) error, err error) {
	dir, err := h.Root()
	if err != nil {
		return nil, nil, &Failed{Broken, reason(err)}
	}
	if root, err = os.OpenRoot(dir); err != nil {
		return nil, nil, &Failed{Broken, "the folder that is open: " + reason(err)}
	}
	switch t {
	case msgGet:
		tree, err := h.source(root, string(body))
		return root, func(ctx context.Context, s wire.Stream, w *wire.Writer) error {
			return send(ctx, s, w, tree, Options{})
		}, err
	case msgPut:
		m, err := parsePut(body)
		if err != nil {
			return root, nil, err
		}
		to, err := h.target(root, m.path)
		return root, func(ctx context.Context, s wire.Stream, w *wire.Writer) error {
			return receive(ctx, s, w, to, Options{Force: m.force})
		}, err
	}
	return root, nil, malformed(t, body)
}

// source is what a viewer wants to have.
func (h *Host) source(root *os.Root, asked string) (*tree, error) {
	place, err := within(root, asked)
	if err != nil {
		return nil, err
	}
	t := &tree{root: root, path: place, name: path.Base(place), own: h.owns()}
	if place == "." {
		if t.name = filepath.Base(root.Name()); checkPath(t.name) != nil {
			t.name = "files"
		}
	}
	if (&target{root: root, own: t.own}).owns(place) {
		return nil, &Failed{NotAllowed, errOwn.Error()}
	}
	return t, nil
}

// target is where a viewer wants to put something.
func (h *Host) target(root *os.Root, asked string) (*target, error) {
	place, err := within(root, asked)
	if err != nil {
		return nil, err
	}
	to := &target{root: root, dir: place, own: h.owns(), busy: h.busy}
	info, err := root.Stat(filepath.FromSlash(place))
	switch {
	case err == nil && info.IsDir():
		return to, nil
	case strings.HasSuffix(slashed(asked), "/"):
		return nil, &Failed{NotFound, "there is no such folder"}
	}
	to.dir, to.name = path.Dir(place), path.Base(place)
	if err := checkPath(to.name); err != nil {
		return nil, &Failed{Broken, bounded(err.Error())}
	}
	if info, err := root.Stat(filepath.FromSlash(to.dir)); err != nil || !info.IsDir() {
		return nil, &Failed{NotFound, "there is no such folder"}
	}
	return to, nil
}

// within turns what a viewer has typed into a path in the root. "~/" is the open
// folder, as in a shell it would be the home folder, which it is as a rule.
func within(root *os.Root, asked string) (string, error) {
	if len(asked) > maxPath || strings.ContainsRune(asked, 0) {
		return "", &Failed{NotAllowed, "no such path"}
	}
	p := slashed(asked)
	if p == "~" {
		p = ""
	}
	p = filepath.Clean(filepath.FromSlash(strings.TrimPrefix(p, "~/")))
	if filepath.IsAbs(p) {
		rel, err := filepath.Rel(root.Name(), p)
		if err != nil {
			return "", outside(root)
		}
		p = rel
	}
	if !filepath.IsLocal(p) {
		return "", outside(root)
	}
	return slashed(p), nil
}

func outside(root *os.Root) error {
	return &Failed{NotAllowed, bounded(fmt.Sprintf("it is not within %s, the folder that the host opens", root.Name()))}
}

// owns returns what knows rac's own files, whichever way leads to them.
func (h *Host) owns() func(fs.FileInfo) bool {
	var own []fs.FileInfo
	for _, name := range h.Own {
		if info, err := os.Stat(name); err == nil {
			own = append(own, info)
		}
	}
	return func(info fs.FileInfo) bool {
		for _, o := range own {
			if os.SameFile(o, info) {
				return true
			}
		}
		return false
	}
}
