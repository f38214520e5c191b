package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file and with -update writes it.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the code says; look at the change and run: go test . -run %s -update\ngot:\n%s", file, t.Name(), got)
	}
}

// TestProtocolDocument holds docs/protocol.md to the message constants, whose
// trailing comments are their payloads.
func TestProtocolDocument(t *testing.T) {
	files, err := filepath.Glob("*/*msg.go")
	deeper, deeperErr := filepath.Glob("*/*/msg.go")
	files = append(files, deeper...)
	if err != nil || deeperErr != nil || len(files) == 0 {
		t.Fatalf("no msg.go found: %v %v", err, deeperErr)
	}
	var doc bytes.Buffer
	head, err := os.ReadFile("testdata/protocol-head.md")
	if err != nil {
		t.Fatal(err)
	}
	doc.Write(head)
	for _, file := range files {
		describeMessages(t, &doc, file)
	}
	describeFrames(t, &doc)
	golden(t, "docs/protocol.md", doc.Bytes())
}

// describeFrames adds the bytes of a Frame, which the codec's files define in their
// comments and tables.
func describeFrames(t *testing.T, doc *bytes.Buffer) {
	doc.WriteString("\n## Frames\n\nWhat follows is from the comments in screen/codec. Its testdata has a frame of each kind, and vectors.txt the checksum of the picture after each.\n")
	defer describeTables(t, doc)
	for _, name := range []string{"format.go", "planes.go", "exact.go", "fit.go", "bits.go", "wave.go", "coefs.go", "predict.go", "bins.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("screen/codec", name), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range file.Comments {
			if c.Pos() > file.Package {
				fmt.Fprintf(doc, "\n### %s\n\n```\n%s```\n", name, c.Text())
				break
			}
		}
	}
}

// describeTables adds the numbers that those comments name.
func describeTables(t *testing.T, doc *bytes.Buffer) {
	doc.WriteString("\n### Tables\n\nAs Go has them. In fresh and fitFresh a chance of c / 256 begins with soon and late at c << 8; fitFresh has zero, sign and more, of every four k one line; norms are by the split and by in how many directions a coefficient was odd.\n\n```\n")
	files, tables := token.NewFileSet(), map[string]bool{"norms": true, "qualities": true, "nearKind": true, "fresh": true, "fitFresh": true}
	for _, name := range []string{"bands.go", "coefs.go", "fit.go"} {
		file, err := parser.ParseFile(files, filepath.Join("screen/codec", name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			v, ok := d.(*ast.GenDecl)
			if !ok || v.Tok != token.VAR || !tables[v.Specs[0].(*ast.ValueSpec).Names[0].Name] {
				continue
			}
			delete(tables, v.Specs[0].(*ast.ValueSpec).Names[0].Name)
			if err := printer.Fprint(doc, files, v); err != nil {
				t.Fatal(err)
			}
			doc.WriteString("\n")
		}
	}
	doc.WriteString("```\n")
	for name := range tables {
		t.Errorf("the table %s was not found", name)
	}
}

// TestCommandDocument holds docs/commands.md to what the program says itself.
func TestCommandDocument(t *testing.T) {
	var doc bytes.Buffer
	fmt.Fprintf(&doc, "# The commands\n\nThis file is made from the program's own help by `go test . -run TestCommandDocument -update`; do not edit it.\n\n```\n%s```\n", overview())
	for _, c := range commands() {
		fmt.Fprintf(&doc, "\n## rac %s\n\n```\n%s```\n", c.name, c.usage())
	}
	doc.WriteString("\n## Exit codes\n\n| code | meaning | worth a retry |\n| --- | --- | --- |\n")
	for _, e := range exitCodes() {
		fmt.Fprintf(&doc, "| %d | %s | %s |\n", e.code, e.meaning, e.retry)
	}
	golden(t, "docs/commands.md", doc.Bytes())
}

// TestHelpFitsAScreen: 80 columns and 24 lines are what every terminal has; the
// help of one command may be longer than that.
func TestHelpFitsAScreen(t *testing.T) {
	if n := strings.Count(overview(), "\n"); n > 23 { // and the prompt
		t.Errorf("rac --help has %d lines", n)
	}
	for line := range strings.Lines(overview()) {
		if utf8.RuneCountInString(line) > 80 {
			t.Errorf("too wide in rac --help: %s", line)
		}
	}
	for _, c := range commands() {
		if c.eg[0] == "" || c.eg[1] == "" {
			t.Errorf("rac help %s has no two examples", c.name)
		}
		for _, line := range strings.Split(c.usage(), "\n") {
			if utf8.RuneCountInString(line) > helpWidth {
				t.Errorf("too wide in rac help %s: %s", c.name, line)
			}
		}
	}
}

// TestReadmeCommands holds the README to the flags that there are.
func TestReadmeCommands(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	call := regexp.MustCompile(`(?m)\brac ([a-z]+)((?: [^` + "`" + `\n#|\]]*)?)`)
	for _, m := range call.FindAllStringSubmatch(string(readme), -1) {
		var flags []string
		for _, word := range strings.Fields(m[2]) {
			if word == "--" {
				break // what follows is another command's
			}
			if strings.HasPrefix(word, "--") {
				flags = append(flags, strings.TrimRight(strings.SplitN(word, "=", 2)[0], ".,;:"))
			}
		}
		c, err := findCommand(m[1])
		if err != nil {
			if len(flags) > 0 {
				t.Errorf("README: rac %s: %v", m[1], err)
			}
			continue // a sentence such as "rac lets you in"
		}
		f := newFlags(c.name)
		c.setUp(f)
		(&program{}).addFlags(f)
		for _, name := range flags {
			if f.Lookup(strings.TrimPrefix(name, "--")) == nil {
				t.Errorf("README: rac %s has no flag %s", c.name, name)
			}
		}
	}
}

// TestReadmeFiles holds the README's ways of a frame, a key and a login to the
// files that there are: each stands in the folder that was named last.
func TestReadmeFiles(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, ways, _ := strings.Cut(string(readme), "The way of a frame: ")
	ways, _, _ = strings.Cut(ways, "\n")
	names := regexp.MustCompile("`([a-z_0-9/]+\\.go)`").FindAllStringSubmatch(ways, -1)
	if len(names) < 10 {
		t.Errorf("only %d files in %q", len(names), ways)
	}
	folder := ""
	for _, n := range names {
		if dir, _ := filepath.Split(n[1]); dir != "" {
			folder = dir
		}
		file := filepath.Join(folder, filepath.Base(n[1]))
		if _, err := os.Stat(file); err != nil {
			t.Errorf("README: %v", err)
		}
	}
}

// describeMessages writes what the constants of one msg.go say.
func describeMessages(t *testing.T, doc *bytes.Buffer, file string) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var messages bytes.Buffer
	var protocol, about string
	var largest []string
	for _, decl := range tree.Decls {
		block, ok := decl.(*ast.GenDecl)
		if !ok || block.Tok != token.CONST {
			continue
		}
		rows := 0
		for _, spec := range block.Specs {
			c := spec.(*ast.ValueSpec)
			if name := c.Names[0].Name; name == "maxBody" || name == "maxReply" || name == "maxMeet" || name == "maxLossy" {
				largest = append(largest, written(set, c.Values[0]))
			}
			switch typeName(c.Type) {
			case "wire.Protocol":
				protocol = unquote(c.Values[0])
				about = sentence(block.Doc)
			case "wire.Type":
				if rows++; rows == 1 {
					fmt.Fprintf(&messages, "%s\n| message | type | body |\n| --- | --- | --- |\n", paragraph(sentence(block.Doc)))
				}
				fmt.Fprintf(&messages, "| %s | %s | %s |\n", strings.TrimPrefix(c.Names[0].Name, "msg"), c.Values[0].(*ast.BasicLit).Value, cell(c.Comment))
			}
		}
	}
	if protocol == "" {
		t.Fatalf("%s declares no wire.Protocol", file)
	}
	fmt.Fprintf(doc, "\n## %s\n\n%s Largest body: %s bytes.\n%s", protocol, about, strings.Join(largest, " from the host, from the viewer "), messages.String())
}

func typeName(e ast.Expr) string {
	if s, ok := e.(*ast.SelectorExpr); ok {
		return fmt.Sprintf("%s.%s", s.X, s.Sel)
	}
	return ""
}

// written returns an expression as it is written.
func written(set *token.FileSet, e ast.Expr) string {
	var b bytes.Buffer
	printer.Fprint(&b, set, e)
	return b.String()
}

func unquote(e ast.Expr) string {
	s, _ := strconv.Unquote(e.(*ast.BasicLit).Value)
	return s
}

func paragraph(s string) string {
	if s == "" {
		return ""
	}
	return "\n" + s + "\n"
}

func sentence(c *ast.CommentGroup) string { return strings.TrimSpace(c.Text()) }

func cell(c *ast.CommentGroup) string {
	return strings.ReplaceAll(strings.ReplaceAll(sentence(c), "\n", " "), "|", "\\|")
}
