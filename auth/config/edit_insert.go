package config

// Where a key that the file does not have yet goes.

import (
	"regexp"
	"slices"
	"strings"
)

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
