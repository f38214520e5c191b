package codec

import (
	"image"
	"slices"
	"testing"
	"time"

	"golang.org/x/image/font/gofont/gomono"
)

// BenchmarkMotion is a frame of what moves sixty times a second: a page of text by
// one to three lines, and a window over a photograph. It reports how long
// Update and Append take.
func BenchmarkMotion(b *testing.B) {
	b.Run("scroll", func(b *testing.B) {
		page := textPage(1600, 18*700, face(b, gomono.TTF, 14), 18, 7)
		screen, at := flatPage(1920, 1080), 0
		motion(b, screen, image.Rect(160, 90, 1760, 990), func(n int) {
			if at += 18 * (1 + n*7%3); at+900 > page.H {
				at = 0
			}
			paste(screen, page.Sub(image.Rect(0, at, 1600, at+900)), 160, 90)
		})
	})
	b.Run("scroll-4K", func(b *testing.B) {
		page := gridPage(3840, 18*480)
		screen, at := NewPicture(3840, 2160), 0
		motion(b, screen, screen.Bounds(), func(n int) {
			if at += 18 * (1 + n*7%3); at+2160 > page.H {
				at = 0
			}
			paste(screen, page.Sub(image.Rect(0, at, 3840, at+2160)), 0, 0)
		})
	})
	b.Run("drag", func(b *testing.B) {
		desk, window := photoPage(1920, 1080, 1), mixedPage(b, 800, 600)
		screen, at := desk.clone(), image.Pt(300, 200)
		motion(b, screen, screen.Bounds(), func(n int) {
			paste(screen, desk.Sub(image.Rectangle{at, at.Add(image.Pt(800, 600))}), at.X, at.Y)
			at = image.Pt(300+n*7%500, 100+n*3%300)
			paste(screen, window, at.X, at.Y)
		})
	})
}

func motion(b *testing.B, screen *Picture, dirty image.Rectangle, step func(n int)) {
	e := NewEncoder()
	e.Reset(screen.W, screen.H)
	e.SetLine(Line{Rate: 1e9})
	var frame []byte
	var update, appended []time.Duration
	for n := 0; b.Loop(); n++ {
		step(n)
		began := time.Now()
		e.Update(screen, []image.Rectangle{dirty})
		middle := time.Now()
		frame, _ = e.Append(frame[:0], 1<<30)
		update, appended = append(update, middle.Sub(began)), append(appended, time.Since(middle))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(fast(update), "update-ms")
	b.ReportMetric(fast(appended), "append-ms")
}

// fast is the first decile in milliseconds: other work on the machine only adds.
func fast(list []time.Duration) float64 {
	slices.Sort(list)
	return list[len(list)/10].Seconds() * 1e3
}
