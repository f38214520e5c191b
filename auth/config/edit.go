package config

// Edit changes single lines of the text. Every step is parsed before the next,
// and must have changed what it was asked to change and nothing else.
//
// What stays: comment lines, blank lines, the order, the spelling of values that
// are already right, line endings, a byte order mark. What goes with a removed
// line or block: the comment at the end of that line, and one blank line where
// the block stood between two.

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrNotFound means that there is no such block: it was revoked or never there.
var ErrNotFound = errors.New("not in the config")

// Edit is the text between lock and rename. It is valid within File.Edit only.
type Edit struct {
	name string
	text string
	doc  *doc
	c    *Config
}

// newEdit starts an edit of a text that no file holds.
func newEdit(name string, data []byte) (*Edit, error) {
	e := &Edit{name: name}
	return e, e.load(string(data))
}

// Config is the reading of the text as it stands now, after the steps so far.
// It is fresh: what was revoked before the lock was taken is not in it.
func (e *Edit) Config() *Config { return e.c }

func (e *Edit) load(text string) error {
	c, d, err := parse(e.name, text)
	if err != nil {
		return err
	}
	e.text, e.doc, e.c = text, d, c
	return nil
}

// splice replaces a span of the text.
type splice struct {
	span
	with string
}

// apply makes the splices, which must not overlap, and checks that nothing but
// the keys (as Changed names them) is different afterwards.
func (e *Edit) apply(keys []string, splices ...splice) error {
	slices.SortStableFunc(splices, func(a, b splice) int { return b.from - a.from })
	text := e.text
	for _, s := range splices {
		text = text[:s.from] + s.with + text[s.to:]
	}
	next := &Edit{name: e.name}
	if err := next.load(text); err != nil {
		return err
	}
	for _, k := range Changed(e.c, next.c) {
		if !slices.Contains(keys, k) {
			return fmt.Errorf("%s: this edit would change %s as well: make it by hand", e.name, k)
		}
	}
	*e = *next
	return nil
}

// Set gives a setting its value: a bool, string, int, time.Duration or []string.
// A value that is there already, however it is spelt, is left alone.
func (e *Edit) Set(key string, value any) error {
	s, ok := setting(key)
	if !ok {
		return fmt.Errorf("no setting %q%s", key, didYouMean(key, settingKeys()))
	}
	if err := s.accepts(value); err != nil {
		return err
	}
	now := s.slot(e.c).value()
	if same := equal(now, value) || literal(now) == literal(value); same {
		return nil
	}
	if list, ok := value.([]string); ok {
		return e.setList(key, list)
	}
	return e.put(key, value, []string{key})
}

// accepts checks a value before it is written.
func (s Setting) accepts(value any) error {
	probe := Default()
	sl := s.slot(&probe)
	if fmt.Sprintf("%T", value) != fmt.Sprintf("%T", sl.value()) {
		return fmt.Errorf("%s wants %s", s.Key, sl.want())
	}
	if _, err := sl.put(asTOML(value)); err != nil {
		return fmt.Errorf("%s: %w", s.Key, err)
	}
	return nil
}

// asTOML is the value as the library would give it.
func asTOML(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case time.Duration:
		return v.String()
	case []string:
		list := make([]any, len(v))
		for i := range v {
			list[i] = v[i]
		}
		return list
	}
	return v
}

func settingKeys() []string {
	var keys []string
	for _, s := range settings() {
		keys = append(keys, s.Key)
	}
	return keys
}

// put writes a value at a path, where it stands or as a new line.
func (e *Edit) put(path string, value any, keys []string) error {
	text := literal(value)
	it, ok := e.doc.find(path)
	if !ok {
		return e.insert(path, text, keys)
	}
	cut := splice{it.val, text}
	// Keep the comment behind it in its column, if blanks can give or take.
	rest := e.text[it.val.to:]
	blanks := len(rest) - len(strings.TrimLeft(rest, " "))
	if strings.HasPrefix(rest[blanks:], "#") {
		grown := len([]rune(text)) - len([]rune(e.text[it.val.from:it.val.to]))
		cut.to += blanks
		cut.with += strings.Repeat(" ", max(1, blanks-grown))
	}
	return e.apply(keys, cut)
}

// section returns the items from behind a header up to the next one.
func (e *Edit) section(head item) []item {
	i := slices.IndexFunc(e.doc.items, func(it item) bool { return it.lines == head.lines && it.kind == header })
	rest := e.doc.items[i+1:]
	if n := slices.IndexFunc(rest, func(it item) bool { return it.kind == header }); n >= 0 {
		rest = rest[:n]
	}
	return slices.DeleteFunc(slices.Clone(rest), func(it item) bool { return it.lines == span{} })
}

func (e *Edit) sectionEnd(head item) int {
	for _, it := range e.doc.items {
		if it.kind == header && it.lines.from > head.lines.from {
			return it.lines.from
		}
	}
	return len(e.text)
}

// lastBelow returns the last pair with lines of its own below a path.
func (e *Edit) lastBelow(prefix string) (item, bool) {
	for _, it := range slices.Backward(e.doc.items) {
		if it.kind == pair && it.lines != (span{}) && strings.HasPrefix(it.path, prefix) {
			return it, true
		}
	}
	return item{}, false
}

// lastInside returns the last direct part of a list or an inline table.
func (e *Edit) lastInside(outer item) (item, bool) {
	parts := e.parts(outer)
	if len(parts) == 0 {
		return item{}, false
	}
	return parts[len(parts)-1], true
}

// parts returns the direct parts of a list or an inline table.
func (e *Edit) parts(outer item) []item {
	var parts []item
	end := outer.val.from
	for _, it := range e.doc.items {
		if it.val.from > outer.val.from && it.val.to < outer.val.to && it.val.from >= end {
			parts = append(parts, it)
			end = it.val.to
		}
	}
	return parts
}

// newline is the line ending of the text: that of its first line.
func (e *Edit) newline() string {
	if i := strings.IndexByte(e.text, '\n'); i > 0 && e.text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// indentOf returns the blanks in front of an item's line.
func indentOf(text string, it item) string {
	line := text[it.lines.from:it.lines.to]
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}
