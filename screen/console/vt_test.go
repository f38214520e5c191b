package console

import (
	"fmt"
	"strings"
	"testing"
)

// TestSequences is what vttest looks at, and what real programs rely on: what
// the screen (10x4 where nothing else is said) shows after the bytes, with the
// cursor at | in place of what it stands on, and what the terminal answers.
func TestSequences(t *testing.T) {
	for _, c := range []struct{ name, in, want, answer string }{
		{"text", "ab", "ab|", ""},
		{"return and line feed", "ab\r\nc\nd", "ab\nc\n d|", ""},
		{"backspace stops at the edge", "a\b\b\bb", "b|", ""},
		{"wrap", "0123456789a", "0123456789\na|", ""},
		{"the last column waits", "0123456789", "012345678|", ""},
		{"return from the last column", "0123456789\rX", "X|23456789", ""},
		{"cursor left from the last column", "0123456789\x1b[DX", "01234567X|", ""},
		{"erase at the waiting column", "0123456789\x1b[K", "012345678|", ""},
		{"no wrap", "\x1b[?7l0123456789abc", "012345678|", ""},
		{"no wrap, then wrap", "\x1b[?7l0123456789abc\x1b[?7h\x1b[Hx", "x|2345678c", ""},
		{"scroll", "1\n\r2\n\r3\n\r4\n\r5", "2\n3\n4\n5|", ""},
		{"reverse scroll", "1\n\r2\x1b[H\x1bM0", "0|\n1\n2", ""},
		{"position", "\x1b[3;4Hx", "\n\n   x|", ""},
		{"position out of bounds", "\x1b[99;99Hx", "\n\n\n         |", ""},
		{"position 0 is 1", "\x1b[0;0Hx", "x|", ""},
		{"moves", "\x1b[2;3H\x1b[A\x1b[2C\x1b[3B\x1b[Dx", "\n\n\n   x|", ""},
		{"moves stop at the edge", "\x1b[9A\x1b[99Dx\x1b[99B\x1b[99C", "x\n\n\n         |", ""},
		{"next and previous line", "abc\x1b[2Ex\x1b[Fy", "abc\ny|\nx", ""},
		{"column and row", "\x1b[4G\x1b[3dx", "\n\n   x|", ""},
		{"tabs", "\tx\x1b[3g\x1b[H\ty", "        x|", ""},
		{"set a tab", "\x1b[4G\x1bH\r\tx", "   x|", ""},
		{"back tab", "abcdefgh\tx\x1b[Zy", "abcdefghy|", ""},
		{"back tab at the edge", "ab\x1b[9Zx", "x|", ""},
		{"erase to the end of line", "abcdef\x1b[3D\x1b[K", "abc|", ""},
		{"erase to the start of line", "abcdef\x1b[3D\x1b[1K", "   |ef", ""},
		{"erase the line", "abcdef\x1b[3D\x1b[2K", "   |", ""},
		{"erase below", "aa\r\nbb\r\ncc\x1b[2;2H\x1b[J", "aa\nb|", ""},
		{"erase above", "aa\r\nbb\r\ncc\x1b[2;1H\x1b[1J", "\n|b\ncc", ""},
		{"erase all", "aa\r\nbb\x1b[2J", "\n  |", ""},
		{"insert characters", "abcdef\x1b[3G\x1b[2@", "ab| cdef", ""},
		{"delete characters", "abcdef\x1b[3G\x1b[2P", "ab|f", ""},
		{"erase characters", "abcdef\x1b[3G\x1b[2X", "ab| ef", ""},
		{"counts beyond the line", "abcdef\x1b[3G\x1b[999@\x1b[999P\x1b[999X", "ab|", ""},
		{"insert mode", "abc\x1b[H\x1b[4hX\x1b[4lY", "XY|c", ""},
		{"insert lines", "1\r\n2\r\n3\x1b[2H\x1b[L", "1\n|\n2\n3", ""},
		{"delete lines", "1\r\n2\r\n3\x1b[2H\x1b[M", "1\n|", ""},
		{"delete more lines than there are", "1\r\n2\r\n3\x1b[2H\x1b[99M", "1\n|", ""},
		{"scroll region", "1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3H\nx", "1\n3\nx|\n4", ""},
		{"lines in a region", "1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[2H\x1b[L", "1\n|\n2\n4", ""},
		{"lines outside of the region", "1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[4H\x1b[L", "1\n2\n3\n|", ""},
		{"line feed below the region", "1\x1b[1;2r\x1b[4H\nx", "1\n\n\nx|", ""},
		{"cursor stops at the margin", "\x1b[2;3r\x1b[3H\x1b[9Bx\x1b[9Ay", "\n y|\nx", ""},
		{"a region of one line is none", "\x1b[2;2r\x1b[4H\nx", "\n\n\nx|", ""},
		{"scroll up and down", "1\r\n2\r\n3\x1b[2S\x1b[T", "\n3\n |", ""},
		{"origin", "\x1b[2;3r\x1b[?6h\x1b[Hx\x1b[9;1Hy\x1b[6n", "\nx\ny|", "\x1b[2;2R"},
		{"save and restore", "ab\x1b7\x1b[3Hx\x1b8c", "abc|\n\nx", ""},
		{"save and restore, SCO", "ab\x1b[s\x1b[3Hx\x1b[uc", "abc|\n\nx", ""},
		{"restore of nothing", "ab\x1b8c", "c|", ""},
		{"alternate screen", "ab\x1b[?1049hother\x1b[?1049lc", "abc|", ""},
		{"alternate screen begins empty", "ab\x1b[?1049hother\x1b[?1049l\x1b[?1049h", "  |", ""},
		{"alternate screen without clearing", "ab\x1b[?47hx\x1b[?47l\x1b[?47h", "  x|", ""},
		{"line drawing", "\x1b(0lqk\x1b(B-\x1b)0\x0ex\x0fx", "┌─┐-│x|", ""},
		{"repeat", "a\x1b[3b", "aaaa|", ""},
		{"repeat of a wide one", "漢\x1b[b", "漢漢|", ""},
		{"endless repeat", "a\x1b[65535b", "aaaaaaaaaa\naaaaaaaaaa\naaaaaaaaaa\na|", ""},
		{"alignment", "\x1b#8", "|EEEEEEEEE\nEEEEEEEEEE\nEEEEEEEEEE\nEEEEEEEEEE", ""},
		{"reset", "ab\x1b[?1049h\x1b[2;3r\x1b(0q\x1bcq", "q|", ""},
		{"soft reset", "ab\x1b[2;3r\x1b[4h\x1b[?6h\x1b(0\x1b[!pq", "ab\nq|", ""},
		{"UTF-8", "ä€😀x", "ä€😀x|", ""},
		{"broken UTF-8", "a\xffb\xe2\x82c\xf0\x9f\x1b[Cd", "a\ufffdb\ufffdc\ufffd d|", ""},
		{"C1 in UTF-8 is nothing", "a\u009b2Jb", "a2Jb|", ""},
		{"wide at the edge", "012345678漢", "012345678\n漢|", ""},
		{"half of a wide one overwritten", "漢字\x1b[2Gx", " x|", ""},
		{"left half of a wide one overwritten", "漢\x1b[1Gx", "x|", ""},
		{"wide ones pushed over the edge", "01234567漢\x1b[H\x1b[@", "|01234567", ""},
		{"wide ones cut in two by deleting", "漢字x\x1b[2G\x1b[P", " |x", ""},
		{"combining marks", "e\u0301x\u0302y", "éx\u0302y|", ""},
		{"a mark in the last column", "012345678e\u0301", "012345678|", ""},
		{"a mark on nothing", "\u0301a", "a|", ""},
		{"zero width", "a\u200b\u200db", "ab|", ""},
		{"titles and other strings", "a\x1b]0;title\x07b\x1b]2;x\x1b\\c\x1bPq#0\x1b\\d\x1b_x\x1b\\e\x1b^x\x1b\\f", "abcdef|", ""},
		{"a string cut off", "a\x1b]0;ti\x18b", "ab|", ""},
		{"a sequence in a string", "a\x1b]0;ti\x1b[Cb", "a b|", ""},
		{"controls in a sequence", "ab\x1b[\b1\rCx", "ax|", ""},
		{"unknown sequences", "a\x1b[?9999h\x1b[>4;2m\x1b[?4m\x1b[=1u\x1b[>1u\x1b[<u\x1b[1;2;3$r\x1b[%\x1b%Gb", "ab|", ""},
		{"too many parameters", "a\x1b[" + strings.Repeat("1;", 99) + "Cb\x1b[Cc", "ab c|", ""},
		{"too large a parameter", "\x1b[99999999999999999999Cb", "         |", ""},
		{"line feed mode", "\x1b[20hab\nc", "ab\nc|", ""},
		{"device attributes", "\x1b[c\x1b[0c\x1bZ\x1b[>c", "|", "\x1b[?62;22c\x1b[?62;22c\x1b[?62;22c\x1b[>1;10;0c"},
		{"status", "\x1b[5n\x1b[2;3H\x1b[6n\x1b[?6n", "\n  |", "\x1b[0n\x1b[2;3R\x1b[?2;3;1R"},
		{"modes", "\x1b[?2004h\x1b[?2004$p\x1b[?7$p\x1b[?1000$p\x1b[4$p\x1b[?4242$p", "|", "\x1b[?2004;1$y\x1b[?7;1$y\x1b[?1000;2$y\x1b[4;2$y\x1b[?4242;0$y"},
		{"size", "\x1b[18t", "|", "\x1b[8;4;10t"},
		{"colours asked for", "\x1b]11;?\x1b\\\x1b]10;?\x07", "|", "\x1b]11;rgb:1414/1616/1a1a\x1b\\\x1b]10;rgb:d6d6/d6d6/d2d2\x1b\\"},
		{"no title is told", "\x1b]0;rm -rf\x07\x1b[21t", "|", ""},
	} {
		screen := newVT(10, 4)
		screen.Write([]byte(c.in))
		if got := withCursor(screen); got != c.want {
			t.Errorf("%s: %q shows\n%s\nwant\n%s", c.name, c.in, got, c.want)
		}
		if got := string(screen.takeAnswers()); got != c.answer {
			t.Errorf("%s: %q answers %q, want %q", c.name, c.in, got, c.answer)
		}
	}
}

// withCursor is the text of the screen with the cursor as |.
func withCursor(v *vt) string {
	line := v.lines()[v.cur.y]
	old := line[v.cur.x]
	line[v.cur.x] = cell{r: '|'}
	defer func() { line[v.cur.x] = old }()
	return v.text()
}

func TestLooks(t *testing.T) {
	for in, want := range map[string]pen{
		"\x1b[1;3;4;7m":                  {attr: bold | italic | underline | inverse},
		"\x1b[1;2;4m\x1b[22;24m":         {},
		"\x1b[31;42m":                    {fg: colorPalette | 1, bg: colorPalette | 2},
		"\x1b[97;100m":                   {fg: colorPalette | 15, bg: colorPalette | 8},
		"\x1b[31;42m\x1b[39;49m":         {},
		"\x1b[38;5;208;1m":               {fg: colorPalette | 208, attr: bold},
		"\x1b[38:5:208;1m":               {fg: colorPalette | 208, attr: bold},
		"\x1b[48;2;1;2;3;1m":             {bg: colorRGB | 0x010203, attr: bold},
		"\x1b[48:2:1:2:3;1m":             {bg: colorRGB | 0x010203, attr: bold},
		"\x1b[48:2::1:2:3;1m":            {bg: colorRGB | 0x010203, attr: bold},
		"\x1b[38;2;999;2;3m":             {fg: colorRGB | 0xff0203},
		"\x1b[38;5;999;1m":               {attr: bold},
		"\x1b[1;38;5m":                   {attr: bold},
		"\x1b[1;38m":                     {attr: bold},
		"\x1b[1;38:2m":                   {attr: bold},
		"\x1b[4:3m":                      {attr: underline},
		"\x1b[4m\x1b[4:0m":               {},
		"\x1b[58:2::1:2:3;1m":            {attr: bold},
		"\x1b[1m\x1b[m":                  {},
		"\x1b[1m\x1b[0;4m":               {attr: underline},
		"\x1b[1m\x1b[;4m":                {attr: underline},
		"\x1b[21m":                       {attr: underline},
		"\x1b[1;9999;3m":                 {attr: bold | italic},
		"\x1b[1m\x1b[>4;2m\x1b[?4m":      {attr: bold},
		"\x1b[31m\x1b7\x1b[32m\x1b8":     {fg: colorPalette | 1},
		"\x1b[1m\x1b[?1049h\x1b[!p":      {},
		"\x1b[31m\x1b[?1049h\x1b[1m":     {fg: colorPalette | 1, attr: bold},
		"\x1b[31m\x1b[?1049h\x1b[?1049l": {fg: colorPalette | 1},
	} {
		screen := newVT(10, 4)
		screen.Write([]byte(in))
		if got := screen.cur.pen; got != want {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
	}
}

func TestErasingLeavesTheBackgroundOnly(t *testing.T) {
	screen := newVT(10, 4)
	screen.Write([]byte("\x1b[1;4;31;44mx\x1b[K"))
	if got, want := screen.lines()[0][5], (cell{pen: pen{bg: colorPalette | 4}}); got != want {
		t.Errorf("erased cell %+v, want %+v", got, want)
	}
}

func TestTheHistoryKeepsTheLastLines(t *testing.T) {
	screen := newVT(10, 4)
	for i := range 1000 {
		fmt.Fprintf(screen, "line %d\r\n", i)
	}
	if n := screen.history.len(); n != historyLines {
		t.Fatalf("%d lines of history, want %d", n, historyLines)
	}
	screen.back = historyLines
	if got := lineText(screen.seen(0)); got != "line 497" {
		t.Errorf("the oldest line is %q, want line 497", got)
	}
	screen.back = 2
	before := screen.text()
	if before != "line 995\nline 996\nline 997\nline 998" {
		t.Errorf("two lines back: %q", before)
	}
	fmt.Fprint(screen, "more\r\nand more\r\n")
	if after := screen.text(); after != before {
		t.Errorf("who reads the history sees it move: %q, before %q", after, before)
	}
	fmt.Fprint(screen, "\x1b[3J")
	if screen.history.len() != 0 || screen.back != 0 {
		t.Error("the history is not erased")
	}
}

func TestProgramsWithTheWholeScreenLeaveNoHistory(t *testing.T) {
	screen := newVT(10, 4)
	fmt.Fprint(screen, "\x1b[?1049h"+strings.Repeat("x\r\n", 50)+"\x1b[?1049l\x1b[2;4r\x1b[4H\n\n\n")
	if n := screen.history.len(); n != 0 {
		t.Errorf("%d lines of history, want none", n)
	}
}

func FuzzVT(f *testing.F) {
	for _, seed := range recordings(f) {
		f.Add(seed.bytes[:min(len(seed.bytes), 1000)], uint8(79), uint8(23))
		f.Add(seed.bytes[:min(len(seed.bytes), 300)], uint8(0), uint8(0))
	}
	f.Add([]byte("\x1b[?1049h漢\x1b[2;3r\x1b[?6h\x1b[9S\x1b[4h字\x1b[@\x1b[P\x1b[65535b\x1b]11;?\x07"), uint8(3), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, cols, rows uint8) {
		screen := newVT(int(cols)%100+1, int(rows)%40+1)
		cells := make([]cell, screen.cols*screen.rows)
		for len(data) > 0 {
			n := min(len(data), 300)
			screen.Write(data[:n])
			data = data[n:]
			check(t, screen)
			screen.view(cells)
		}
	})
}

// check looks for what must hold after any bytes.
func check(t *testing.T, v *vt) {
	t.Helper()
	if v.cur.x < 0 || v.cur.x >= v.cols || v.cur.y < 0 || v.cur.y >= v.rows {
		t.Fatalf("the cursor is at %d,%d of %dx%d", v.cur.x, v.cur.y, v.cols, v.rows)
	}
	if v.top < 0 || v.top > v.bot || v.bot >= v.rows {
		t.Fatalf("the region is %d to %d of %d rows", v.top, v.bot, v.rows)
	}
	if len(v.answers) > 8192 || len(v.parser.text) > maxString || len(v.parser.seq.params) > maxParams || v.history.len() > historyLines {
		t.Fatal("something has no bound")
	}
	for _, page := range v.page {
		for y, line := range page {
			if len(line) != v.cols {
				t.Fatalf("row %d has %d cells, want %d", y, len(line), v.cols)
			}
			for x, c := range line {
				if c.attr&wide != 0 && (x+1 == v.cols || line[x+1].attr&tail == 0) || c.attr&tail != 0 && (x == 0 || line[x-1].attr&wide == 0) {
					t.Fatalf("half of a wide character at %d,%d", x, y)
				}
			}
		}
	}
}
