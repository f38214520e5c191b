package config

// Parse reads the file strictly: the library gives the values, the scanner
// their places, the slots what they must be.

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

const bom = "\xef\xbb\xbf"

// Parse reads data; name stands in the errors, which are of type *Error: the
// first one in the order of the lines.
func Parse(name string, data []byte) (*Config, error) {
	c, _, err := parse(name, string(data))
	return c, err
}

func parse(name, text string) (*Config, *doc, error) {
	d, lost := scan(text)
	known := text
	if lost != nil {
		// The library words the error better, and needs no more than this line.
		line, _, _ := strings.Cut(text[lost.at:], "\n")
		known = text[:min(len(text), lost.at+len(line)+1)]
	}
	if lost != nil && errors.Is(lost.error, errDeep) {
		return nil, nil, fault(name, text, lost.at, lost.Error())
	}
	tree, err := decode(name, known)
	if err != nil {
		return nil, nil, err
	}
	if lost != nil {
		return nil, nil, fault(name, text, lost.at, lost.Error())
	}
	c := Default()
	c.file, c.lines = name, map[string]int{}
	r := &reader{doc: d, c: &c}
	r.root(tree)
	r.duplicates()
	if len(r.faults) > 0 {
		first := slices.MinFunc(r.faults, func(a, b mistake) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.message, b.message))
		})
		return nil, nil, fault(name, text, first.at, first.message)
	}
	return &c, d, nil
}

// decode lets the library read the text. It panics on some inputs that its
// lexer lets through; a file must not end the program.
func decode(name, text string) (tree map[string]any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Error{File: name, Message: "not valid TOML"}
		}
	}()
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return nil, &Error{File: name, Message: "is saved as UTF-16; save it as UTF-8"}
	}
	_, err = toml.Decode(strings.TrimPrefix(text, bom), &tree)
	var e toml.ParseError
	if errors.As(err, &e) {
		return nil, syntaxFault(name, text, e)
	}
	if err != nil {
		return nil, &Error{File: name, Message: "not valid TOML"}
	}
	return tree, nil
}

// syntaxFault turns the library's error into ours. Its message may quote the
// value, which may be a secret.
func syntaxFault(name, text string, e toml.ParseError) *Error {
	at := e.Position.Start + len(text) - len(strings.TrimPrefix(text, bom))
	f := fault(name, text, at, strings.TrimSuffix(e.Message, "."))
	_, key := cutTable(e.LastKey)
	open := key == "" || openKeys()[key] || slices.Contains(tableNames(), key)
	if open && !strings.HasSuffix(f.Text, hidden) {
		return f
	}
	f.Message = "is not valid TOML: is a quote or a bracket missing?"
	if !open {
		f.Text = key + hidden
	}
	return f
}

type reader struct {
	doc    *doc
	c      *Config
	faults []mistake
}

type mistake struct {
	at      int
	message string
}

// wrong notes a fault at the value of a path, or at its key.
func (r *reader) wrong(path string, atKey bool, format string, args ...any) {
	it, _ := r.doc.find(path)
	at := it.val.from
	if atKey || it.kind == header {
		at = it.key.from
	}
	r.faults = append(r.faults, mistake{at, fmt.Sprintf(format, args...)})
}

// root reads the tables, the blocks and the keys above all tables.
func (r *reader) root(tree map[string]any) {
	tables := r.c.tables()
	for key, v := range tree {
		_, isTable := tables[key]
		switch {
		case key == "token":
			r.c.Tokens = blocks(r, key, v, (*Token).slots)
		case key == "authority":
			r.c.Authorities = blocks(r, key, v, (*Authority).slots)
		case key == "peer":
			r.c.Peers = blocks(r, key, v, (*Peer).slots)
		case isTable && key != "":
			r.table(key, v, tables[key])
		default:
			r.entry("", key, v, tables[""])
		}
	}
}

func (r *reader) table(path string, v any, slots []slot) {
	tree, ok := v.(map[string]any)
	if !ok {
		r.wrong(r.near(path), true, "%s is a table: write [%s]", path, path)
		return
	}
	for key, v := range tree {
		r.entry(path, key, v, slots)
	}
}

// entry reads one key of a table.
func (r *reader) entry(table, key string, v any, slots []slot) {
	path := join(table, key)
	i := slices.IndexFunc(slots, func(s slot) bool { return s.key == key })
	if i < 0 {
		r.unknown(table, key, slots)
		return
	}
	if it, ok := r.doc.find(path); ok && !strings.Contains(table, "[") {
		r.c.lines[path] = strings.Count(r.doc.text[:it.key.from], "\n") + 1
	}
	e, err := slots[i].put(v)
	if err == nil {
		return
	}
	if e >= 0 {
		path = fmt.Sprintf("%s[%d]", path, e)
	}
	r.wrong(r.near(path), false, "%s %v", key, err)
}

// unknown says what may have been meant: a key of this table, a table, or a key
// of another table.
func (r *reader) unknown(table, key string, slots []slot) {
	var known []string
	for _, s := range slots {
		known = append(known, s.key)
	}
	if table == "" {
		known = append(known, tableNames()...)
	}
	hint := didYouMean(key, known)
	if home := r.c.home(key); hint == "" && home != "" {
		hint = fmt.Sprintf("; it belongs into [%s]", home)
	}
	where := ""
	if table != "" {
		where = fmt.Sprintf(" in [%s]", regexp.MustCompile(`\[\d+\]`).ReplaceAllString(table, ""))
	}
	r.wrong(r.near(join(table, key)), true, "unknown key %q%s%s", key, where, hint)
}

// near returns the path itself or, where the text has no item of its own for it
// (the "a" of a.b = 1), the first item below it.
func (r *reader) near(path string) string {
	if _, ok := r.doc.find(path); ok {
		return path
	}
	for _, it := range r.doc.items {
		if strings.HasPrefix(it.path, path+".") || strings.HasPrefix(it.path, path+"[") {
			return it.path
		}
	}
	return path
}

// blocks reads the [[name]] blocks.
func blocks[T any](r *reader, name string, v any, slots func(*T) []slot) []T {
	trees, ok := asTables(v)
	if !ok {
		r.wrong(r.near(name), true, "%s is a list of blocks: write [[%s]] with two brackets", name, name)
		return nil
	}
	list := make([]T, len(trees))
	for i, tree := range trees {
		path := fmt.Sprintf("%s[%d]", name, i)
		all := slots(&list[i])
		r.table(path, tree, all)
		for _, s := range all {
			if s.need && s.blank() {
				r.wrong(r.near(path), true, "this [[%s]] has no %s", name, s.key)
			}
		}
	}
	return list
}

// asTables accepts [[name]] blocks and name = [{…}, {…}].
func asTables(v any) ([]map[string]any, bool) {
	if trees, ok := v.([]map[string]any); ok {
		return trees, true
	}
	list, ok := v.([]any)
	trees := make([]map[string]any, 0, len(list))
	for _, e := range list {
		tree, is := e.(map[string]any)
		ok = ok && is
		trees = append(trees, tree)
	}
	return trees, ok
}

// duplicates refuses two blocks for one client or one machine: an edit could
// not tell which one is meant, and a revoked one would stay.
func (r *reader) duplicates() {
	clients, ids, names := map[string]bool{}, map[string]bool{}, map[string]bool{}
	signers, keys := map[string]bool{}, map[string]bool{}
	for i, t := range r.c.Tokens {
		r.once(clients, t.Client, fmt.Sprintf("token[%d].client", i), "a second [[token]] for %s")
	}
	for i, p := range r.c.Peers {
		r.once(ids, p.ID, fmt.Sprintf("peer[%d].id", i), "a second [[peer]] for %s")
		r.once(names, p.Name, fmt.Sprintf("peer[%d].name", i), "a second [[peer]] with the name %q")
	}
	for i, a := range r.c.Authorities {
		r.once(signers, a.Name, fmt.Sprintf("authority[%d].name", i), "a second [[authority]] with the name %q")
		r.once(keys, a.Key, fmt.Sprintf("authority[%d].key", i), "a second [[authority]] with the key %s")
	}
}

func (r *reader) once(seen map[string]bool, what, path, message string) {
	if what != "" && seen[what] {
		r.wrong(path, false, message, what)
	}
	seen[what] = true
}
