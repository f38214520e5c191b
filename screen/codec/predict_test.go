package codec

import (
	"image"
	"math/rand/v2"
	"testing"
	"time"
)

// grainyPan is a window that wanders by dx, dy over a photograph, with other grain in
// each picture.
func grainyPan(w, h, n, dx, dy int) (list []*Picture) {
	base := photoPage(w+n*dx, h+n*dy, 1)
	rnd := rand.New(rand.NewPCG(1, 6))
	for i := range n {
		p := NewPicture(w, h)
		paste(p, base.Sub(image.Rect(i*dx, i*dy, i*dx+w, i*dy+h)), 0, 0)
		for j, c := range p.Pix {
			p.Pix[j] = c&0xfcfcfc | rnd.Uint32()&0x030303
		}
		list = append(list, p)
	}
	return list
}

// film sends pictures over a line with the budget and returns the bytes and decibels of
// the last half.
func (l *link) film(list []*Picture, budget int) (bytes int, db float64) {
	for i, p := range list {
		l.enc.SetLine(Line{Rate: 250e3, Budget: budget, Most: budget, Near: image.Pt(-1, -1)})
		l.enc.Update(p, []image.Rectangle{p.Bounds()})
		l.now = l.now.Add(time.Second / 30)
		n, _ := l.frame(1 << 20)
		if i >= len(list)/2 {
			bytes += n
			db += psnr(p, l.dec.Picture(), p.Bounds()) / float64(len(list)-len(list)/2)
		}
	}
	return bytes / (len(list) - len(list)/2), db
}

// What the encoder takes the viewer to show is what it shows, pixel for pixel, after
// each frame (link.check), and a film takes a fraction of its pictures one by one.
func TestAFilmIsSaidByWhatMoves(t *testing.T) {
	for _, c := range []struct {
		name   string
		dx, dy int
		bytes  int     // what it takes a frame, where it may take 4000
		better float64 // decibels than of its last picture alone in so many bytes
	}{
		{"pan", 7, 3, 2956, 1.2},
		{"still", 0, 0, 1983, 3},
	} {
		pan := grainyPan(640, 384, 12, c.dx, c.dy)
		l := newLink(t, 640, 384)
		n, db := l.film(pan, 4000)
		alone := newLink(t, 640, 384)
		m, one := alone.film(pan[11:], n)
		t.Logf("%s: %d bytes a frame, %.2f dB; alone %d bytes, %.2f dB", c.name, n, db, m, one)
		if within(t, c.name, n, c.bytes); db < one+c.better {
			t.Errorf("%s: %d bytes a frame, %.2f dB; a picture alone has %.2f dB in %d bytes", c.name, n, db, one, m)
		}
		l.show(pan[11], 1<<20, image.Rectangle{})
	}
}

// A vector may point anywhere: beyond its edge a picture goes on as it is there.
func TestVectorsMayPointOutside(t *testing.T) {
	old, next := photoPage(70, 50, 1), NewPicture(70, 50)
	var w wave
	at := func(x, y int) uint32 { return old.Row(max(0, min(y, old.H-1)))[max(0, min(x, old.W-1))] }
	for _, v := range []image.Point{{0, 0}, {8, -6}, {-139, 3}, {1 << 15, -1 << 15}, {-1 << 15, 1 << 15}, {7, 99}} {
		r := image.Rect(3, 2, 67, 50)
		next.shift(old, r, v, &w.rows)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				ox, oy := x+v.X>>1, y+v.Y>>1
				want := at(ox, oy)
				if v.X&1 != 0 {
					want = mean(want, at(ox+1, oy))
				}
				if v.Y&1 != 0 {
					below := at(ox, oy+1)
					if v.X&1 != 0 {
						below = mean(below, at(ox+1, oy+1))
					}
					want = mean(want, below)
				}
				if got := next.Row(y)[x]; got != want {
					t.Fatalf("vector %v: pixel %d, %d is %06x, want %06x", v, x, y, got, want)
				}
			}
		}
	}
}

// FuzzFilm shows pictures that move and have grain, over lines that come and go: the
// encoder always knows what the viewer shows. They are small, so that there are many.
func FuzzFilm(f *testing.F) {
	for seed := range uint64(6) {
		f.Add(seed, uint8(100+seed*10), uint8(140-seed*20), uint16(500*seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, w, h uint8, limit uint16) {
		const way = 20 // pixels
		size := smallSize(w, h)
		rnd := rand.New(rand.NewPCG(seed, 8))
		l, base := newLink(t, size.X, size.Y), photoPage(size.X+way, size.Y+way, seed)
		screen, at := NewPicture(size.X, size.Y), image.Pt(way/2, way/2)
		for range 5 {
			at = at.Add(image.Pt(rnd.IntN(9)-4, rnd.IntN(9)-4))
			at = image.Pt(max(0, min(at.X, way)), max(0, min(at.Y, way)))
			paste(screen, base.Sub(image.Rectangle{at, at.Add(size)}), 0, 0)
			if grain := rnd.Uint32() & 0x030303; rnd.IntN(3) > 0 {
				for i := range screen.Pix {
					screen.Pix[i] ^= rnd.Uint32() & grain
				}
			}
			if rnd.IntN(4) == 0 {
				scribble(rnd, screen, []page{{"flat", flatPage(80, 60)}})
			}
			l.enc.SetLine(Line{Rate: fitLine, Budget: rnd.IntN(4) * rnd.IntN(1_000), Near: image.Pt(-1, -1)})
			l.enc.Update(screen, []image.Rectangle{screen.Bounds()})
			l.now = l.now.Add(time.Duration(rnd.IntN(100)) * time.Millisecond)
			l.frame(int(limit)%5_000 + rnd.IntN(3_000))
		}
		l.show(screen, 1<<20, image.Rectangle{})
	})
}
