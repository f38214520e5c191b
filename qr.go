package main

import (
	"fmt"
	"os"
	"strings"

	"rsc.io/qr"
)

// qrBorder is the quiet zone, the white border that a reader needs around a code (ISO/IEC 18004
// section 9.1).
const qrBorder = 4

// qrLines returns text as a QR code, two of its rows in a line of half blocks.
//
// With color white is white and black is black, whatever the terminal's own
// colours are. Without, white is drawn in the colour of the text and black is left
// out: right on a dark terminal, a negative on a light one, which most readers
// take, too.
func qrLines(text string, color bool) ([]string, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return nil, fmt.Errorf("no QR code: %w", err)
	}
	var lines []string
	for y := -qrBorder; y < code.Size+qrBorder; y += 2 {
		var b strings.Builder
		for x := -qrBorder; x < code.Size+qrBorder; x++ {
			// The size is odd: the last line has no lower half, and nothing is drawn there.
			below := y+1 >= code.Size+qrBorder || code.Black(x, y+1)
			b.WriteString(halfBlock(!code.Black(x, y), !below))
		}
		lines = append(lines, b.String())
	}
	if color {
		paint(lines)
	}
	return lines, nil
}

// halfBlock is a cell whose upper and lower half are drawn or not.
func halfBlock(upper, lower bool) string {
	switch {
	case upper && lower:
		return "█"
	case upper:
		return "▀"
	case lower:
		return "▄"
	}
	return " "
}

// paint makes the drawn parts white and the others black: colours 231 and 16 of
// 256, which no theme changes.
func paint(lines []string) {
	for i := range lines {
		lines[i] = "\x1b[38;5;231;48;5;16m" + lines[i] + "\x1b[0m"
	}
}

// printQR prints text as a QR code on stdout.
func (p *program) printQR(text string) error {
	out, ok := p.stdout.(*os.File)
	lines, err := qrLines(text, ok && colours(out, p.getenv))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, strings.Join(lines, "\n"))
	return err
}
