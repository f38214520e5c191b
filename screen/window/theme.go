package window

// How our dialogs look: colours, letters, boxes.

import (
	"image"
	"image/draw"

	"golang.org/x/image/vector"

	"rac/screen/codec"
)

// The colours, 0x00RRGGBB.
const (
	paper     = 0xf7f9fb
	white     = 0xffffff
	inkDark   = 0x1b2733
	inkGrey   = 0x5b6b7a
	inkPale   = 0xa3afba
	lineGrey  = 0xc3ccd4
	accent    = 0x1f6fb2
	good      = 0x1e7f45
	warnInk   = 0x7a4b00
	warnPaper = 0xfff3d6
	warnLine  = 0xf0b429
	bad       = 0xb3261e
	night     = 0x20303f
)

// theme is the letters at one scale. It is one goroutine's at a time.
type theme struct {
	scale                     float64
	normal, strong, big, note *typeface
}

func newTheme(scale float64) (*theme, error) {
	t := &theme{scale: scale}
	for _, f := range []struct {
		to   **typeface
		bold bool
		size float64
	}{{&t.normal, false, 14}, {&t.strong, true, 14}, {&t.big, true, 19}, {&t.note, false, 12.5}} {
		face, err := newTypeface(f.bold, f.size*scale)
		if err != nil {
			return nil, err
		}
		*f.to = face
	}
	return t, nil
}

// px is n pixels at this scale.
func (t *theme) px(n int) int { return int(float64(n)*t.scale + 0.5) }

// box paints a rectangle with round corners: an edge of one pixel's width and
// what it encloses.
func (t *theme) box(pic *codec.Picture, r image.Rectangle, radius int, ground, edge uint32) {
	w := t.px(1)
	t.round(pic, r, radius, edge)
	if ground != edge {
		t.round(pic, r.Inset(w), max(radius-w, 0), ground)
	}
}

// round fills a rectangle with round corners.
func (t *theme) round(pic *codec.Picture, r image.Rectangle, radius int, c uint32) {
	size, k := r.Size(), float32(radius)
	w, h := float32(size.X), float32(size.Y)
	shape(pic, r, c, func(v *vector.Rasterizer) {
		v.MoveTo(k, 0)
		v.LineTo(w-k, 0)
		v.QuadTo(w, 0, w, k)
		v.LineTo(w, h-k)
		v.QuadTo(w, h, w-k, h)
		v.LineTo(k, h)
		v.QuadTo(0, h, 0, h-k)
		v.LineTo(0, k)
		v.QuadTo(0, 0, k, 0)
	})
}

// tick draws a check mark into a square.
func (t *theme) tick(pic *codec.Picture, r image.Rectangle, c uint32) {
	s := float32(r.Dx())
	shape(pic, r, c, func(v *vector.Rasterizer) {
		for i, p := range [][2]float32{{.18, .52}, {.28, .42}, {.43, .57}, {.74, .24}, {.84, .34}, {.43, .77}} {
			if i == 0 {
				v.MoveTo(p[0]*s, p[1]*s)
			} else {
				v.LineTo(p[0]*s, p[1]*s)
			}
		}
	})
}

// shape fills a path, whose coordinates begin at r.Min.
func shape(pic *codec.Picture, r image.Rectangle, c uint32, path func(*vector.Rasterizer)) {
	if r.Empty() {
		return
	}
	v := vector.NewRasterizer(r.Dx(), r.Dy())
	v.DrawOp = draw.Src
	path(v)
	v.ClosePath()
	mask := image.NewAlpha(image.Rectangle{Max: r.Size()})
	v.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	blend(pic, r, mask, image.Point{}, c)
}

// button is a place to click on.
type button struct {
	text    string
	primary bool // filled with the accent
	dim     bool // does not work at present
	focus   bool
}

// buttonSize is the room that a button takes.
func (t *theme) buttonSize(b button) image.Point {
	return image.Pt(max(t.strong.width(b.text)+t.px(36), t.px(96)), t.px(34))
}

func (t *theme) button(pic *codec.Picture, r image.Rectangle, b button) {
	ground, edge, ink := uint32(white), uint32(lineGrey), uint32(inkDark)
	switch {
	case b.dim:
		ground, ink = paper, inkPale
	case b.primary:
		ground, edge, ink = accent, accent, white
	}
	if b.focus {
		t.round(pic, r.Inset(-t.px(3)), t.px(8), mix(paper, accent, 90))
	}
	t.box(pic, r, t.px(5), ground, edge)
	at := r.Min.Add(r.Size().Sub(image.Pt(t.strong.width(b.text), t.strong.height())).Div(2))
	t.strong.draw(pic, at, b.text, ink)
}

// lines writes a paragraph and returns where it ends.
func (t *theme) lines(pic *codec.Picture, face *typeface, at image.Point, room int, text string, ink uint32) int {
	for _, l := range face.wrap(text, room) {
		face.draw(pic, at, l, ink)
		at.Y += face.height()
	}
	return at.Y
}

// warning writes a paragraph into a box that is hard to overlook, and returns
// where that ends.
func (t *theme) warning(pic *codec.Picture, at image.Point, width int, text string) int {
	pad := t.px(10)
	room := width - 3*pad
	r := image.Rectangle{Min: at, Max: at.Add(image.Pt(width, len(t.normal.wrap(text, room))*t.normal.height()+2*pad))}
	t.round(pic, r, t.px(4), warnPaper)
	fill(pic, image.Rect(r.Min.X, r.Min.Y, r.Min.X+t.px(4), r.Max.Y), warnLine)
	t.lines(pic, t.normal, r.Min.Add(image.Pt(2*pad, pad)), room, text, warnInk)
	return r.Max.Y
}
