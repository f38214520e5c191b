package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
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
	files, err := filepath.Glob("*/msg.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no msg.go found: %v", err)
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
	golden(t, "docs/protocol.md", doc.Bytes())
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
	for _, decl := range tree.Decls {
		block, ok := decl.(*ast.GenDecl)
		if !ok || block.Tok != token.CONST {
			continue
		}
		rows := 0
		for _, spec := range block.Specs {
			c := spec.(*ast.ValueSpec)
			switch typeName(c.Type) {
			case "wire.Protocol":
				protocol = unquote(c.Values[0])
				about = sentence(block.Doc)
			case "wire.Type":
				if rows++; rows == 1 {
					fmt.Fprintf(&messages, "\n%s\n\n| message | type | body |\n| --- | --- | --- |\n", strings.TrimSuffix(sentence(block.Doc), "\n"))
				}
				fmt.Fprintf(&messages, "| %s | %s | %s |\n", strings.TrimPrefix(c.Names[0].Name, "msg"), c.Values[0].(*ast.BasicLit).Value, cell(c.Comment))
			}
		}
	}
	if protocol == "" {
		t.Fatalf("%s declares no wire.Protocol", file)
	}
	fmt.Fprintf(doc, "\n## %s\n\n%s\n%s", protocol, about, messages.String())
}

func typeName(e ast.Expr) string {
	if s, ok := e.(*ast.SelectorExpr); ok {
		return fmt.Sprintf("%s.%s", s.X, s.Sel)
	}
	return ""
}

func unquote(e ast.Expr) string {
	s, _ := strconv.Unquote(e.(*ast.BasicLit).Value)
	return s
}

func sentence(c *ast.CommentGroup) string { return strings.TrimSpace(c.Text()) }

func cell(c *ast.CommentGroup) string {
	return strings.ReplaceAll(strings.ReplaceAll(sentence(c), "\n", " "), "|", "\\|")
}
