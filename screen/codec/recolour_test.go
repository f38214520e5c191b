package codec

import (
	"image"
	"testing"

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

func TestASelectionTakesAListOfColours(t *testing.T) {
	text := textPage(1000, 600, face(t, goregular.TTF, 15), 18, 1)
	lines := image.Rect(20, 110, 900, 182)
	dark := text.clone()
	reverse(dark, lines)
	l := newLink(t, text.W, text.H)
	l.show(text, 1<<30)
	if n := l.show(dark, 1<<30); n > 2500 {
		t.Errorf("four selected lines take %d bytes", n)
	} else {
		t.Logf("%d bytes", n)
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
