package files

// What a sender goes through: a tree of files and folders, with all that is left
// out of it and why.

import (
	"io/fs"
	"iter"
	"os"
	"strings"
)

// tree is a file or a folder that is to be sent.
type tree struct {
	root *os.Root
	path string                 // in root, with "/"; ".": root itself
	name string                 // under which it goes
	own  func(fs.FileInfo) bool // rac's own, which nobody gets; nil: nothing
}

// found is one thing in a tree.
type found struct {
	entry
	local string // in the root, with "/"
	skip  string // not empty: why it is left out
}

// walk goes through the tree, folders before what is in them.
func (t *tree) walk() iter.Seq[*found] {
	return func(yield func(*found) bool) {
		fs.WalkDir(t.root.FS(), t.path, func(p string, d fs.DirEntry, err error) error {
			f := t.look(p, d, err)
			if !yield(f) {
				return fs.SkipAll
			}
			if f.skip != "" && d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		})
	}
}

// look says what stands at p.
func (t *tree) look(p string, d fs.DirEntry, err error) *found {
	f := &found{local: p}
	f.path = t.name
	if p != t.path {
		f.path += "/" + strings.TrimPrefix(p, strings.TrimPrefix(t.path+"/", "./"))
	}
	if err != nil {
		f.skip = reason(err)
		return f
	}
	info, err := d.Info()
	switch {
	case err != nil:
		f.skip = reason(err)
	case checkPath(f.path) != nil:
		f.skip = checkPath(f.path).Error()
	case d.Type()&fs.ModeSymlink != 0:
		f.skip = "a symbolic link"
	case !d.IsDir() && !d.Type().IsRegular():
		f.skip = "neither a file nor a folder"
	case t.own != nil && t.own(info):
		f.skip = "rac's own"
	default:
		f.dir, f.mode, f.mtime = d.IsDir(), info.Mode().Perm(), info.ModTime()
		if !f.dir {
			f.size = info.Size()
		}
	}
	return f
}
