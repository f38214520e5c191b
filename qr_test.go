package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"rsc.io/qr"
)

// TestACodeInTheTerminalIsTheCode reads the half blocks back, cell by cell.
func TestACodeInTheTerminalIsTheCode(t *testing.T) {
	const text = "12D3KooWLjYCuGUPA4jt2XvHyzKCnNiwqKAzu3GzD6RE4rD2JmZk"
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := qrLines(text, false)
	if err != nil {
		t.Fatal(err)
	}
	width := code.Size + 2*qrBorder
	if len(lines) != (width+1)/2 {
		t.Fatalf("%d lines for %d rows", len(lines), width)
	}
	for i, line := range lines {
		cells := []rune(line)
		if len(cells) != width {
			t.Fatalf("line %d has %d cells, want %d", i, len(cells), width)
		}
		for x, cell := range cells {
			upper, lower := strings.ContainsRune("█▀", cell), strings.ContainsRune("█▄", cell)
			if upper == code.Black(x-qrBorder, 2*i-qrBorder) {
				t.Fatalf("row %d, column %d is %q", 2*i, x, cell)
			}
			if last := 2*i + 1; last < width && lower == code.Black(x-qrBorder, last-qrBorder) {
				t.Fatalf("row %d, column %d is %q", last, x, cell)
			}
		}
	}
}

// TestACodeIsBlackOnWhiteOnEveryTerminal: its colours are fixed, and are not left
// on behind it.
func TestACodeIsBlackOnWhiteOnEveryTerminal(t *testing.T) {
	lines, err := qrLines("otpauth://totp/rac:den?secret=ABC", true)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "\x1b[38;5;231;48;5;16m") || !strings.HasSuffix(line, "\x1b[0m") {
			t.Errorf("line %q", line)
		}
	}
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
