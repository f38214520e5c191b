package console

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The recordings in testdata are what real programs wrote to an 80x24 terminal
// of ours, about texts of ours. `go test -record` makes them anew, `-update`
// writes what their screens should be: look at those before you commit them.
var (
	record = flag.Bool("record", false, "run the programs and record what they write")
	update = flag.Bool("update", false, "write the golden screens")
)

type recording struct {
	name  string
	bytes []byte
}

func recordings(tb testing.TB) (all []recording) {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.rec")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no recordings: %v", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, recording{strings.TrimSuffix(filepath.Base(f), ".rec"), b})
	}
	return all
}

func TestRecordedScreens(t *testing.T) {
	for _, r := range recordings(t) {
		golden := "testdata/" + r.name + ".txt"
		want, err := os.ReadFile(golden)
		if err != nil && !*update {
			t.Fatal(err)
		}
		for _, piece := range []int{len(r.bytes), 1, 13} { // however the bytes arrive
			screen := newVT(80, 24)
			for rest := r.bytes; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
				screen.Write(rest[:min(piece, len(rest))])
			}
			got := describe(screen)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				want = []byte(got)
			}
			if got != string(want) {
				t.Errorf("%s in pieces of %d: got\n%s\nwant\n%s", r.name, piece, got, want)
			}
		}
	}
}

// describe writes the screen as text: the characters between bars, below each
// line that has any its looks (bold, italic, underlined, reverse, a colour, a
// ground), at the end the cursor.
func describe(v *vt) string {
	var out strings.Builder
	for y := range v.rows {
		fmt.Fprintf(&out, "|%s\n", lineText(v.seen(y)))
		if looks := lineLooks(v.seen(y)); looks != "" {
			fmt.Fprintf(&out, "~%s\n", looks)
		}
	}
	fmt.Fprintf(&out, "cursor %d,%d shown %v\n", v.cur.x, v.cur.y, v.mode.showCursor)
	return out.String()
}

func lineLooks(line []cell) string {
	out := make([]byte, 0, len(line))
	for _, c := range line {
		mark := byte(' ')
		switch {
		case c.attr&inverse != 0:
			mark = 'r'
		case c.bg != colorDefault:
			mark = 'g'
		case c.attr&bold != 0:
			mark = 'b'
		case c.attr&underline != 0:
			mark = 'u'
		case c.attr&italic != 0:
			mark = 'i'
		case c.fg != colorDefault:
			mark = 'c'
		}
		out = append(out, mark)
	}
	return strings.TrimRight(string(out), " ")
}

// TestRecord makes the recordings anew when it is asked to.
func TestRecord(t *testing.T) {
	if !*record {
		return
	}
	dir := t.TempDir()
	note := "A note of ours.\n\n" + strings.Repeat("Grüße aus 東京: a long line that will be wrapped, as it has more than eighty characters.\n", 40)
	code := "// Package hello says hello.\npackage hello\n\nimport \"fmt\"\n\n// Say says it n times.\nfunc Say(n int) {\n\tfor range n {\n\t\tfmt.Println(\"hello, wörld\")\n\t}\n}\n"
	page := ".TH OURS 7\n.SH NAME\nours \\- a page of ours\n.SH DESCRIPTION\nIt has \\fBbold\\fR and \\fIitalic\\fR words.\n"
	for name, text := range map[string]string{"note.txt": note, "hello.go": code, "ours.7": page, "tmux.conf": "set -g status-right ours\n", "rc": "PS1='\\[\\e[32m\\]anna\\[\\e[0m\\]$ '\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []struct {
		name, command string
		steps         []string // wait for a text, type a text, and so on
	}{
		{"bash", "bash --noprofile --rcfile rc -i", []string{"anna$", "echo one two\x01# \x05 three\x17four\r", "anna$ #", "printf 'a\\tb\\n%s' x{1..3}y\r", "x3y", "history | tail -2\x12one", "i-search"}},
		{"vim", "vim -n -u NONE -N --cmd 'syntax on|set nu hls bg=dark' hello.go", []string{"wörld", "/n\r:vsplit\roinserted 漢字\x1b", "inserted"}},
		{"less", "less -SN note.txt", []string{"note.txt", "/long\r", "Grüße", "5j2\x1b[C", "will be"}},
		{"nano", "nano -l hello.go", []string{"wörld", "\x1b[B\x1b[Bnew line\r\x17", "Search"}},
		{"tmux", "tmux -f tmux.conf -L record new 'exec less note.txt' ';' split-window -h 'exec vim -n -u NONE hello.go'", []string{"hello, w", "oadded\x1b", "added", "\x02o10j", ":"}},
		{"man", "man -P 'less -R' ./ours.7", []string{"bold"}},
	} {
		recordProgram(t, dir, p.name, p.command, p.steps)
	}
	exec.Command("tmux", "-L", "record", "kill-server").Run()
}
