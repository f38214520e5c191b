package auth

// Text that came from a stranger.

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName bounds the name of a computer, in bytes.
const maxName = 64

// clean makes a stranger's text fit to be shown: on one line, without control,
// direction or other invisible characters that could dress it up as something
// else, and at most max bytes long.
func clean(text string, max int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r):
			return -1
		case !unicode.IsGraphic(r), unicode.IsSpace(r):
			return ' '
		}
		return r
	}, text)
	return strings.TrimRight(bounded(strings.Join(strings.Fields(text), " "), max), " ")
}

// bounded cuts text to at most max bytes, between two characters.
func bounded(text string, max int) string {
	if len(text) <= max {
		return text
	}
	for max > 0 && !utf8.RuneStart(text[max]) {
		max--
	}
	return text[:max]
}
