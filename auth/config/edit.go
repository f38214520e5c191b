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
	"regexp"
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

// NewEdit starts an edit of a text that no file holds.
func NewEdit(name string, data []byte) (*Edit, error) {
	e := &Edit{name: name}
	return e, e.load(string(data))
}

// Config is the reading of the text as it stands now, after the steps so far.
// It is fresh: what was revoked before the lock was taken is not in it.
func (e *Edit) Config() *Config { return e.c }

// Bytes is the text as it stands now.
func (e *Edit) Bytes() []byte { return []byte(e.text) }

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

// insert adds "key = text" to the table of the path.
func (e *Edit) insert(path, text string, keys []string) error {
	table, key := cutTable(path)
	if table == "" {
		return e.insertRoot(key, text, keys)
	}
	it, ok := e.doc.find(table)
	switch {
	case ok && it.kind == header:
		return e.insertLine(it, key, text, keys)
	case ok:
		return e.insertInline(it, key, text, keys)
	}
	if last, ok := e.lastBelow(table + "."); ok { // dotted keys: unattended.enabled = …
		return e.insertAfter(last.lines.to, indentOf(e.text, last)+path+" = "+text, keys)
	}
	return e.appendText([]string{"[" + table + "]", key + " = " + text}, keys)
}

// insertRoot adds a key above all tables.
func (e *Edit) insertRoot(key, text string, keys []string) error {
	end := len(e.text)
	at := -1
	for _, it := range e.doc.items {
		if it.kind == header {
			end = it.lines.from
			break
		}
		if it.kind == pair && it.lines.to > 0 {
			at = it.lines.to
		}
	}
	if sample, ok := e.sample(key, span{0, end}); ok {
		at = sample
	}
	if at >= 0 {
		return e.insertAfter(at, key+" = "+text, keys)
	}
	at = len(e.text) - len(strings.TrimPrefix(e.text, bom))
	return e.apply(keys, splice{span{at, at}, key + " = " + text + e.newline() + e.newline()})
}

// insertLine adds a line at the end of a table: below the line that shows the
// key commented out, if there is one, else below its last key. It keeps the
// indentation and the column of the equal sign.
func (e *Edit) insertLine(head item, key, text string, keys []string) error {
	at, indent, column := head.lines.to, indentOf(e.text, head), 0
	for _, it := range e.section(head) {
		at, indent = it.lines.to, indentOf(e.text, it)
		name, _, _ := strings.Cut(e.text[it.key.from:it.val.from], "=")
		if strings.HasSuffix(name, "  ") { // somebody has lined them up
			column = len(name) - 1
		}
	}
	line := indent + pad(key, column) + " = " + text
	if sample, ok := e.sample(key, span{head.lines.to, e.sectionEnd(head)}); ok {
		at = sample
	}
	return e.insertAfter(at, line, keys)
}

// insertInline adds a pair to an inline table.
func (e *Edit) insertInline(table item, key, text string, keys []string) error {
	if e.text[table.val.from] != '{' {
		return fault(e.name, e.text, table.key.from, "is no table: mend it by hand")
	}
	at, with := table.val.from+1, " "+key+" = "+text+" "
	if last, ok := e.lastInside(table); ok {
		at, with = last.val.to, ", "+key+" = "+text
	}
	return e.apply(keys, splice{span{at, at}, with})
}

// insertAfter adds a line at an offset where a line begins or the text ends.
func (e *Edit) insertAfter(at int, line string, keys []string) error {
	if at > 0 && e.text[at-1] != '\n' && e.text[:at] != bom {
		return e.apply(keys, splice{span{at, at}, e.newline() + line})
	}
	return e.apply(keys, splice{span{at, at}, line + e.newline()})
}

// appendText adds lines at the end of the text, a blank line before them.
func (e *Edit) appendText(lines []string, keys []string) error {
	nl := e.newline()
	body := strings.Join(lines, nl) + nl
	text := strings.TrimPrefix(e.text, bom)
	switch {
	case text == "" || strings.HasSuffix(text, "\n\n") || strings.HasSuffix(text, "\n\r\n"):
	case strings.HasSuffix(text, "\n"):
		body = nl + body
	default:
		body = nl + nl + body
	}
	return e.apply(keys, splice{span{len(e.text), len(e.text)}, body})
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

// sample finds the line in within that shows the key commented out, and returns
// where the next line begins. A commented-out header ends the search: what is
// below it shows another table.
func (e *Edit) sample(key string, within span) (int, bool) {
	shown := regexp.MustCompile(`^\s*#\s*` + regexp.QuoteMeta(key) + `\s*=`)
	head := regexp.MustCompile(`^\s*#\s*\[`)
	for at := within.from; at < within.to; {
		end := len(e.text)
		if i := strings.IndexByte(e.text[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		line := e.text[at:end]
		if head.MatchString(line) {
			return 0, false
		}
		if shown.MatchString(line) && !e.insideValue(at) {
			return end, true
		}
		at = end
	}
	return 0, false
}

// insideValue says whether an offset lies within a long string or list.
func (e *Edit) insideValue(at int) bool {
	return slices.ContainsFunc(e.doc.items, func(it item) bool { return it.val.from < at && at < it.val.to })
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
