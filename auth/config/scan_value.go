package config

// The scanner's part that walks over values: strings, lists, inline tables.

import (
	"fmt"
	"strings"
)

// value reads the value at the scanner's place into it.val, and what is inside
// it as further items.
func (s *scanner) value(it item) error {
	at := len(s.items)
	it.val.from = s.at
	if err := s.add(it); err != nil {
		return err
	}
	err := s.content(it.path)
	s.items[at].val.to = s.at
	return err
}

func (s *scanner) content(path string) error {
	if s.at >= len(s.text) {
		return errLayout
	}
	switch s.text[s.at] {
	case '"', '\'':
		return s.quoted()
	case '[':
		return s.inside(']', func(i int) error {
			return s.value(item{kind: element, path: fmt.Sprintf("%s[%d]", path, i), comma: -1})
		})
	case '{':
		return s.inside('}', func(int) error { return s.pair(path) })
	}
	n := strings.IndexAny(s.text[s.at:], ",]}#\r\n")
	if n < 0 {
		n = len(s.text) - s.at
	}
	n = len(strings.TrimRight(s.text[s.at:s.at+n], " \t"))
	if n == 0 {
		return errLayout
	}
	s.at += n
	return nil
}

// inside reads what stands between brackets, one part at a time, with the place
// of the comma behind each.
func (s *scanner) inside(end byte, part func(int) error) error {
	if s.depth++; s.depth > maxDepth {
		return errDeep
	}
	defer func() { s.depth-- }()
	s.at++
	for i := 0; ; i++ {
		s.skip()
		if s.at >= len(s.text) {
			return errLayout
		}
		if s.text[s.at] == end {
			s.at++
			return nil
		}
		item := len(s.items)
		if err := part(i); err != nil {
			return err
		}
		s.skip()
		if s.at < len(s.text) && s.text[s.at] == ',' {
			s.items[item].comma = s.at
			s.at++
		}
	}
}

// quoted steps over a string of any of the four kinds.
func (s *scanner) quoted() error {
	q := s.text[s.at : s.at+1]
	long := strings.Repeat(q, 3)
	if !strings.HasPrefix(s.text[s.at:], long) {
		s.at++
		return s.until(q, q == `"`, false)
	}
	s.at += 3
	err := s.until(long, q == `"`, true)
	// Up to two quotes may belong to the text in front of the closing three.
	for range 2 {
		if strings.HasPrefix(s.text[s.at:], q) {
			s.at++
		}
	}
	return err
}

// until steps behind the next end that no backslash hides.
func (s *scanner) until(end string, escapes, lines bool) error {
	for s.at < len(s.text) {
		switch {
		case escapes && s.text[s.at] == '\\':
			s.at = min(s.at+2, len(s.text))
		case strings.HasPrefix(s.text[s.at:], end):
			s.at += len(end)
			return nil
		case s.text[s.at] == '\n' && !lines:
			return errLayout
		default:
			s.at++
		}
	}
	return errLayout
}

// blank steps over blanks, comment over a comment up to the line's end, skip
// over both and line ends.
func (s *scanner) blank() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t') {
		s.at++
	}
}

func (s *scanner) comment() {
	if s.at >= len(s.text) || s.text[s.at] != '#' {
		return
	}
	n := strings.IndexByte(s.text[s.at:], '\n')
	if n < 0 {
		s.at = len(s.text)
		return
	}
	s.at += n
	if s.text[s.at-1] == '\r' {
		s.at--
	}
}

func (s *scanner) skip() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		case '#':
			s.comment()
		default:
			return
		}
	}
}
