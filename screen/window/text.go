package window

// Text in our own pixels, so that a window needs nothing of the system's fonts.

import (
	"image"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"rac/screen/codec"
)

// typeface is a font at one size. It is one goroutine's at a time.
type typeface struct{ face font.Face }

// newTypeface loads the Go font. size is in pixels.
func newTypeface(bold bool, size float64) (*typeface, error) {
	ttf := goregular.TTF
	if bold {
		ttf = gobold.TTF
	}
	f, err := opentype.Parse(ttf)
	if err != nil {
		return nil, err
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return nil, err
	}
	return &typeface{face}, nil
}

// width is how far s reaches, in pixels.
func (t *typeface) width(s string) int { return font.MeasureString(t.face, s).Ceil() }

// height is the distance of two lines; ascent that from the top of a line to its
// base.
func (t *typeface) height() int { return t.face.Metrics().Height.Ceil() }
func (t *typeface) ascent() int { return t.face.Metrics().Ascent.Ceil() }

// draw writes s with its top left corner at p and returns where it ends.
func (t *typeface) draw(pic *codec.Picture, p image.Point, s string, ink uint32) int {
	dot := fixed.P(p.X, p.Y+t.ascent())
	before := rune(-1)
	for _, r := range s {
		if before >= 0 {
			dot.X += t.face.Kern(before, r)
		}
		box, mask, at, advance, ok := t.face.Glyph(dot, r)
		if ok {
			blend(pic, box, mask, at, ink)
		}
		dot.X += advance
		before = r
	}
	return dot.X.Ceil()
}

// blend lets ink through a mask, which has alpha only; at is the point of the
// mask at box.Min.
func blend(pic *codec.Picture, box image.Rectangle, mask image.Image, at image.Point, ink uint32) {
	alpha, ok := mask.(*image.Alpha)
	if !ok {
		return
	}
	in := box.Intersect(pic.Bounds())
	for y := in.Min.Y; y < in.Max.Y; y++ {
		row := pic.Row(y)[in.Min.X:in.Max.X]
		from := alpha.Pix[alpha.PixOffset(at.X+in.Min.X-box.Min.X, at.Y+y-box.Min.Y):]
		for x := range row {
			switch a := from[x]; a {
			case 0:
			case 255:
				row[x] = ink
			default:
				row[x] = mix(row[x], ink, uint32(a))
			}
		}
	}
}

// mix is a parts of ink and 255-a parts of ground.
func mix(ground, ink, a uint32) (out uint32) {
	for shift := 0; shift < 24; shift += 8 {
		g, i := ground>>shift&0xff, ink>>shift&0xff
		out |= (g*(255-a) + i*a + 127) / 255 << shift
	}
	return out
}

// fill paints a rectangle.
func fill(pic *codec.Picture, r image.Rectangle, c uint32) {
	r = r.Intersect(pic.Bounds())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := pic.Row(y)[r.Min.X:r.Max.X]
		for x := range row {
			row[x] = c
		}
	}
}

// shorten cuts s so that it is not wider than room.
func (t *typeface) shorten(s string, room int) string {
	if t.width(s) <= room {
		return s
	}
	for s != "" && t.width(s+"…") > room {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s + "…"
}

// wrap breaks s into lines that are not wider than room, at spaces where it can.
func (t *typeface) wrap(s string, room int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(s) {
		for t.width(word) > room && len(word) > 1 {
			head := fitting(t, word, room)
			if line != "" {
				lines, line = append(lines, line), ""
			}
			lines, word = append(lines, head), word[len(head):]
		}
		longer := strings.TrimLeft(line+" "+word, " ")
		if t.width(longer) > room && line != "" {
			lines, longer = append(lines, line), word
		}
		line = longer
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// fitting is the start of a word that is not wider than room, a character at least.
func fitting(t *typeface, word string, room int) string {
	end := 0
	for i, r := range word {
		if end > 0 && t.width(word[:i+utf8.RuneLen(r)]) > room {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	return word[:end]
}

// plain makes foreign text fit to be shown: names come from strangers. Control
// characters and those that turn the direction of writing or take no room could
// make one name look like another; they are dropped, and what is longer than
// most characters is cut.
func plain(s string, most int) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(s, "\ufffd") {
		if r == '\n' || r == '\t' {
			r = ' '
		}
		if !unicode.IsGraphic(r) || unicode.Is(unicode.Cf, r) {
			continue
		}
		if n++; n > most {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}
