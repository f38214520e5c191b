package console

import (
	"fmt"
	"image"
	"math"

	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// A cell is 9x18 pixels. At this size Go Mono's stems are 1.1 pixels wide and
// its x-height is 8.0: it is crisp without hinting, which x/image has none of.
const (
	cellW    = 9
	cellH    = 18
	baseline = 14
	xHeight  = 8
)

// level is how much of a pixel a glyph covers. Letters have four of them, so
// that a tile of text in two colours has four colours in all: the codec's PACK
// takes up to four. Over the six recorded screens this costs 62 kB, 256 levels,
// which look the same, 119 kB, and two, which look jagged, 31 kB (PNG: 111, 296,
// 68). The other levels are for U+2591 to U+2593.
type level uint8

const (
	none level = iota
	oneThird
	twoThirds
	solid
	quarter
	half
	threeQuarters
	levels
)

// quantise turns coverage into a level. The thresholds are a little to the side
// of more: thin strokes on a dark ground look thinner than they are.
func quantise(coverage float64) level {
	switch {
	case coverage < 0.17:
		return none
	case coverage < 0.46:
		return oneThird
	case coverage < 0.76:
		return twoThirds
	}
	return solid
}

// mask is a glyph: cellH rows of cellW levels, or of twice as many when it is
// wide.
type mask []level

func newMask(columns int) mask { return make(mask, columns*cellW*cellH) }

// glyphKey names a glyph; only bold and italic of the attributes count.
type glyphKey struct {
	r    rune
	attr attr
}

// maxGlyphs bounds the cache (162 bytes each); a screen has 4800 cells.
const maxGlyphs = 8192

// glyphs makes masks of characters and keeps them.
type glyphs struct {
	regular, bold *outlines
	cache         map[glyphKey]mask
	raster        *vector.Rasterizer
	coverage      *image.Alpha
}

func newGlyphs() (*glyphs, error) {
	regular, err := newOutlines(gomono.TTF)
	if err != nil {
		return nil, err
	}
	bold, err := newOutlines(gomonobold.TTF)
	if err != nil {
		return nil, err
	}
	return &glyphs{
		regular:  regular,
		bold:     bold,
		cache:    map[glyphKey]mask{},
		raster:   vector.NewRasterizer(cellW, cellH),
		coverage: image.NewAlpha(image.Rect(0, 0, cellW, cellH)),
	}, nil
}

// of returns the mask of a cell's character.
func (g *glyphs) of(c *cell) mask {
	key := glyphKey{c.r, c.attr & (bold | italic | wide)}
	m, ok := g.cache[key]
	if !ok {
		if len(g.cache) >= maxGlyphs {
			clear(g.cache)
		}
		m = g.make(key)
		g.cache[key] = m
	}
	return m
}

func (g *glyphs) make(key glyphKey) mask {
	if key.attr&wide != 0 {
		return missing(key.r, 2)
	}
	if m := drawn(key.r); m != nil {
		return m
	}
	from := g.regular
	if key.attr&bold != 0 {
		from = g.bold
	}
	segments, ok := from.glyph(key.r)
	if !ok {
		segments, ok = from.glyph(alike[key.r])
	}
	if !ok {
		return missing(key.r, 1)
	}
	return g.crispest(segments, from.scale, key.attr&italic != 0)
}

// crispest draws an outline with its stems where the fewest pixels are half
// covered: it tries eight places to the left and right, within half a pixel.
func (g *glyphs) crispest(segments sfnt.Segments, scale float32, slanted bool) mask {
	best, least := float32(0), math.Inf(1)
	for i := -4; i <= 4; i++ {
		shift := float32(i) / 9
		g.draw(segments, scale, shift, slanted)
		if blur := g.blur() + math.Abs(float64(shift))*0.5; blur < least {
			best, least = shift, blur
		}
	}
	g.draw(segments, scale, best, slanted)
	m := newMask(1)
	for i, a := range g.coverage.Pix {
		m[i] = quantise(float64(a) / 255)
	}
	return m
}

// blur sums up how far the pixels are from black or white.
func (g *glyphs) blur() (sum float64) {
	for _, a := range g.coverage.Pix {
		c := float64(a) / 255
		sum += c * (1 - c)
	}
	return sum
}

func (g *glyphs) draw(segments sfnt.Segments, scale, shift float32, slanted bool) {
	clear(g.coverage.Pix)
	g.raster.Reset(cellW, cellH)
	at := func(p fixed.Point26_6) (x, y float32) {
		x, y = float32(p.X)*scale+shift, float32(p.Y)*scale
		if slanted {
			x -= (y + xHeight/2) * 0.2
		}
		return x, y + baseline
	}
	for _, s := range segments {
		x0, y0 := at(s.Args[0])
		x1, y1 := at(s.Args[1])
		x2, y2 := at(s.Args[2])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			g.raster.ClosePath()
			g.raster.MoveTo(x0, y0)
		case sfnt.SegmentOpLineTo:
			g.raster.LineTo(x0, y0)
		case sfnt.SegmentOpQuadTo:
			g.raster.QuadTo(x0, y0, x1, y1)
		case sfnt.SegmentOpCubeTo:
			g.raster.CubeTo(x0, y0, x1, y1, x2, y2)
		}
	}
	g.raster.ClosePath()
	g.raster.Draw(g.coverage, g.coverage.Bounds(), image.Opaque, image.Point{})
}

// outlines is one font.
type outlines struct {
	font  *sfnt.Font
	buf   sfnt.Buffer
	units fixed.Int26_6
	scale float32 // pixels for each of the font's units
}

func newOutlines(ttf []byte) (*outlines, error) {
	f, err := sfnt.Parse(ttf)
	if err != nil {
		return nil, fmt.Errorf("console: font: %w", err)
	}
	o := &outlines{font: f, units: fixed.Int26_6(f.UnitsPerEm())}
	m, err := f.Metrics(&o.buf, o.units, 0)
	if err != nil {
		return nil, fmt.Errorf("console: font: %w", err)
	}
	o.scale = xHeight / float32(m.XHeight)
	return o, nil
}

// glyph returns the outline of r in the font's units.
func (o *outlines) glyph(r rune) (sfnt.Segments, bool) {
	i, err := o.font.GlyphIndex(&o.buf, r)
	if r == 0 || err != nil || i == 0 {
		return nil, false
	}
	s, err := o.font.LoadGlyph(&o.buf, i, o.units, nil)
	return s, err == nil
}
