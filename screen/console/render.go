package console

import (
	"image"

	"rac/screen/codec"
)

// What view adds to the attributes of the cell that the cursor stands on.
const (
	cursorBlock attr = 1 << (12 + iota)
	cursorLine
	cursorBar
)

// renderer draws cells into a picture and remembers what it has drawn, so that
// it draws only what is new. The hot loop to keep efficient is paint's.
type renderer struct {
	cols, rows int
	glyphs     *glyphs
	pic        *codec.Picture
	shown      []cell // what the picture shows; nil before the first time
	inks       map[[2]uint32]*[levels]uint32
}

func newRenderer(cols, rows int) (*renderer, error) {
	g, err := newGlyphs()
	if err != nil {
		return nil, err
	}
	return &renderer{
		cols:   cols,
		rows:   rows,
		glyphs: g,
		pic:    codec.NewPicture(cols*cellW, rows*cellH),
		inks:   map[[2]uint32]*[levels]uint32{},
	}, nil
}

// render brings the picture up to cells and returns where it has changed: for
// each row one rectangle, those of equal width joined. It keeps a copy of cells.
func (r *renderer) render(cells []cell) []image.Rectangle {
	first := r.shown == nil
	if first {
		r.shown = make([]cell, len(cells))
	}
	var dirty []image.Rectangle
	for y := range r.rows {
		row := cells[y*r.cols:][:r.cols]
		from, to := r.row(y, row, r.shown[y*r.cols:][:r.cols], first)
		if from < to {
			dirty = join(dirty, image.Rect(from*cellW, y*cellH, to*cellW, (y+1)*cellH))
		}
	}
	copy(r.shown, cells)
	return dirty
}

// join adds box, to the last one where it goes on below it.
func join(dirty []image.Rectangle, box image.Rectangle) []image.Rectangle {
	if n := len(dirty) - 1; n >= 0 {
		last := &dirty[n]
		if last.Min.X == box.Min.X && last.Max.X == box.Max.X && last.Max.Y == box.Min.Y {
			last.Max.Y = box.Max.Y
			return dirty
		}
	}
	return append(dirty, box)
}

// row draws the cells that differ and returns the columns [from, to) they are
// in.
func (r *renderer) row(y int, now, shown []cell, all bool) (from, to int) {
	from = len(now)
	for x := 0; x < len(now); {
		n := 1
		if now[x].attr&wide != 0 && x+1 < len(now) {
			n = 2
		}
		if all || now[x] != shown[x] || n == 2 && now[x+1] != shown[x+1] {
			r.paint(x, y, n, &now[x])
			from, to = min(from, x), x+n
		}
		x += n
	}
	return from, to
}

// paint draws a cell of n columns.
func (r *renderer) paint(x, y, n int, c *cell) {
	ink := r.ink(c)
	w := n * cellW
	at := y*cellH*r.pic.Stride + x*cellW
	if c.r == 0 || c.r == ' ' {
		for range cellH {
			line := r.pic.Pix[at:][:w]
			for i := range line {
				line[i] = ink[none]
			}
			at += r.pic.Stride
		}
	} else {
		m := r.glyphs.of(c)
		for range cellH {
			line := r.pic.Pix[at:][:w]
			row := m[:w]
			for i := range line {
				line[i] = ink[row[i]]
			}
			m = m[w:]
			at += r.pic.Stride
		}
	}
	if c.attr&(underline|strike|cursorLine|cursorBar) != 0 {
		r.lines(x, y, w, c, ink)
	}
}

// ink returns the colours of a cell by level.
func (r *renderer) ink(c *cell) *[levels]uint32 {
	fg, bg := c.colors()
	if c.attr&cursorBlock != 0 {
		fg, bg = background, foreground
	}
	ink, ok := r.inks[[2]uint32{fg, bg}]
	if !ok {
		if len(r.inks) > 4096 {
			clear(r.inks)
		}
		ink = &[levels]uint32{
			none: bg, solid: fg,
			oneThird: mix(bg, fg, 2, 5), twoThirds: mix(bg, fg, 7, 10), // by eye: text on dark needs more than its share
			quarter: mix(bg, fg, 1, 4), half: mix(bg, fg, 1, 2), threeQuarters: mix(bg, fg, 3, 4),
		}
		r.inks[[2]uint32{fg, bg}] = ink
	}
	return ink
}

// lines draws what goes through or under a character.
func (r *renderer) lines(x, y, w int, c *cell, ink *[levels]uint32) {
	fill := func(x0, y0, x1, y1 int, pixel uint32) {
		for py := y0; py < y1; py++ {
			line := r.pic.Row(y*cellH + py)[x*cellW:]
			for px := x0; px < x1; px++ {
				line[px] = pixel
			}
		}
	}
	if c.attr&underline != 0 {
		fill(0, baseline+2, w, baseline+3, ink[solid])
	}
	if c.attr&strike != 0 {
		fill(0, baseline-5, w, baseline-4, ink[solid])
	}
	if c.attr&cursorLine != 0 {
		fill(0, cellH-2, w, cellH, foreground)
	}
	if c.attr&cursorBar != 0 {
		fill(0, 0, 2, cellH, foreground)
	}
}
