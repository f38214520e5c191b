package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// source is what the tree says of itself: for each package its imports, those
// of tests left out, and whether it says what it is for.
type source struct {
	imports map[string]map[string]bool
	about   map[string]bool
}

func readSource(t *testing.T) source {
	t.Helper()
	s := source{make(map[string]map[string]bool), make(map[string]bool)}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && d.IsDir() && file != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
				return filepath.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		pkg := path.Join("rac", filepath.ToSlash(filepath.Dir(file)))
		if s.imports[pkg] == nil {
			s.imports[pkg] = make(map[string]bool)
		}
		for _, i := range tree.Imports {
			name, _ := strconv.Unquote(i.Path.Value)
			if strings.HasPrefix(name, "rac/") || strings.Contains(name, ".") {
				s.imports[pkg][name] = true
			}
		}
		s.about[pkg] = s.about[pkg] || tree.Doc != nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestTheImportGraph shows every new edge between packages, and to modules, in
// review.
func TestTheImportGraph(t *testing.T) {
	s := readSource(t)
	var b strings.Builder
	for _, pkg := range slices.Sorted(maps.Keys(s.imports)) {
		fmt.Fprintf(&b, "%s\n", pkg)
		for _, name := range slices.Sorted(maps.Keys(s.imports[pkg])) {
			fmt.Fprintf(&b, "\t%s\n", name)
		}
	}
	golden(t, "testdata/imports.txt", []byte(b.String()))
}

// TestGuestsStayInTheirRooms: each of the heavy modules has one package that
// knows it.
func TestGuestsStayInTheirRooms(t *testing.T) {
	homes := map[string]string{
		"github.com/libp2p/":         "rac/p2p",
		"github.com/multiformats/":   "rac/p2p",
		"github.com/BurntSushi/toml": "rac/auth/config",
		"github.com/pierrec/lz4":     "rac/screen/codec",
		"filippo.io/nistec":          "rac/auth",
		"github.com/creack/pty":      "rac/screen/console",
	}
	for pkg, imports := range readSource(t).imports {
		for name := range imports {
			for guest, home := range homes {
				if strings.HasPrefix(name, guest) && pkg != home {
					t.Errorf("%s imports %s; only %s may", pkg, name, home)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for pkg, about := range readSource(t).about {
		if !about {
			t.Errorf("%s has no package comment", pkg)
		}
	}
}
