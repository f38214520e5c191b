package codec

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// psnr returns how near b's pixels inside r are to a's, in decibels.
func psnr(a, b *Picture, r image.Rectangle) float64 {
	sum := 0.0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			for s := 0; s < 24; s += 8 {
				d := float64(int(a.Row(y)[x]>>s&255) - int(b.Row(y)[x]>>s&255))
				sum += d * d
			}
		}
	}
	return 10 * math.Log10(255*255*3*float64(area(r))/sum)
}

func TestOnASlowLineAPhotographIsCoarseFirstAndThenExact(t *testing.T) {
	p := photoPage(700, 500, 1)
	l := newLink(t, p.W, p.H)
	const budget = 20_000
	l.enc.SetLine(Line{Rate: 250e3, Budget: budget, Near: image.Pt(600, 100)})
	l.enc.Update(p, []image.Rectangle{p.Bounds()})
	n, exact := l.frame(1 << 20)
	db := psnr(p, l.dec.Picture(), p.Bounds())
	t.Logf("%d bytes, %.1f dB", n, db)
	if n > budget || exact || l.enc.Pending() || db < 30 {
		t.Fatalf("got %d bytes of %d, exact %v, pending %v, %.1f dB", n, budget, exact, l.enc.Pending(), db)
	}
	if n, _ := l.frame(1 << 20); n != 1 {
		t.Errorf("%d bytes are sent before the picture has been at rest", n)
	}
	if ripe, ok := l.enc.Coarse(); !ok || ripe != ripeTime {
		t.Errorf("coarse %v, ripe in %v", ok, ripe)
	}
	l.now = l.now.Add(ripeTime)
	l.frame(30_000)
	near := image.Rect(576, 64, 640, 128)
	if !differing(p, l.dec.Picture(), near).Empty() {
		t.Error("what is near the pointer is not the first to become exact")
	}
	l.show(p, 30_000, image.Rectangle{})
}

func TestTextIsNeverCoarse(t *testing.T) {
	p := mixedPage(t, 1000, 700)
	l := newLink(t, p.W, p.H)
	l.enc.SetLine(Line{Rate: 250e3, Budget: 1})
	l.enc.Update(p, []image.Rectangle{p.Bounds()})
	l.frame(1 << 20)
	if text := image.Rect(64, 64, 500, 380); !differing(p, l.dec.Picture(), text).Empty() {
		t.Error("text is not exact")
	}
	if _, coarse := l.enc.Coarse(); !coarse {
		t.Error("the photograph is exact: the test shows nothing")
	}
}

func TestWhatFitsTheBudgetIsExactAtOnce(t *testing.T) {
	p := photoPage(256, 256, 1)
	l := newLink(t, p.W, p.H)
	l.enc.SetLine(Line{Rate: 250e3, Budget: 400_000})
	l.enc.Update(p, []image.Rectangle{p.Bounds()})
	if _, exact := l.frame(1 << 20); !exact {
		t.Error("a small photograph is coarse")
	}
}

// A film moves, and what is coarse is dragged about: it is found again and stays
// known as coarse.
func TestWhatIsCoarseMovesByCopy(t *testing.T) {
	p := photoPage(600, 400, 3)
	l := newLink(t, p.W, p.H)
	l.enc.SetLine(Line{Rate: 250e3, Budget: 10_000})
	l.enc.Update(p, []image.Rectangle{p.Bounds()})
	l.frame(1 << 20)
	q := p.clone()
	q.move(image.Rect(0, 0, 600, 370), 0, 30)
	l.enc.Update(q, []image.Rectangle{q.Bounds()})
	if n, _ := l.frame(1 << 20); n > 1000 {
		t.Errorf("the scroll took %d bytes", n)
	}
	l.show(q, 1<<20, image.Rectangle{})
}

// New pixels come before better ones, and what has changed is not refined.
func TestChangesComeBeforeRefinement(t *testing.T) {
	p := photoPage(600, 400, 3)
	l := newLink(t, p.W, p.H)
	l.enc.SetLine(Line{Rate: 250e3, Budget: 10_000})
	l.enc.Update(p, []image.Rectangle{p.Bounds()})
	l.frame(1 << 20)
	l.now = l.now.Add(time.Second)
	q := p.clone()
	q.fill(image.Rect(0, 0, 100, 100), 0xff0000)
	l.enc.Update(q, []image.Rectangle{image.Rect(0, 0, 100, 100)})
	if n, _ := l.frame(1 << 20); n > 5000 {
		t.Errorf("the red square took %d bytes", n)
	}
	l.show(q, 1<<20, image.Rectangle{})
}

// Of text that does not fit, what is looked at goes first.
func TestTextNearThePointGoesFirst(t *testing.T) {
	p := shadedPage(1024, 768)
	for _, at := range []image.Point{{100, 700}, {500, 300}} {
		l := newLink(t, p.W, p.H)
		l.enc.SetLine(Line{Rate: 30e3, Near: at})
		l.enc.Update(p, []image.Rectangle{p.Bounds()})
		l.frame(20_000)
		if r := l.enc.grid.run(at.Y/tileSide*l.enc.grid.cols+at.X/tileSide, 1); !differing(p, l.dec.Picture(), r).Empty() {
			t.Errorf("the tile around %v has not arrived with the first frame", at)
		}
	}
}

// FuzzCoarse is FuzzRoundTrip on lines that come and go.
func FuzzCoarse(f *testing.F) {
	for seed := range uint64(6) {
		f.Add(seed, uint8(20+seed*20), uint8(100-seed*15), uint16(1000*seed))
	}
	drawn := []page{{"flat", flatPage(200, 150)}, {"gradient", gradientPage(200, 150)}, {"photo", photoPage(200, 150, 4)}, {"noise", noisePage(100, 100, 5)}}
	f.Fuzz(func(t *testing.T, seed uint64, w, h uint8, limit uint16) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		size := smallSize(w, h)
		l, screen := newLink(t, size.X, size.Y), NewPicture(size.X, size.Y)
		for range 8 {
			l.enc.SetLine(Line{Rate: []float64{1e5, 5e6}[rnd.IntN(2)], Budget: rnd.IntN(3) * rnd.IntN(2_000), Near: image.Pt(rnd.IntN(150)-1, rnd.IntN(150)-1)})
			l.enc.Update(screen, scribble(rnd, screen, drawn))
			l.now = l.now.Add(time.Duration(rnd.IntN(200)) * time.Millisecond)
			l.frame(int(limit)%10_000 + rnd.IntN(3_000))
		}
		l.show(screen, 1<<20, image.Rectangle{})
	})
}

// smallSize returns the size of a picture that fuzzing is quick with: up to two blocks of
// a WAVE side by side or one above the other, one of them cut.
func smallSize(w, h uint8) image.Point {
	const longest, most = 160, 8_000 // pixels
	size := image.Pt(1+int(w)%longest, 1+int(h)%longest)
	if size.X > size.Y {
		return image.Pt(size.X, min(size.Y, most/size.X))
	}
	return image.Pt(min(size.X, most/size.Y), size.Y)
}
