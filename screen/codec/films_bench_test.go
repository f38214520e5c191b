package codec

import (
	"image"
	"math/rand/v2"
	"testing"
	"time"
)

// films are 1280 x 720, drawn from one photograph of twice that size; grain is other in
// each picture.
var films = []struct {
	name string
	draw func(photo *Picture, n int) *Picture // picture n
}{
	{"pan", func(p *Picture, n int) *Picture { return p.at(7*n, 3*n).grainy(n, 0x030303) }},
	{"pan-half", func(p *Picture, n int) *Picture { return p.halved(3*n, n).grainy(n, 0x010101) }},
	{"pan-fast", func(p *Picture, n int) *Picture { return p.at(31*n, 13*n).grainy(n, 0x030303) }},
	{"head", func(p *Picture, n int) *Picture { return p.head(10*(n%9)).grainy(n, 0x030303) }},
	{"still", func(p *Picture, n int) *Picture { return p.at(0, 0).grainy(n, 0x030303) }},
	{"scroll", func(p *Picture, n int) *Picture { return p.at(0, 18*n) }},
}

const (
	filmW, filmH = 1280, 720
	filmFrames   = 24 // the last two thirds of which are measured
)

// BenchmarkFilms is what films take on a line that carries so many bytes a frame, how near
// they come, and the processor time of a frame at each end.
func BenchmarkFilms(b *testing.B) {
	photo := texture(2*filmW+80, 2*filmH+40)
	for _, film := range films {
		var list []*Picture
		for n := range filmFrames {
			list = append(list, film.draw(photo, n))
		}
		for _, budget := range []int{10_000, 20_000} {
			b.Run(film.name+"/"+[]string{"10kB", "20kB"}[budget/20_000], func(b *testing.B) { playFilm(b, list, budget) })
		}
	}
}

func playFilm(b *testing.B, list []*Picture, budget int) {
	var host, viewer meter
	bytes, db, first := 0, 0.0, len(list)/3
	var frame []byte
	for b.Loop() {
		l := newLink(b, filmW, filmH)
		bytes, db = 0, 0
		for i, p := range list {
			l.enc.SetLine(Line{Rate: float64(30 * budget), Budget: budget, Most: budget, Near: image.Pt(-1, -1)})
			l.now = l.now.Add(time.Second / 30)
			began := cpuTime()
			l.enc.Update(p, []image.Rectangle{p.Bounds()})
			frame, _ = l.enc.Append(frame[:0], 1<<20)
			middle := cpuTime()
			if _, err := l.dec.Decode(frame); err != nil {
				b.Fatal(err)
			}
			if i >= first {
				host.sum, viewer.sum = host.sum+middle-began, viewer.sum+cpuTime()-middle
				bytes += len(frame)
				db += psnr(p, l.dec.Picture(), p.Bounds())
			}
		}
	}
	n := float64(len(list) - first)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(bytes)/n, "B")
	b.ReportMetric(db/n, "dB")
	b.ReportMetric(host.sum.Seconds()*1e3/n/float64(b.N), "host-ms")
	b.ReportMetric(viewer.sum.Seconds()*1e3/n/float64(b.N), "viewer-ms")
}

// texture is a photograph with waves of many lengths, the longer the higher.
func texture(w, h int) *Picture {
	p := photoPage(w, h, 1)
	rnd := rand.New(rand.NewPCG(1, 9))
	for cell := 64; cell >= 4; cell /= 2 {
		cols := w/cell + 2
		at := make([]int, cols*(h/cell+2))
		for i := range at {
			at[i] = rnd.IntN(cell)
		}
		for y := range h {
			row := p.Row(y)
			for x, c := range row {
				k, fx, fy := at[y/cell*cols+x/cell:], x%cell, y%cell
				v := (k[0]*(cell-fx)+k[1]*fx)*(cell-fy) + (k[cols]*(cell-fx)+k[cols+1]*fx)*fy
				d := uint32(v / (cell * cell))
				row[x] = min(c&255+d, 255) | min(c>>8&255+d, 255)<<8 | min(c>>16&255+d, 255)<<16
			}
		}
	}
	return p
}

// at is the part of p at x, y.
func (p *Picture) at(x, y int) *Picture {
	return p.Sub(image.Rect(x, y, x+filmW, y+filmH)).clone()
}

// halved is the part of p at x, y in half its size.
func (p *Picture) halved(x, y int) *Picture {
	q := NewPicture(filmW, filmH)
	for i := range q.H {
		a, b := p.Row(2*i + y)[x:], p.Row(2*i + y + 1)[x:]
		for j := range q.W {
			q.Row(i)[j] = mean(mean(a[2*j], a[2*j+1]), mean(b[2*j], b[2*j+1]))
		}
	}
	return q
}

// head is an oval of p that stands x further right before what does not move.
func (p *Picture) head(x int) *Picture {
	q := p.at(0, 0)
	for y := -200; y < 200; y++ {
		half := 150 - y*y*150/40000
		copy(q.Row(y + 360)[600-half+x:], p.Row(y + 800)[1600-half:1600+half])
	}
	return q
}

// grainy gives the pixels the grain of picture n.
func (p *Picture) grainy(n int, mask uint32) *Picture {
	rnd := rand.New(rand.NewPCG(uint64(n), 6))
	for i, c := range p.Pix {
		p.Pix[i] = c&^mask | rnd.Uint32()&mask
	}
	return p
}

// BenchmarkSlide is a photograph of 1920 x 1080 that comes coarsely after another one.
func BenchmarkSlide(b *testing.B) {
	before, p := pick(b, "11-photo-macro"), pick(b, "12-photo-dunes")
	e := NewEncoder()
	var frame []byte
	measure(b, func() {
		e.Reset(p.W, p.H)
		e.SetLine(Line{Rate: 1e9})
		e.Update(before, []image.Rectangle{before.Bounds()})
		e.Append(frame[:0], 1<<30)
		e.SetLine(Line{Rate: 2.5e6, Budget: 40_000, Most: 40_000, Near: image.Pt(-1, -1)})
	}, func() {
		e.Update(p, []image.Rectangle{p.Bounds()})
		frame, _ = e.Append(frame[:0], 1<<20)
	})
	b.ReportMetric(float64(len(frame)), "B")
}
