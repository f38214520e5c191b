package main

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"rsc.io/qr"
)

// TestACodeInTheTerminalIsTheCode reads the cells back, in both ways of showing them.
func TestACodeInTheTerminalIsTheCode(t *testing.T) {
	const text = "12D3KooWLjYCuGUPA4jt2XvHyzKCnNiwqKAzu3GzD6RE4rD2JmZk"
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	width := code.Size + 2*qrBorder
	for _, color := range []bool{false, true} {
		lines, err := qrLines(text, color)
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) != (width+1)/2 {
			t.Fatalf("%d lines for %d rows", len(lines), width)
		}
		for i, line := range lines {
			cells := drawn(line)
			if color {
				cells = painted(t, line)
			}
			if len(cells) != width {
				t.Fatalf("line %d has %d cells, want %d", i, len(cells), width)
			}
			for x, black := range cells {
				for half := range 2 {
					if y := 2*i + half; black[half] != code.Black(x-qrBorder, y-qrBorder) {
						t.Fatalf("color %t: row %d, column %d is black: %t", color, y, x, black[half])
					}
				}
			}
		}
	}
}

// drawn tells which halves of the cells are black where white is what is drawn.
func drawn(line string) (cells [][2]bool) {
	for _, r := range line {
		cells = append(cells, [2]bool{!strings.ContainsRune("█▀", r), !strings.ContainsRune("█▄", r)})
	}
	return cells
}

// painted does so for cells with colours, which must not be left on behind them.
func painted(t *testing.T, line string) (cells [][2]bool) {
	t.Helper()
	rest, ok := strings.CutSuffix(line, "\x1b[0m")
	if !ok {
		t.Fatalf("%q leaves its colours on", line)
	}
	cell := regexp.MustCompile(`\x1b\[(?:38;5;(16|231);)?48;5;(16|231)m([ ▄])`)
	for _, m := range cell.FindAllStringSubmatch(rest, -1) {
		upper := m[2] == "16"
		lower := m[3] == "▄" && m[1] == "16" || m[3] == " " && upper
		cells = append(cells, [2]bool{upper, lower})
	}
	return cells
}

// TestASecondFactorsCodeFitsAScreen of 80 columns and 24 lines, for a host's name
// of a usual length.
func TestASecondFactorsCodeFitsAScreen(t *testing.T) {
	uri := "otpauth://totp/rac:" + strings.Repeat("n", 30) + "?issuer=rac&secret=" + strings.Repeat("A", 32)
	lines, err := qrLines(uri, false)
	if err != nil {
		t.Fatal(err)
	}
	if w := utf8.RuneCountInString(lines[0]); len(lines) > 24 || w > 80 {
		t.Errorf("%d lines of %d columns", len(lines), w)
	}
}

func TestATextTooLongForACodeIsAnError(t *testing.T) {
	if _, err := qrLines(strings.Repeat("x", 3000), false); err == nil {
		t.Error("no error")
	}
}
