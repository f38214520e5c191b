package config

// Edits of lists: one string more or less, with the comments beside the others
// left where they are.

import (
	"fmt"
	"slices"
	"strings"
)

// AddTo adds a string to a list unless it is there.
func (e *Edit) AddTo(key, value string) error {
	s, list, err := e.list(key)
	if err != nil || slices.Contains(list, value) {
		return err
	}
	if err := s.slot(e.c).ok(value); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	it, ok := e.doc.find(key)
	if !ok {
		return e.insert(key, literal([]string{value}), []string{key})
	}
	return e.apply([]string{key}, e.addElement(it, quote(value))...)
}

// RemoveFrom removes a string from a list; one that is not there is no error.
func (e *Edit) RemoveFrom(key, value string) error {
	_, list, err := e.list(key)
	if err != nil {
		return err
	}
	for i := range slices.Backward(list) {
		if list[i] != value {
			continue
		}
		it, _ := e.doc.find(key)
		if err := e.apply([]string{key}, e.removePart(it, i)...); err != nil {
			return err
		}
	}
	return nil
}

// list returns a setting that is a list, and what it holds.
func (e *Edit) list(key string) (Setting, []string, error) {
	s, ok := setting(key)
	if !ok {
		return s, nil, fmt.Errorf("no setting %q%s", key, didYouMean(key, settingKeys()))
	}
	list, ok := s.at(e.c).(*[]string)
	if !ok {
		return s, nil, fmt.Errorf("%s is no list", key)
	}
	return s, *list, nil
}

// setList replaces a list. One with comments inside is changed string by string,
// which can only append: another order is for a person to make.
func (e *Edit) setList(key string, want []string) error {
	it, ok := e.doc.find(key)
	if !ok || !e.commented(it) {
		return e.put(key, want, []string{key})
	}
	_, now, _ := e.list(key)
	for _, v := range now {
		if !slices.Contains(want, v) {
			if err := e.RemoveFrom(key, v); err != nil {
				return err
			}
		}
	}
	for _, v := range want {
		if err := e.AddTo(key, v); err != nil {
			return err
		}
	}
	if _, now, _ = e.list(key); !slices.Equal(now, want) {
		return fault(e.name, e.text, it.key.from, "has comments inside: change its order by hand")
	}
	return nil
}

// commented says whether a comment stands inside the value, outside its strings.
func (e *Edit) commented(it item) bool {
	text := []byte(e.text[it.val.from:it.val.to])
	for _, p := range e.parts(it) {
		for i := p.val.from; i < p.val.to; i++ {
			text[i-it.val.from] = ' '
		}
	}
	return strings.Contains(string(text), "#")
}

// addElement adds a value at a list's end: on a line of its own, indented as the
// last one is, where the last one has its own line too.
func (e *Edit) addElement(list item, value string) []splice {
	last, ok := e.lastInside(list)
	if !ok {
		at := list.val.from + 1
		return []splice{{span{at, at}, value}}
	}
	start := strings.LastIndexByte(e.text[:last.val.from], '\n') + 1
	indent := e.text[start:last.val.from]
	end := lineEnd(e.text, max(last.val.to, last.comma))
	if strings.Trim(indent, " \t") != "" || end > list.val.to {
		return []splice{{span{last.val.to, last.val.to}, ", " + value}}
	}
	if last.comma >= 0 {
		return []splice{{span{end, end}, e.newline() + indent + value + ","}}
	}
	if end == last.val.to {
		return []splice{{span{end, end}, "," + e.newline() + indent + value}}
	}
	return []splice{
		{span{last.val.to, last.val.to}, ","},
		{span{end, end}, e.newline() + indent + value},
	}
}

// removePart takes the i-th part out of a list or an inline table: its whole
// line with the comment beside it if it stands there alone, else itself and one
// comma.
func (e *Edit) removePart(outer item, i int) []splice {
	parts := e.parts(outer)
	part := parts[i]
	from, to := part.val.from, part.val.to
	if part.kind == pair {
		from = part.key.from
	}
	if line, alone := e.ownLine(from, to, part.comma); alone && (part.comma >= 0 || i == 0) {
		return []splice{{span: line}}
	}
	if part.comma >= 0 {
		rest := e.text[part.comma+1:]
		blanks := len(rest) - len(strings.TrimLeft(rest, " \t"))
		return []splice{{span: span{from, to}}, {span: span{part.comma, part.comma + 1 + blanks}}}
	}
	if i == 0 {
		return []splice{{span: span{from, to}}}
	}
	before := parts[i-1]
	cut := []splice{{span: span{before.comma, before.comma + 1}}}
	if line, alone := e.ownLine(from, to, -1); alone && line.from > before.comma {
		return append(cut, splice{span: line})
	}
	if gap := e.text[before.comma+1 : from]; strings.Trim(gap, " \t") == "" {
		return []splice{{span: span{before.comma, to}}}
	}
	return append(cut, splice{span: span{from, to}})
}

// ownLine returns the whole lines of a part if nothing else but its comma and a
// comment stands there.
func (e *Edit) ownLine(from, to, comma int) (span, bool) {
	start := strings.LastIndexByte(e.text[:from], '\n') + 1
	if comma >= 0 {
		if strings.Trim(e.text[to:comma], " \t") != "" {
			return span{}, false
		}
		to = comma + 1
	}
	end := lineEnd(e.text, to)
	rest := strings.TrimLeft(e.text[to:end], " \t")
	alone := strings.Trim(e.text[start:from], " \t") == "" && (rest == "" || rest[0] == '#')
	if n := strings.IndexByte(e.text[end:], '\n'); n >= 0 {
		end += n + 1
	}
	return span{start, end}, alone
}
