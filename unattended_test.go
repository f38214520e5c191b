package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// notYet are the promises of the page that rac does not keep so far. A row that is
// proved must not stand here.
var notYet = map[string]string{}

// promises are the numbers that docs/unattended.md must have a row for.
func promises() (list []string) {
	for n := 1; n <= 42; n++ {
		list = append(list, fmt.Sprintf("S%d", n))
	}
	for n := 1; n <= 5; n++ {
		list = append(list, fmt.Sprintf("C%d", n))
	}
	return list
}

// TestEveryPromiseOfThePageHasItsTest holds docs/unattended.md to the tests: no
// row is missing, and what a row names is there.
func TestEveryPromiseOfThePageHasItsTest(t *testing.T) {
	rows := tableRows(t, "docs/unattended.md")
	for _, n := range promises() {
		if rows[n] == "" {
			t.Errorf("%s has no row", n)
		}
	}
	tests := make(map[string]map[string]bool) // by folder
	for n, proof := range rows {
		names := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(proof, -1)
		late := strings.HasPrefix(proof, "not yet")
		if late != (notYet[n] != "") {
			t.Errorf("%s: %q; the test has it as not yet: %q", n, proof, notYet[n])
		}
		if len(names) == 0 && !late {
			t.Errorf("%s names no test: %s", n, proof)
		}
		for _, name := range names {
			if err := provenBy(tests, name[1]); err != nil {
				t.Errorf("%s: %v", n, err)
			}
		}
	}
}

// tableRows returns the last cell of each row that begins with a number such as
// S1.
func tableRows(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		n := strings.TrimSpace(cells[0])
		if !regexp.MustCompile(`^[SCX][0-9]+$`).MatchString(n) {
			continue
		}
		if len(cells) != 4 {
			t.Errorf("%s: the row %s has %d cells", file, n, len(cells))
		}
		if rows[n] != "" {
			t.Errorf("%s: %s has two rows", file, n)
		}
		rows[n] = strings.TrimSpace(cells[len(cells)-1])
	}
	return rows
}

// provenBy looks for a story or a Go test.
func provenBy(tests map[string]map[string]bool, name string) error {
	if strings.HasSuffix(name, ".txtar") {
		_, err := os.Stat(filepath.Join("testdata", "script", name))
		return err
	}
	folder, function, found := strings.Cut(name, ".")
	if !found || !strings.HasPrefix(function, "Test") {
		return fmt.Errorf("%q is neither a story nor a test", name)
	}
	if folder == "rac" {
		folder = "."
	}
	if tests[folder] == nil {
		var err error
		if tests[folder], err = testsIn(folder); err != nil {
			return err
		}
	}
	if !tests[folder][function] {
		return fmt.Errorf("there is no test %s in %s", function, folder)
	}
	return nil
}

// testsIn reads a folder's test files.
func testsIn(folder string) (map[string]bool, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: %w", folder, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	found := make(map[string]bool)
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range tree.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
				found[f.Name.Name] = true
			}
		}
	}
	return found, nil
}
