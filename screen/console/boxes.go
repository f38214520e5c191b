package console

import "math"

// This file draws the characters that must join their neighbours without a gap,
// which a font's outlines do not at this size: boxes (U+2500), blocks (U+2580),
// Braille (U+2800) and the scan lines of line drawing.

// boxArms has four digits for each character from U+2500 on, with a space
// behind: the arms to the left, right, up and down; 1 light, 2 heavy, 3 double.
const boxArms = "" +
	"1100 2200 0011 0022 1100 2200 0011 0022 1100 2200 0011 0022 0101 0201 0102 0202 " +
	"1001 2001 1002 2002 0110 0210 0120 0220 1010 2010 1020 2020 0111 0211 0121 0112 " +
	"0122 0221 0212 0222 1011 2011 1021 1012 1022 2021 2012 2022 1101 2101 1201 2201 " +
	"1102 2102 1202 2202 1110 2110 1210 2210 1120 2120 1220 2220 1111 2111 1211 2211 " +
	"1121 1112 1122 2121 1221 2112 1212 2221 2212 2122 1222 2222 1100 2200 0011 0022 " +
	"3300 0033 0301 0103 0303 3001 1003 3003 0310 0130 0330 3010 1030 3030 0311 0133 " +
	"0333 3011 1033 3033 3301 1103 3303 3310 1130 3330 3311 1133 3333 0101 1001 1010 " +
	"0110 0000 0000 0000 1000 0010 0100 0001 2000 0020 0200 0002 1200 0012 2100 0021 "

// midX is where the left half of a cell ends.
const midX = (cellW + 1) / 2

const (
	light  = 1
	heavy  = 2
	double = 3
)

// drawn returns r as we draw it, or nil where the font has it.
func drawn(r rune) mask {
	m := newMask(1)
	switch {
	case r >= 0x2500 && r < 0x2580:
		m.box(int(r - 0x2500))
	case r >= 0x2580 && r < 0x25a0:
		m.block(int(r - 0x2580))
	case r >= 0x2800 && r < 0x2900:
		m.braille(int(r - 0x2800))
	case r >= '⎺' && r <= '⎽': // scan lines 1, 3, 7 and 9 of 9
		y := [...]int{1, 4, 12, 16}[r-'⎺']
		m.fill(0, y, cellW, y+1, solid)
	default:
		return nil
	}
	return m
}

func (m mask) fill(x0, y0, x1, y1 int, l level) {
	for y := max(y0, 0); y < min(y1, cellH); y++ {
		for x := max(x0, 0); x < min(x1, cellW); x++ {
			m[y*cellW+x] = l
		}
	}
}

func (m mask) box(i int) {
	arms := [4]byte{}
	for a := range arms {
		arms[a] = boxArms[5*i+a] - '0'
	}
	switch {
	case i >= 0x6d && i <= 0x70:
		m.arc(arms)
	case i >= 0x71 && i <= 0x73:
		m.diagonals(i != 0x72, i != 0x71)
	default:
		m.arm(arms[0], arms[1], arms[2], arms[3], cellW, cellH, m.across)
		m.arm(arms[1], arms[0], arms[2], arms[3], cellW, cellH, m.acrossFromRight)
		m.arm(arms[2], arms[3], arms[0], arms[1], cellH, cellW, m.along)
		m.arm(arms[3], arms[2], arms[0], arms[1], cellH, cellW, m.alongFromBelow)
		m.dashes(i)
	}
}

// The four ways to lay a line of an arm: from the edge where the arm begins,
// length pixels long, at place side across it.
func (m mask) across(length, side int) { m.fill(0, side, length, side+1, solid) }
func (m mask) acrossFromRight(length, side int) {
	m.fill(cellW-length, side, cellW, side+1, solid)
}
func (m mask) along(length, side int) { m.fill(side, 0, side+1, length, solid) }
func (m mask) alongFromBelow(length, side int) {
	m.fill(side, cellH-length, side+1, cellH, solid)
}

// arm draws one arm of weight own from its edge to the middle of a cell that is
// long along it and broad across it. opposite, low and high are the weights of
// the other arms: low is the one towards smaller coordinates.
func (m mask) arm(own, opposite, low, high byte, long, broad int, line func(length, side int)) {
	if own == 0 {
		return
	}
	middle := (broad - 1) / 2
	reach := middleReach(long, own, opposite, low, high)
	switch own {
	case light:
		line(reach, middle)
	case heavy:
		for d := -1; d <= 1; d++ {
			line(reach, middle+d)
		}
	case double:
		line(doubleReach(long, opposite, low, high), middle-1)
		line(doubleReach(long, opposite, high, low), middle+1)
	}
}

// middleReach is how long a light or heavy arm is: over the middle of the cell,
// less where it ends at a double line, more where it must close a corner.
func middleReach(long int, own, opposite, low, high byte) int {
	reach := long/2 + 1
	switch {
	case low == double && high == double && opposite == 0:
		reach--
	case low == double || high == double || low == heavy || high == heavy || own == heavy:
		reach++
	}
	return reach
}

// doubleReach is how long one of the two lines of a double arm is; near is the
// weight of the arm on this line's side, far that of the one on the other.
func doubleReach(long int, opposite, near, far byte) int {
	reach := long/2 + 1
	switch {
	case near == double:
		return reach - 1
	case opposite != double && far == double:
		return reach + 1
	}
	return reach
}

// arc joins two light arms by a rounded corner.
func (m mask) arc(arms [4]byte) {
	cx, cy := (cellW-1)/2, (cellH-1)/2
	dx, dy := -1, -1 // where the arms go
	if arms[1] != 0 {
		dx = 1
	}
	if arms[3] != 0 {
		dy = 1
	}
	for x := cx + 3*dx; x >= 0 && x < cellW; x += dx {
		m.fill(x, cy, x+1, cy+1, solid)
	}
	for y := cy + 3*dy; y >= 0 && y < cellH; y += dy {
		m.fill(cx, y, cx+1, y+1, solid)
	}
	set := func(x, y int, l level) { m[(cy+y*dy)*cellW+cx+x*dx] = l }
	set(2, 0, twoThirds)
	set(0, 2, twoThirds)
	set(1, 1, twoThirds)
	set(1, 0, oneThird)
	set(0, 1, oneThird)
	set(2, 1, oneThird)
	set(1, 2, oneThird)
}

// diagonals draws from corner to corner; the coverage falls with the distance.
func (m mask) diagonals(rising, falling bool) {
	norm := math.Hypot(cellW, cellH)
	for y := range cellH {
		for x := range cellW {
			u, v := (float64(x)+0.5)*cellH, (float64(y)+0.5)*cellW
			d := math.Inf(1)
			if falling {
				d = math.Abs(u-v) / norm
			}
			if rising {
				d = min(d, math.Abs(cellW*cellH-u-v)/norm)
			}
			m[y*cellW+x] = quantise(1.1 - d)
		}
	}
}

// dashes cuts gaps of one or two pixels into the straight lines.
func (m mask) dashes(i int) {
	n := 0
	switch {
	case i >= 0x04 && i <= 0x07:
		n = 3
	case i >= 0x08 && i <= 0x0b:
		n = 4
	case i >= 0x4c && i <= 0x4f:
		n = 2
	}
	upright := i&2 != 0
	for k := 1; k <= n; k++ {
		if upright {
			end := k * cellH / n
			m.fill(0, end-2, cellW, end, none)
		} else {
			end := k * cellW / n
			m.fill(end-1, 0, end, cellH, none)
		}
	}
}

func (m mask) block(i int) {
	switch {
	case i == 0x00:
		m.fill(0, 0, cellW, cellH/2, solid)
	case i <= 0x08:
		m.fill(0, cellH-(i*cellH+4)/8, cellW, cellH, solid)
	case i <= 0x0f:
		m.fill(0, 0, ((16-i)*cellW+4)/8, cellH, solid)
	case i == 0x10:
		m.fill(midX, 0, cellW, cellH, solid)
	case i <= 0x13:
		m.fill(0, 0, cellW, cellH, [...]level{quarter, half, threeQuarters}[i-0x11])
	case i == 0x14:
		m.fill(0, 0, cellW, 2, solid)
	case i == 0x15:
		m.fill(cellW-1, 0, cellW, cellH, solid)
	default:
		m.quadrants(i - 0x16)
	}
}

// quadrants draws U+2596 to U+259F; the bits are upper left, upper right, lower
// left, lower right.
func (m mask) quadrants(i int) {
	bits := [...]byte{0b0010, 0b0001, 0b1000, 0b1011, 0b1001, 0b1110, 0b1101, 0b0100, 0b0110, 0b0111}[i]
	for q := range 4 {
		if bits&(8>>q) != 0 {
			x, y := q%2, q/2
			m.fill(x*midX, y*cellH/2, midX+x*(cellW-midX), (1+y)*cellH/2, solid)
		}
	}
}

// braille draws the dots; their bits go down the left column, then the right
// one, and the fourth row came later.
func (m mask) braille(bits int) {
	places := [8][2]int{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {0, 3}, {1, 3}}
	for i, at := range places {
		if bits>>i&1 != 0 {
			x, y := 2+4*at[0], 2+4*at[1]
			m.fill(x, y, x+2, y+2, solid)
		}
	}
}
