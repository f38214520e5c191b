package config

// Error says where in the file something is wrong, and shows the line without
// the secrets that may stand in it.

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Error is a fault of the file that a person must mend.
type Error struct {
	File    string
	Line    int // from 1; 0: the whole file
	Column  int // from 1, in characters
	Message string
	Text    string // the line as it stands, values hidden that may be secret
}

// Error is one line: "config.toml:4:1: unknown key …".
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Excerpt shows the line with a caret below the place, two lines in all, or "".
func (e *Error) Excerpt() string {
	if e.Text == "" {
		return ""
	}
	var pad strings.Builder
	for i, r := range []rune(e.Text) {
		if i >= e.Column-1 {
			break
		}
		if r != '\t' {
			r = ' '
		}
		pad.WriteRune(r)
	}
	return e.Text + "\n" + pad.String() + "^"
}

// fault makes the Error for an offset of the text.
func fault(name, text string, offset int, message string) *Error {
	offset = max(0, min(offset, len(text)))
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	return &Error{
		File:    name,
		Line:    strings.Count(text[:offset], "\n") + 1,
		Column:  utf8.RuneCountInString(text[start:offset]) + 1,
		Message: message,
		Text:    hide(text[start:lineEnd(text, offset)]),
	}
}

// lineEnd returns where the line ends that offset lies in, before its ending.
func lineEnd(text string, offset int) int {
	end := len(text)
	if n := strings.IndexByte(text[offset:], '\n'); n >= 0 {
		end = offset + n
	}
	if end > offset && text[end-1] == '\r' {
		end--
	}
	return end
}

// openKeys are the keys whose values may be shown: every known one that is not
// secret. What stands behind an unknown key may be a password in clear.
func openKeys() map[string]bool {
	open := map[string]bool{}
	for _, s := range settings() {
		_, key := cutTable(s.Key)
		open[key] = !s.Secret
	}
	for _, b := range [][]slot{new(Token).slots(), new(Authority).slots(), new(Peer).slots()} {
		for _, s := range b {
			if was, seen := open[s.key]; seen && !was {
				continue
			}
			open[s.key] = !s.secret
		}
	}
	return open
}

// hidden stands in place of a value.
const hidden = " = …"

// hide cuts a line behind the first "=" that does not belong to an open key.
func hide(line string) string {
	open := openKeys()
	assign := regexp.MustCompile(`([A-Za-z0-9_.-]*)(["']?)\s*=`)
	for _, m := range assign.FindAllStringSubmatchIndex(line, -1) {
		_, key := cutTable(line[m[2]:m[3]])
		if !open[key] && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			return line[:m[5]] + hidden
		}
	}
	return line
}

// cutTable splits "network.allow" into "network" and "allow".
func cutTable(key string) (table, name string) {
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		return key[:i], key[i+1:]
	}
	return "", key
}
