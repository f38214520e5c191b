package codec

import (
	"fmt"
	"image"
	"testing"
	"time"
)

// pick returns a page by name; a drawn one where there are no real ones.
func pick(b *testing.B, name string) *Picture {
	for _, p := range realPages(b) {
		if p.name == name {
			return p.pic
		}
	}
	switch {
	case name[:2] == "11" || name[:2] == "12":
		return photoPage(1920, 1080, 1)
	default:
		return mixedPage(b, 1920, 1080)
	}
}

// meter adds up the processor time of the measured parts of a benchmark.
type meter struct{ sum, began time.Duration }

func (m *meter) start() { m.began = cpuTime() }
func (m *meter) stop()  { m.sum += cpuTime() - m.began }
func (m *meter) report(b *testing.B) {
	b.ReportMetric(m.sum.Seconds()*1e3/float64(b.N), "cpu-ms/op")
	b.ReportMetric(0, "ns/op") // wall time of the loop, set-up included: of no use
}

// measure reports the processor time of f. prepare, which may be nil, is not
// measured.
func measure(b *testing.B, prepare, f func()) {
	var m meter
	for b.Loop() {
		if prepare != nil {
			prepare()
		}
		m.start()
		f()
		m.stop()
	}
	m.report(b)
}

// BenchmarkScreen is whole screens, cold: encode and decode apart, for slow and
// fast lines. B is the size of the frame.
func BenchmarkScreen(b *testing.B) {
	for _, p := range pages(b) {
		for _, speed := range []float64{1e6, 1e9} {
			if len(p.pic.Pix) < 1<<18 {
				continue
			}
			name := fmt.Sprintf("%s/%.0fMBs", p.name, speed/1e6)
			e := NewEncoder()
			e.SetLine(Line{Rate: speed})
			var frame []byte
			b.Run(name+"/encode", func(b *testing.B) {
				measure(b, func() { e.Reset(p.pic.W, p.pic.H) }, func() {
					e.Update(p.pic, []image.Rectangle{p.pic.Bounds()})
					frame, _ = e.Append(frame[:0], 1<<30)
				})
				b.ReportMetric(float64(len(frame)), "B")
			})
			d := NewDecoder()
			b.Run(name+"/decode", func(b *testing.B) {
				if err := d.Reset(p.pic.W, p.pic.H); err != nil {
					b.Fatal(err)
				}
				measure(b, nil, func() {
					if _, err := d.Decode(frame); err != nil {
						b.Fatal(err)
					}
				})
			})
		}
	}
}

// steps are pairs of screens of which the second follows the first.
var steps = [][2]string{
	{"02-term-lcd-dark", "02-term-lcd-dark-scroll3"},
	{"02-term-lcd-dark", "02-term-lcd-dark-scroll21"},
	{"03-editor", "03-editor-type1"},
	{"03-editor-type1", "03-editor-newline"},
	{"03-editor", "03-editor-menu"},
	{"05-sheet", "05-sheet-scroll"},
	{"07-desk", "07-desk-drag1"},
	{"08-web-doc", "08-web-doc-scroll37"},
	{"08-web-doc", "08-web-doc-scroll301"},
	{"08-web-doc", "08-web-doc-switch"},
	{"09-web-mixed", "09-web-mixed-scroll37"},
	{"09-web-mixed", "09-web-mixed-hscroll53"},
}

// BenchmarkStep is one step of a session: update, encode and decode together.
func BenchmarkStep(b *testing.B) {
	for _, s := range steps {
		b.Run(s[1], func(b *testing.B) {
			p, q := pick(b, s[0]), pick(b, s[1])
			var l *link
			var frame []byte
			step := func(p *Picture) {
				l.enc.Update(p, []image.Rectangle{p.Bounds()})
				frame, _ = l.enc.Append(frame[:0], 1<<30)
				if _, err := l.dec.Decode(frame); err != nil {
					b.Fatal(err)
				}
			}
			measure(b, func() { l = newLink(b, p.W, p.H); step(p) }, func() { step(q) })
			b.ReportMetric(float64(len(frame)), "B")
		})
	}
}

// BenchmarkLetter is a typed letter: two cells of 8 x 16 pixels change.
func BenchmarkLetter(b *testing.B) {
	p := pick(b, "03-editor")
	q := p.clone()
	box := image.Rect(300, 400, 316, 416)
	paste(q.Sub(box), p.Sub(image.Rect(420, 300, 436, 316)), 0, 0)
	l := newLink(b, p.W, p.H)
	l.show(p, 1<<30)
	l.show(q, 1<<30)
	var frame []byte
	n, sum := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		l.enc.Update([]*Picture{p, q}[n&1], []image.Rectangle{box})
		frame, _ = l.enc.Append(frame[:0], 1<<30)
		if _, err := l.dec.Decode(frame); err != nil {
			b.Fatal(err)
		}
		sum += len(frame)
	}
	b.ReportMetric(float64(sum)/float64(n), "B")
}

// The stages of coding a screen, each on one core.

func BenchmarkUpdateEqual(b *testing.B) {
	p := pick(b, "03-editor")
	e := NewEncoder()
	e.Reset(p.W, p.H)
	all := []image.Rectangle{p.Bounds()}
	e.Update(p, all)
	measure(b, nil, func() { e.Update(p, all) })
}

func BenchmarkUpdateChanged(b *testing.B) {
	p, q := pick(b, "11-photo-macro"), pick(b, "12-photo-dunes")
	e := NewEncoder()
	e.Reset(p.W, p.H)
	all := []image.Rectangle{p.Bounds()}
	measure(b, nil, func() {
		p, q = q, p
		e.Update(p, all)
	})
}

func BenchmarkChoose(b *testing.B) {
	for _, name := range []string{"03-editor", "12-photo-dunes"} {
		b.Run(name, func(b *testing.B) {
			p := pick(b, name)
			e := NewEncoder()
			e.Reset(p.W, p.H)
			e.Update(p, []image.Rectangle{p.Bounds()})
			measure(b, nil, func() {
				for i := range e.tiles {
					e.tiles[i].known = false
				}
				e.sort()
			})
		})
	}
}

func BenchmarkWords(b *testing.B) {
	p := pick(b, "03-editor")
	var e wordCoder
	var d wordDecoder
	q := NewPicture(p.W, p.H)
	b.Run("encode", func(b *testing.B) {
		measure(b, e.reset, func() { e.encode(p, p.Bounds()) })
	})
	b.Run("decode", func(b *testing.B) {
		measure(b, d.reset, func() {
			d.ids, d.fresh, d.pal = e.ids, e.fresh, e.pal
			if err := d.decode(q, q.Bounds()); err != nil {
				b.Fatal(err)
			}
		})
	})
}

// BenchmarkPlanes is whole photographs by each of the two coders of pictures.
func BenchmarkPlanes(b *testing.B) {
	for _, name := range []string{"11-photo-macro", "12-photo-dunes"} {
		p := pick(b, name)
		for _, k := range []kind{kindBits, kindExact} {
			var work coder
			var slice []byte
			b.Run(fmt.Sprintf("%s/%d/encode", name, k), func(b *testing.B) {
				measure(b, nil, func() { slice = work.append(slice[:0], k, p, p.Bounds()) })
				b.ReportMetric(float64(len(slice)), "B")
			})
			b.Run(fmt.Sprintf("%s/%d/decode", name, k), func(b *testing.B) {
				q := NewPicture(p.W, p.H)
				measure(b, nil, func() {
					if err := work.read(slice, k, q, q, q.Bounds()); err != nil {
						b.Fatal(err)
					}
				})
			})
		}
	}
}

// BenchmarkSearch is the search for moves alone: by votes, and by the vectors of
// the frame before.
func BenchmarkSearch(b *testing.B) {
	for _, s := range steps {
		for _, how := range []string{"votes", "last"} {
			b.Run(s[1]+"/"+how, func(b *testing.B) {
				l := newLink(b, pick(b, s[0]).W, pick(b, s[0]).H)
				p, q := pick(b, s[0]), pick(b, s[1])
				prepare := func() {
					l.enc.Update(p, []image.Rectangle{p.Bounds()})
					l.enc.Append(nil, 1<<30)
					l.enc.Update(q, []image.Rectangle{q.Bounds()})
					if how == "votes" {
						l.enc.mover.last = nil
					}
				}
				measure(b, prepare, func() { l.enc.locate(); l.enc.search() })
			})
		}
	}
}

// BenchmarkFilm is a frame of 1280 x 720 with grain, to and fro: bytes, processor
// time of both ends, and the time from Update to the decoded picture.
func BenchmarkFilm(b *testing.B) {
	for _, speed := range []float64{1e6, 1e9} {
		b.Run(fmt.Sprintf("%.0fMBs", speed/1e6), func(b *testing.B) {
			l := newLink(b, 1920, 1080)
			l.enc.SetLine(Line{Rate: speed})
			screen := [2]*Picture{flatPage(1920, 1080), flatPage(1920, 1080)}
			for i, p := range screen {
				paste(p, photoPage(1280, 720, uint64(i)), 320, 180)
			}
			var frame []byte
			n, wall := 0, time.Duration(0)
			measure(b, nil, func() {
				began := time.Now()
				n++
				l.enc.Update(screen[n%2], []image.Rectangle{image.Rect(320, 180, 1600, 900)})
				frame, _ = l.enc.Append(frame[:0], 1<<30)
				if _, err := l.dec.Decode(frame); err != nil {
					b.Fatal(err)
				}
				wall += time.Since(began)
			})
			b.ReportMetric(float64(len(frame)), "B")
			b.ReportMetric(wall.Seconds()*1e3/float64(n), "wall-ms/op")
		})
	}
}
