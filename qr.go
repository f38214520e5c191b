package main

import (
	"fmt"
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
	cell := drawnCell
	if color {
		cell = paintedCell
	}
	var lines []string
	for y := -qrBorder; y < code.Size+qrBorder; y += 2 {
		var b strings.Builder
		for x := -qrBorder; x < code.Size+qrBorder; x++ {
			b.WriteString(cell(code.Black(x, y), code.Black(x, y+1))) // outside it is white
		}
		if color {
			b.WriteString("\x1b[0m")
		}
		lines = append(lines, b.String())
	}
	return lines, nil
}

// drawnCell is a cell whose white halves are drawn.
func drawnCell(upperBlack, lowerBlack bool) string {
	switch {
	case upperBlack && lowerBlack:
		return " "
	case upperBlack:
		return "▄"
	case lowerBlack:
		return "▀"
	}
	return "█"
}

// paintedCell is a cell in colours 16 and 231 of 256, which no theme changes. Only
// a cell of two colours has a glyph in it, the lower half: in many fonts a full
// block leaves lines between the cells, and the upper half one above it. With "▀" a
// reader found no code in xterm with DejaVu, with "▄" it did.
func paintedCell(upperBlack, lowerBlack bool) string {
	colour := map[bool]int{true: 16, false: 231}
	if upperBlack == lowerBlack {
		return fmt.Sprintf("\x1b[48;5;%dm ", colour[lowerBlack])
	}
	return fmt.Sprintf("\x1b[38;5;%d;48;5;%dm▄", colour[lowerBlack], colour[upperBlack])
}

// printQR prints text as a QR code on stdout.
func (p *program) printQR(text string) error {
	out, ok := p.stdout.(*results)
	lines, err := qrLines(text, ok && colours(out.to, p.getenv))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, strings.Join(lines, "\n"))
	return err
}
