package codec

import (
	"image"
	"image/color"
	"image/draw"
	_ "image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// A page is a screen that the tests draw, or load from a folder of real ones.
type page struct {
	name string
	pic  *Picture
}

// pages returns the drawn screens and, where they stand beside the checkout, the
// real ones.
func pages(t testing.TB) []page {
	list := []page{
		{"flat", flatPage(640, 400)},
		{"bitmap-text", textPage(640, 400, basicfont.Face7x13, 13, 1)},
		{"smooth-text", textPage(801, 403, face(t, goregular.TTF, 12), 17, 2)},
		{"gradient", gradientPage(500, 333)},
		{"noise", noisePage(300, 200, 3)},
		{"photo", photoPage(641, 479, 4)},
		{"mixed", mixedPage(t, 640, 450)},
		{"tiny", noisePage(1, 1, 5)},
		{"line", gradientPage(700, 1)},
		{"column", photoPage(1, 300, 6)},
	}
	return append(list, realPages(t)...)
}

// realScreens is a folder with screens of real programs, which are not ours to
// keep in the repository.
const realScreens = "../../../shared/screens"

var loadReal = sync.OnceValues(func() ([]page, error) {
	names, err := filepath.Glob(filepath.Join(realScreens, "*.png"))
	var list []page
	for _, name := range names {
		p, err := loadPNG(name)
		if err != nil {
			return nil, err
		}
		list = append(list, page{strings.TrimSuffix(filepath.Base(name), ".png"), p})
	}
	return list, err
})

func realPages(t testing.TB) []page {
	list, err := loadReal()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func loadPNG(name string) (*Picture, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		return nil, err
	}
	return fromImage(img), nil
}

func fromImage(img image.Image) *Picture {
	b := img.Bounds()
	rgba := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(rgba, rgba.Bounds(), img, b.Min, draw.Src)
	p := NewPicture(b.Dx(), b.Dy())
	for i := range p.Pix {
		c := rgba.Pix[4*i:]
		p.Pix[i] = uint32(c[0])<<16 | uint32(c[1])<<8 | uint32(c[2])
	}
	return p
}

func face(t testing.TB, ttf []byte, size float64) font.Face {
	f, err := opentype.Parse(ttf)
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 96, Hinting: font.HintingFull})
	if err != nil {
		t.Fatal(err)
	}
	return face
}

func flatPage(w, h int) *Picture {
	p := NewPicture(w, h)
	p.fill(p.Bounds(), 0x3a6ea5)
	p.fill(image.Rect(w/4, h/4, w/2, h/2), 0xd4d0c8)
	p.fill(image.Rect(w/4, h/4, w/2, h/4+20), 0x0a246a)
	return p
}

// textPage draws lines of made-up words, the same for equal seeds.
func textPage(w, h int, f font.Face, pitch int, seed uint64) *Picture {
	return inkedPage(w, h, f, pitch, seed, color.White, color.Black, color.RGBA{0x20, 0x40, 0xc0, 255}, color.RGBA{0xa0, 0x10, 0x30, 255})
}

func inkedPage(w, h int, f font.Face, pitch int, seed uint64, paper color.Color, inks ...color.Color) *Picture {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	rnd := rand.New(rand.NewPCG(seed, 1))
	for y := pitch; y < h+pitch; y += pitch {
		d := font.Drawer{Dst: img, Src: image.NewUniform(inks[rnd.IntN(len(inks))]), Face: f, Dot: fixed.P(4+rnd.IntN(3)*16, y-4)}
		for d.Dot.X.Ceil() < w && rnd.IntN(12) > 0 {
			d.DrawString(syllables(rnd) + " ")
		}
	}
	return fromImage(img)
}

// gridPage is text of 64 letters of 8 x 18 pixels, black on white: two of them next to
// each other are hardly ever the only ones of their kind.
func gridPage(w, h int) *Picture {
	p := NewPicture(w, h)
	rnd := rand.New(rand.NewPCG(1, 1))
	var letters [64][18]uint8
	for i := range letters {
		for y := 2; y < 15; y++ {
			one, other := rnd.Uint32(), rnd.Uint32()
			letters[i][y] = uint8(one & other) // a quarter is ink
		}
	}
	for y := 0; y < h; y += len(letters[0]) {
		for x := 0; x < w; x += 8 {
			l := &letters[rnd.IntN(len(letters))]
			for i := range 8 * min(len(l), h-y) {
				if p.Row(y + i/8)[x+i%8] = 0xffffff; l[i/8]>>(i%8)&1 == 1 {
					p.Row(y + i/8)[x+i%8] = 0
				}
			}
		}
	}
	return p
}

func syllables(rnd *rand.Rand) (s string) {
	for range 1 + rnd.IntN(4) {
		s += string("bcdfghjklmnprstvwz"[rnd.IntN(18)]) + string("aeiou"[rnd.IntN(5)])
	}
	return s
}

func gradientPage(w, h int) *Picture {
	p := NewPicture(w, h)
	for i := range p.Pix {
		x, y := i%w, i/w
		p.Pix[i] = uint32(x*255/w)<<16 | uint32(y*255/h)<<8 | uint32((x+y)*255/(w+h))
	}
	return p
}

func noisePage(w, h int, seed uint64) *Picture {
	p := NewPicture(w, h)
	rnd := rand.New(rand.NewPCG(seed, 2))
	for i := range p.Pix {
		p.Pix[i] = rnd.Uint32() & 0xffffff
	}
	return p
}

// photoPage is smooth shapes with grain.
func photoPage(w, h int, seed uint64) *Picture {
	p := gradientPage(w, h)
	rnd := rand.New(rand.NewPCG(seed, 3))
	for range 20 {
		cx, cy, r, c := rnd.IntN(w), rnd.IntN(h), 10+rnd.IntN(max(w, h)/3), rnd.Uint32()
		for y := max(0, cy-r); y < min(h, cy+r); y++ {
			for x, old := range p.Row(y) {
				if (x-cx)*(x-cx)+(y-cy)*(y-cy) < r*r {
					p.Pix[y*p.Stride+x] = (old&0xfefefe)>>1 + (c&0xfefefe)>>1
				}
			}
		}
	}
	for i, c := range p.Pix {
		g := uint32(rnd.IntN(8))
		p.Pix[i] = min(c&255+g, 255) | min(c>>8&255+g, 255)<<8 | min(c>>16&255+uint32(rnd.IntN(6)), 255)<<16
	}
	return p
}

// mixedPage is a desktop: a photograph with windows of text before it.
func mixedPage(t testing.TB, w, h int) *Picture {
	p := photoPage(w, h, 9)
	paste(p, textPage(w/2, h/2, face(t, gomono.TTF, 10), 15, 10), 40, 37)
	paste(p, textPage(w/3, h/2, basicfont.Face7x13, 13, 11), w/2, h/3)
	paste(p, flatPage(w/5, h/5), 10, h-h/5-3)
	return p
}

// paste copies src to x, y of dst, cut at its edges.
func paste(dst, src *Picture, x, y int) {
	r := src.Bounds().Add(image.Pt(x, y)).Intersect(dst.Bounds())
	for yy := r.Min.Y; yy < r.Max.Y; yy++ {
		copy(dst.Row(yy)[r.Min.X:r.Max.X], src.Row(yy - y)[r.Min.X-x:])
	}
}

func (p *Picture) clone() *Picture {
	q := NewPicture(p.W, p.H)
	copyPixels(q, p, p.Bounds())
	return q
}

func samePixels(a, b *Picture) bool {
	return a.W == b.W && a.H == b.H && differing(a, b, a.Bounds()).Empty()
}
