package config

// Values as they stand in TOML.

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// literal writes v, of a type that slots know, as TOML. Strings are valid UTF-8:
// others lose what is not.
func literal(v any) string {
	switch v := v.(type) {
	case string:
		return quote(v)
	case time.Duration:
		return quote(shortDuration(v))
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case []string:
		words := make([]string, len(v))
		for i, s := range v {
			words[i] = quote(s)
		}
		return "[" + strings.Join(words, ", ") + "]"
	}
	return fmt.Sprint(v) // bool, int
}

// shortDuration writes 1m30s and 10m, not 10m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// quote writes a basic string (TOML 1.0, "String"). Names come from strangers:
// whatever could end the string or the line is escaped.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, string(utf8.RuneError)) {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029:
			b.WriteString(`\u` + fmt.Sprintf("%04X", r))
		case !strconv.IsGraphic(r): // direction marks and their like: visible as escapes
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
