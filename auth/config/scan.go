package config

// The scanner says where each key and value of a TOML text stands; what they
// mean, and whether the text is TOML at all, is for the library to say. The
// scanner runs first, since it bounds the nesting.

import (
	"errors"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

type span struct{ from, to int }

type itemKind int

const (
	header  itemKind = iota // [table] or [[table]]
	pair                    // key = value, on lines of its own or in an inline table
	element                 // a value in a list
)

// item is one piece of the text with its place.
type item struct {
	kind  itemKind
	path  string // unattended.enabled, token[1].client, network.allow[0]
	key   span   // as written, for a header without the brackets; empty for an element
	val   span   // empty for a header
	lines span   // the whole lines with their ending; empty inside lists and inline tables
	comma int    // inside lists and inline tables: where the comma behind it stands, or -1
	array bool   // a header with two brackets
}

type doc struct {
	text  string
	items []item
	index map[string]int // path → its pair, element or last header
}

// find returns the item of a path.
func (d *doc) find(path string) (item, bool) {
	i, ok := d.index[path]
	if !ok {
		return item{}, false
	}
	return d.items[i], true
}

// The library's work grows with the square of the nesting, without a bound of
// its own: a megabyte of brackets takes all memory. No config needs more than 2.
const (
	maxDepth = 16 // lists and inline tables in one another
	maxParts = 16 // of a dotted key
)

var (
	errLayout = errors.New("is not valid TOML")
	errDeep   = errors.New("is nested too deep")
)

type scanner struct {
	doc
	at     int
	depth  int
	table  string         // path of the last header
	counts map[string]int // of [[…]] blocks, by path
}

// scan finds every item of text, which may start with a byte order mark.
func scan(text string) (*doc, *scanError) {
	s := &scanner{doc: doc{text: text, index: map[string]int{}}, counts: map[string]int{}}
	s.at = len(text) - len(strings.TrimPrefix(text, bom))
	for s.skip(); s.at < len(text); s.skip() {
		if err := s.statement(); err != nil {
			return &s.doc, &scanError{s.at, err}
		}
	}
	return &s.doc, nil
}

// scanError says where the scanner stopped.
type scanError struct {
	at int
	error
}

// statement reads a header or a pair with the lines it stands on.
func (s *scanner) statement() error {
	start := strings.LastIndexByte(s.text[:s.at], '\n') + 1
	if start == 0 && strings.HasPrefix(s.text, bom) {
		start = len(bom)
	}
	first := len(s.items)
	var err error
	if s.text[s.at] == '[' {
		err = s.header()
	} else {
		err = s.pair(s.table)
	}
	if err != nil {
		return err
	}
	s.blank()
	s.comment()
	if rest := s.text[s.at:]; rest != "" && rest[0] != '\n' && !strings.HasPrefix(rest, "\r\n") {
		return errLayout
	}
	if i := strings.IndexByte(s.text[s.at:], '\n'); i >= 0 {
		s.at += i + 1
	}
	s.items[first].lines = span{start, s.at}
	return nil
}

func (s *scanner) header() error {
	it := item{kind: header, comma: -1, array: strings.HasPrefix(s.text[s.at:], "[[")}
	s.at++
	if it.array {
		s.at++
	}
	names, place, err := s.keys()
	if err != nil {
		return err
	}
	it.key = place
	s.table = s.resolve(names, it.array)
	it.path = s.table
	for s.at < len(s.text) && s.text[s.at] == ']' {
		s.at++
	}
	return s.add(it)
}

// resolve makes the path of a header; a part that names a [[block]] means its
// last one so far.
func (s *scanner) resolve(names []string, array bool) string {
	path := ""
	for i, name := range names {
		path = join(path, name)
		if array && i == len(names)-1 {
			s.counts[path]++
		}
		if n := s.counts[path]; n > 0 {
			path = fmt.Sprintf("%s[%d]", path, n-1)
		}
	}
	return path
}

// pair reads key = value below the path of its table.
func (s *scanner) pair(table string) error {
	names, place, err := s.keys()
	if err != nil {
		return err
	}
	if s.at >= len(s.text) || s.text[s.at] != '=' {
		return errLayout
	}
	s.at++
	s.blank()
	path := table
	for _, name := range names {
		path = join(path, name)
	}
	return s.value(item{kind: pair, path: path, key: place, comma: -1})
}

// keys reads the parts of a dotted key and the blanks behind it.
func (s *scanner) keys() ([]string, span, error) {
	s.blank()
	var names []string
	place := span{s.at, s.at}
	for {
		name, err := s.name()
		if err != nil {
			return nil, place, err
		}
		if names = append(names, name); len(names) > maxParts {
			return nil, place, errDeep
		}
		place.to = s.at
		s.blank()
		if s.at >= len(s.text) || s.text[s.at] != '.' {
			return names, place, nil
		}
		s.at++
		s.blank()
	}
}

func (s *scanner) name() (string, error) {
	rest := s.text[s.at:]
	if rest == "" {
		return "", errLayout
	}
	if rest[0] == '"' || rest[0] == '\'' {
		start := s.at
		if err := s.quoted(); err != nil {
			return "", err
		}
		return unquote(s.text[start:s.at])
	}
	n := strings.IndexAny(rest, ".=]} \t\r\n#,\"'")
	if n <= 0 {
		return "", errLayout
	}
	s.at += n
	return rest[:n], nil
}

// unquote reads a quoted key as the library does.
func unquote(quoted string) (string, error) {
	var v struct{ X string }
	if _, err := toml.Decode("X = "+quoted, &v); err != nil {
		return "", errLayout
	}
	return v.X, nil
}

// add appends an item. A path that was there before is refused, though the
// library should have done so: an edit of the first would leave the second.
func (s *scanner) add(it item) error {
	if old, ok := s.find(it.path); ok && (it.kind != header || old.kind != header || !it.array) {
		return fmt.Errorf("%s is there twice", it.path)
	}
	s.index[it.path] = len(s.items)
	s.items = append(s.items, it)
	return nil
}

// join appends a part to a path; parts that are not bare are quoted, so that
// "a.b" is no path of two.
func join(path, name string) string {
	if name == "" || strings.ContainsAny(name, ".[]\"") {
		name = fmt.Sprintf("%q", name)
	}
	if path == "" {
		return name
	}
	return path + "." + name
}
