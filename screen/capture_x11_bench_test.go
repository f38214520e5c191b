//go:build unix && !darwin

package screen_test

// What capture costs.

import (
	"context"
	"fmt"
	"image"
	"slices"
	"testing"
	"time"

	"rac/screen/screentest"
)

// benchLatency times from before draw to Next's return, at the pace of somebody
// who types fast, and reports the median.
func benchLatency(b *testing.B, draw func(p *screentest.Painter, i int)) {
	s := screentest.Xvfb(b, 1920, 1080)
	p, src := s.Painter(b), capture(b, s)
	next(b, src)
	var took []time.Duration
	var rects, pixels int
	for i := range b.N {
		b.StopTimer()
		time.Sleep(12 * time.Millisecond)
		b.StartTimer()
		start := time.Now()
		draw(p, i)
		f, err := src.Next(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
		for _, r := range f.Dirty {
			pixels += r.Dx() * r.Dy()
		}
		rects += len(f.Dirty)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "median-µs")
	b.ReportMetric(float64(rects)/float64(b.N), "rects/op")
	b.ReportMetric(float64(pixels)/float64(b.N), "pixels/op")
}

func BenchmarkX11SmallChange(b *testing.B) {
	benchLatency(b, func(p *screentest.Painter, i int) { p.Fill(image.Rect(500, 500, 516, 516), uint32(i)) })
}

func BenchmarkX11FullGrab(b *testing.B) {
	benchLatency(b, func(p *screentest.Painter, i int) { p.Fill(image.Rect(0, 0, 1920, 1080), uint32(i)) })
}

func BenchmarkX11HundredScattered(b *testing.B) {
	benchLatency(b, func(p *screentest.Painter, i int) {
		p.Conn.Batch(func() {
			for k := range 100 {
				x, y := k%10*190+k%7*9, k/10*100+k%5*11
				p.Fill(image.Rect(x, y, x+12, y+12), uint32(i))
			}
		})
		p.Sync() // else the first ones are a frame of their own
	})
}

// BenchmarkX11Drawing tells how fast a program draws small rectangles, alone and while its
// screen is captured.
func BenchmarkX11Drawing(b *testing.B) {
	for _, captured := range []bool{false, true} {
		b.Run(fmt.Sprintf("captured=%t", captured), func(b *testing.B) {
			s := screentest.Xvfb(b, 1920, 1080)
			p := s.Painter(b)
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan struct{})
			src := capture(b, s)
			go func() {
				defer close(ended)
				for captured && ctx.Err() == nil {
					src.Next(ctx)
				}
			}()
			if !captured {
				src.Close()
			}
			b.ResetTimer()
			for i := 0; i < b.N; i += 1000 {
				p.Conn.Batch(func() {
					for k := i; k < min(i+1000, b.N); k++ {
						p.Fill(image.Rect(k%1900, k%1000, k%1900+8, k%1000+8), uint32(k))
					}
				})
				p.Sync()
			}
			b.StopTimer()
			cancel()
			<-ended
		})
	}
}
