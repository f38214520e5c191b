package codec

import (
	"image"
	"image/color"
	"testing"

	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/font/gofont/goregular"
)

// reverse makes p's pixels inside r what they are where text is selected: white for
// black, blue for white.
func reverse(p *Picture, r image.Rectangle) {
	blend := func(v, paper uint32) uint32 { return (v*paper + (255-v)*255 + 127) / 255 }
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := p.Row(y)[r.Min.X:r.Max.X]
		for x, c := range row {
			row[x] = blend(c>>16, 0x35)<<16 | blend(c>>8&0xff, 0x84)<<8 | blend(c&0xff, 0xe4)
		}
	}
}

// Smooth text is drawn anew in the selection's ink, so that shades of the old ink do
// not tell those of the new one in full. Lines of WORDS would take 13 kB.
func TestASelectionTakesAListOfColours(t *testing.T) {
	smooth, selected := face(t, goregular.TTF, 15), color.RGBA{0x35, 0x84, 0xe4, 255}
	lines := image.Rect(20, 110, 900, 182)
	for _, ink := range []color.RGBA{{0, 0, 0, 255}, {0x2e, 0x34, 0x36, 255}, {0x77, 0x77, 0x77, 255}, {0x20, 0x40, 0xc0, 255}} {
		text := inkedPage(1000, 600, smooth, 18, 1, color.White, ink)
		dark := text.clone()
		paste(dark.Sub(lines), inkedPage(1000, 600, smooth, 18, 1, selected, color.White).Sub(lines), 0, 0)
		l := newLink(t, text.W, text.H)
		l.show(text, 1<<30)
		n := l.show(dark, 1<<30)
		if n > 3000 {
			t.Errorf("four selected lines of %v take %d bytes", ink, n)
		}
		t.Logf("%v: %d bytes, taken back %d", ink, n, l.show(text, 1<<30))
	}
}

// A selection that grows line by line does not tell its colours again.
func TestAGrowingSelectionKeepsItsColours(t *testing.T) {
	text := textPage(1000, 600, basicfont.Face7x13, 16, 1)
	l := newLink(t, text.W, text.H)
	l.show(text, 1<<30)
	for y := 32; y < 400; y += 16 {
		reverse(text, image.Rect(20, y, 900, y+16))
		if n := l.show(text, 1<<30); y > 300 && n > 60 {
			t.Errorf("one more line takes %d bytes", n)
		}
	}
}

// What the viewer has coarsely has no colours that could be told.
func TestWhatIsCoarseIsNotRecoloured(t *testing.T) {
	photo := gradientPage(512, 384)
	dark := photo.clone()
	reverse(dark, dark.Bounds())
	l := newLink(t, photo.W, photo.H)
	l.first(photo, Line{Rate: 1, Budget: 500})
	l.first(dark, Line{Rate: 1, Budget: 500})
	l.show(dark, 1<<30)
}
