package config

// The example file: the settings from their table, the sample blocks from here.

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	exampleTop = "# Everything here is read again as soon as the file is saved.\n"

	exampleBlocks = `
# Saved logins that this host has issued. Delete a block to revoke that client at once.
# [[token]]
# client = "12D3KooWEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEX"
# name = "laptop"
# created = 2026-11-22T07:00:00Z
# expires = 2027-11-22T07:00:00Z      # optional
# permissions = ["control"]           # optional: less than [permissions] for this client
# sealed = "…"                        # not the token: its hash, sealed with this machine's identity key; worthless to a thief

# Authorities whose signed names are shown as verified.
# [[authority]]
# name = "ACME"
# key = "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEE="   # rac cert new-authority prints the block
# login = false                       # true: whoever holds its certificate gets in without a password, at most with:
# permissions = ["view"]
# revoked = []

# Machines that you connect to.
# [[peer]]
# name = "office"
# id = "12D3KooWEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEX"
# addrs = []
# login = "…"                         # the saved login, sealed with this machine's identity key
`
)

// commentColumn is where the comments of the settings stand, if there is room.
const commentColumn = 27

// example is the whole commented file; it parses to Default.
func example() string {
	var b strings.Builder
	b.WriteString(exampleTop)
	width, last := keyWidths(), ""
	for _, s := range settings() {
		table, _ := cutTable(s.Key)
		if table != last {
			if last != "" {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "[%s]\n", table)
			last = table
		}
		b.WriteString(s.line(width[table]))
		if table == "" {
			b.WriteString("\n")
		}
	}
	b.WriteString(exampleBlocks)
	return b.String()
}

// line is the setting's line in the example.
func (s Setting) line(width int) string {
	_, key := cutTable(s.Key)
	value := s.Default
	if s.sample != "" {
		key, value = "# "+key, s.sample
	}
	line := pad(key, width) + " = " + value
	if s.mute {
		return line + "\n"
	}
	return pad(line, commentColumn-1) + " # " + s.Help + "\n"
}

// keyWidths are the columns of the equal signs, by table: the longest key that
// is not much longer than the others.
func keyWidths() map[string]int {
	return map[string]int{"unattended": 16, "attended": 7, "permissions": 10, "network": 8}
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}
