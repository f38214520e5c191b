package screen

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"rac/screen/codec"
)

// BenchmarkDecibels is how near the first, coarse pictures are to what was drawn, at
// the budgets that thin lines give them: photographs that fill the screen, one after
// another, and a film. Both are drawn after glassbench's recipe: hills with hard
// edges, texture in many octaves (1/f), grain. The worst picture is told, its bytes,
// and the time that it takes on the line.
func BenchmarkDecibels(b *testing.B) {
	for _, line := range []struct {
		name string
		rate float64
	}{{"wan", 2.5e6}, {"slow", 250e3}} {
		b.Run(line.name+"/slides", func(b *testing.B) {
			var slides []*codec.Picture
			for n := range uint64(3) {
				slides = append(slides, hills(1920, 1080, n))
			}
			decibels(b, line.rate, 2*time.Second, slides)
		})
		b.Run(line.name+"/video", func(b *testing.B) {
			period := time.Second / 30
			if line.rate < 1e6 {
				period = time.Second / 14 // what it carries of it
			}
			decibels(b, line.rate, period, film(1280, 720, 8))
		})
	}
}

// decibels shows pictures, the first of them before it measures.
func decibels(b *testing.B, rate float64, period time.Duration, pictures []*codec.Picture) {
	p := pace{}
	p.carried, p.busy = rate, 1
	for b.Loop() {
		e, d := codec.NewEncoder(), codec.NewDecoder()
		w, h := pictures[0].W, pictures[0].H
		e.Reset(w, h)
		if err := d.Reset(w, h); err != nil {
			b.Fatal(err)
		}
		worst, most := math.Inf(1), 0
		for i, pic := range pictures {
			e.SetLine(p.line(Auto, period, image.Pt(-1, -1)))
			e.Update(pic, []image.Rectangle{pic.Bounds()})
			bytes := 0
			for e.Pending() {
				frame, _ := e.Append(nil, p.limit(true))
				if _, err := d.Decode(frame); err != nil {
					b.Fatal(err)
				}
				bytes += len(frame)
			}
			if i > 0 {
				worst, most = min(worst, nearness(pic, d.Picture())), max(most, bytes)
			}
		}
		b.ReportMetric(worst, "dB")
		b.ReportMetric(float64(most), "B")
		b.ReportMetric(float64(most)/rate*1e3, "line-ms")
	}
	b.ReportMetric(0, "ns/op")
}

// nearness is the peak signal-to-noise ratio of two pictures of one size.
func nearness(a, b *codec.Picture) float64 {
	sum := 0.0
	for i, c := range a.Pix {
		for s := 0; s < 24; s += 8 {
			d := float64(int(c>>s&255) - int(b.Pix[i]>>s&255))
			sum += d * d
		}
	}
	return 10 * math.Log10(255*255*3*float64(len(a.Pix))/sum)
}

// noise is random heights on a grid of the given pitch, smooth between them.
func noise(w, h int, pitch float64, random *rand.Rand) []float64 {
	cols := int(float64(w)/pitch) + 2
	grid := make([]float64, cols*(int(float64(h)/pitch)+2))
	for i := range grid {
		grid[i] = random.Float64()*2 - 1
	}
	ease := func(at float64) (cell int, t float64) {
		cell = int(at)
		t = at - float64(cell)
		return cell, t * t * (3 - 2*t)
	}
	out := make([]float64, w*h)
	for y := range h {
		row, ty := ease(float64(y) / pitch)
		for x := range w {
			col, tx := ease(float64(x) / pitch)
			g := grid[row*cols+col:]
			top, low := g[0]+(g[1]-g[0])*tx, g[cols]+(g[cols+1]-g[cols])*tx
			out[y*w+x] = top + (low-top)*ty
		}
	}
	return out
}

// hills draws a photograph.
func hills(w, h int, seed uint64) *codec.Picture {
	random := rand.New(rand.NewPCG(seed, 4))
	texture, weight := make([]float64, w*h), 1.0
	for pitch := float64(w) / 4; pitch >= 2; pitch /= 2.3 {
		for i, v := range noise(w, h, pitch, random) {
			texture[i] += v * weight
		}
		weight *= 0.55
	}
	hue := noise(w, h, float64(w)/3, random)
	ridge, fine := noise(w, 4, float64(w)/7, random), noise(w, 4, float64(w)/60, random)
	var base [4][3]float64
	for i := range base {
		base[i] = [3]float64{60 + 150*random.Float64(), 60 + 150*random.Float64(), 60 + 150*random.Float64()}
	}
	p := codec.NewPicture(w, h)
	for i := range p.Pix {
		x, down, layer := i%w, float64(i/w)/float64(h), 0
		for l := 1; l < 4; l++ {
			if down > 0.24*float64(l)+0.12*ridge[l*w+x]+0.02*fine[l*w+x] {
				layer = l
			}
		}
		t := texture[i]*float64(12+14*layer) + 40*(down-0.5) + (random.Float64()-0.5)*5
		c := base[layer]
		p.Pix[i] = light(c[0]+t+18*hue[i])<<16 | light(c[1]+t)<<8 | light(c[2]+t-18*hue[i])
	}
	return p
}

func light(v float64) uint32 { return uint32(max(0, min(255, v))) }

// film is a window that wanders over a photograph, with other grain in each frame.
func film(w, h, frames int) (list []*codec.Picture) {
	base := hills(w+320, h+180, 42)
	random := rand.New(rand.NewPCG(7, 5))
	for n := range frames {
		p := codec.NewPicture(w, h)
		for y := range h {
			from := base.Row(y + 3*n)[7*n:]
			for x := range w {
				g := [3]float64{}
				for i := range g {
					g[i] = float64(random.IntN(5) - 2)
				}
				c := from[x]
				p.Row(y)[x] = light(float64(c>>16)+g[0])<<16 | light(float64(c>>8&255)+g[1])<<8 | light(float64(c&255)+g[2])
			}
		}
		list = append(list, p)
	}
	return list
}
