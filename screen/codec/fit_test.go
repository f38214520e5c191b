package codec

import (
	"image"
	"math/rand/v2"
	"testing"
)

// grainyGradient is a picture whose three colours have the same grain, as most cameras'.
func grainyGradient(w, h int) *Picture {
	p := gradientPage(w, h)
	rnd := rand.New(rand.NewPCG(2, 6))
	for i, c := range p.Pix {
		p.Pix[i] = c>>1&0x7f7f7f + 0x010101*uint32(rnd.IntN(8))
	}
	return p
}

// On a thin line pictures take less than as EXACT, and no more where FIT does not fit.
func TestPicturesTakeFewerBytesOnAThinLine(t *testing.T) {
	for _, c := range []struct {
		name string
		pic  *Picture
		most int // percent of EXACT's bytes
	}{
		{"photo", photoPage(640, 128, 1), 88},
		{"grain", grainyGradient(640, 128), 75},
		{"gradient", gradientPage(640, 128), 10},
		{"noise", noisePage(640, 128, 1), 100},
	} {
		as := func(k kind) int {
			l := newLink(t, c.pic.W, c.pic.H)
			l.enc.picture = k
			l.enc.Update(c.pic, []image.Rectangle{c.pic.Bounds()})
			l.force(kindExact)
			n, _ := l.frame(1 << 30)
			if !samePixels(c.pic, l.dec.Picture()) {
				t.Fatalf("%s is not shown as it is", c.name)
			}
			return n
		}
		exact, fit := as(kindExact), as(kindFit)
		if 100*fit > c.most*exact {
			t.Errorf("%s takes %d bytes and %d as EXACT, want at most %d %%", c.name, fit, exact, c.most)
		}
	}
}

// Slivers have no pixels to fit weights to.
func TestFitsOfAnySizeAreExact(t *testing.T) {
	for w := 1; w < 9; w++ {
		for h := 1; h < 6; h++ {
			for _, p := range []*Picture{noisePage(w, h, 1), grainyGradient(w, h), NewPicture(w, h)} {
				var c coder
				out := NewPicture(w, h)
				if err := c.read(c.append(nil, kindFit, p, p.Bounds()), kindFit, out, out, image.Rect(0, 0, w, h)); err != nil || !samePixels(p, out) {
					t.Fatalf("%d x %d pixels are not read as they were written: %v", w, h, err)
				}
			}
		}
	}
}

// What is new waits for the ends and for the line; what becomes exact, for the slower of them.
func TestFitIsTriedWhereItPays(t *testing.T) {
	for _, c := range []struct {
		name string
		pic  *Picture
		rate float64
		ripe int // tiles that become exact
		want kind
	}{
		{"new photo, 1 Mbit/s", grainyGradient(640, 128), 125e3, 0, kindFit},
		{"new photo, 20 Mbit/s", grainyGradient(640, 128), 2.5e6, 0, kindExact},
		{"photo at rest, 20 Mbit/s", grainyGradient(640, 128), 2.5e6, 20, kindFit},
		{"plain picture at rest, 20 Mbit/s", NewPicture(640, 128), 2.5e6, 20, kindExact},
	} {
		e := NewEncoder()
		e.Reset(c.pic.W, c.pic.H)
		e.SetLine(Line{Rate: c.rate})
		e.Update(c.pic, []image.Rectangle{c.pic.Bounds()})
		e.ripe = make([]int, c.ripe)
		e.chunk.runs = []run{{kind: kindExact, box: c.pic.Bounds()}}
		if e.slice(0, 0); e.chunk.runs[0].kind != c.want {
			t.Errorf("%s: said by %d, want %d", c.name, e.chunk.runs[0].kind, c.want)
		}
	}
}
