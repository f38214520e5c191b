package codec

import (
	"image"
	"strings"
	"testing"
	"time"
)

// What the experiment that this codec began with took for the real screens, in
// thousands of bytes: exact, and with pictures coarse at first; and for what came
// after the screens before, see sessions. 0: it has no figure.
var (
	tableScreens = map[string][2]float64{
		"01-term-bitmap": {61, 61}, "02-term-lcd-dark": {64, 64}, "03-editor": {115, 115}, "04-mousepad-dark": {34, 34},
		"05-sheet": {111, 111}, "06-files": {83, 69}, "07-desk": {200, 191}, "08-web-doc": {132, 132}, "09-web-mixed": {807, 170},
		"10-web-dark": {89, 89}, "11-photo-macro": {1191, 66}, "12-photo-dunes": {1975, 130}, "14-gradient": {160, 160},
	}
	tableSteps = map[string]float64{
		"02-term-lcd-dark-scroll3": 2.763, "02-term-lcd-dark-scroll21": 10.071, "03-editor-type1": 4.654, "03-editor-newline": 2.479,
		"05-sheet-scroll": 14.126, "07-desk-drag1": 6.936, "08-web-doc-scroll37": 7.619,
		"08-web-doc-scroll301": 51.419, "08-web-doc-switch": 103.122, "09-web-mixed-scroll37": 25.893, "09-web-mixed-hscroll53": .016,
	}
)

// fasterLine is one of 64 Mbit/s: blocks stand alone, and pictures are EXACT.
var fasterLine = Line{Rate: 8e6}

// BenchmarkTable sets the bytes of the real screens beside those of the experiment,
// for a line of which nothing is known, and so a thin one, and for one of 64 Mbit/s:
// B, want-B, and by how many percent it is more.
func BenchmarkTable(b *testing.B) {
	byName := map[string]*Picture{}
	for _, p := range realPages(b) {
		byName[p.name] = p.pic
		want, ok := tableScreens[p.name]
		if !ok {
			continue
		}
		b.Run(p.name+"/exact", func(b *testing.B) {
			compare(b, 1e3*want[0], func() int { return newLink(b, p.pic.W, p.pic.H).first(p.pic, Line{}) })
		})
		b.Run(p.name+"/exact-64", func(b *testing.B) {
			compare(b, 1e3*want[0], func() int { return newLink(b, p.pic.W, p.pic.H).first(p.pic, fasterLine) })
		})
		b.Run(p.name+"/first", func(b *testing.B) {
			compare(b, 1e3*want[1], func() int {
				return newLink(b, p.pic.W, p.pic.H).first(p.pic, Line{Budget: int(1e3 * want[1])})
			})
		})
	}
	for _, shots := range sessions {
		for n := 1; n < len(shots); n++ {
			if byName[shots[0]] == nil {
				continue
			}
			for _, line := range []Line{{}, fasterLine} {
				name := shots[n] + "/thin"
				if line.Rate > 0 {
					name = shots[n] + "/64"
				}
				b.Run(name, func(b *testing.B) {
					compare(b, 1e3*tableSteps[shots[n]], func() (bytes int) {
						l := newLink(b, 1920, 1080)
						for _, shot := range shots[:n+1] {
							bytes = l.first(byName[shot], line)
						}
						return bytes
					})
				})
			}
		}
	}
}

// sessions are shots that follow each other. Two that came before the editor's menu
// are not in the folder, so it has no figure to compare with.
var sessions = [][]string{
	{"02-term-lcd-dark", "02-term-lcd-dark-scroll3", "02-term-lcd-dark-scroll21"},
	{"03-editor", "03-editor-type1", "03-editor-newline", "03-editor-menu"},
	{"05-sheet", "05-sheet-scroll"},
	{"07-desk", "07-desk-drag1"},
	{"08-web-doc", "08-web-doc-scroll37", "08-web-doc-scroll301", "08-web-doc-switch"},
	{"09-web-mixed", "09-web-mixed-scroll37", "09-web-mixed-hscroll53"},
}

// first sends one frame with all of pic and returns its length.
func (l *link) first(pic *Picture, line Line) int {
	l.enc.SetLine(line)
	l.enc.Update(pic, []image.Rectangle{pic.Bounds()})
	n, _ := l.frame(1 << 30)
	return n
}

func compare(b *testing.B, want float64, f func() int) {
	n := 0
	for b.Loop() {
		n = f()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(n), "B")
	if want > 0 {
		b.ReportMetric(want, "want-B")
		b.ReportMetric(100*(float64(n)/want-1), "%more")
	}
}

// BenchmarkOps is the speed of each kind of op on what it is for, on one core, in
// millions of bytes of the screen (4 for a pixel) a second.
func BenchmarkOps(b *testing.B) {
	text, photo := pick(b, "03-editor"), pick(b, "12-photo-dunes")
	whole := text.Bounds()
	var work coder
	out := NewPicture(text.W, text.H)
	four := [4]uint32{0, 1, 2, 3}
	var slice []byte
	var words wordCoder
	var read wordDecoder
	coefs, alone := make([]uint64, paddedWords(whole)), make([]hint, 1000)
	for _, c := range []struct {
		name           string
		prepare        func()
		encode, decode func()
	}{
		{"COPY", nil, nil, func() { out.move(whole.Inset(40), 30, 20) }},
		{"FILL", nil, func() { fewColours(out, whole, &four) }, func() { out.fill(whole, 7) }},
		{"PACK", nil, func() { slice = appendPack(slice[:0], out, whole, 4, &four) }, func() { unpack(slice, out, whole, 4, &four) }},
		{"WORDS", words.reset, func() { words.encode(text, whole) }, func() {
			read.reset()
			read.ids, read.fresh, read.pal = words.ids, words.fresh, words.pal
			read.decode(out, whole)
		}},
		{"BITS", nil, func() { slice = work.append(slice[:0], kindBits, photo, whole) }, func() { work.read(slice, kindBits, out, out, whole) }},
		{"EXACT", nil, func() { slice = work.append(slice[:0], kindExact, photo, whole) }, func() { work.read(slice, kindExact, out, out, whole) }},
		{"FIT", nil, func() { slice = work.append(slice[:0], kindFit, photo, whole) }, func() { work.read(slice, kindFit, out, out, whole) }},
		{"WAVE", nil, func() {
			work.wave.transform(coefs, photo, nil, nil, whole, alone)
			slice = work.wave.append(slice[:0], coefs, whole, alone, fair)
		}, func() { work.read(slice, kindWave, out, out, whole) }},
	} {
		if c.encode != nil {
			b.Run(c.name+"/encode", func(b *testing.B) { speed(b, c.prepare, c.encode, 4*area(whole)) })
		}
		b.Run(c.name+"/decode", func(b *testing.B) { speed(b, nil, c.decode, 4*area(whole)) })
	}
}

// speed reports n bytes for each turn of f by processor time.
func speed(b *testing.B, prepare, f func(), n int) {
	var m meter
	turns := 0
	for b.Loop() {
		if prepare != nil {
			prepare()
		}
		m.start()
		f()
		m.stop()
		turns++
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(n)*float64(turns)/1e6/max(m.sum, time.Microsecond).Seconds(), "MB/s")
	b.ReportMetric(m.sum.Seconds()*1e3/float64(turns), "cpu-ms/op")
}

// A coarse picture is as good as the experiment's was at that size: decibels less
// what another rounding may cost.
func TestCoarsePicturesAreGoodForTheirBytes(t *testing.T) {
	for _, p := range append(realPages(t), page{"film", photoPage(1280, 720, 1)}) {
		for _, c := range []struct {
			name  string
			bytes int
			want  float64
		}{
			{"11-photo", 48_500, 40}, {"11-photo", 78_500, 42.3}, {"12-photo", 102_500, 35.2}, {"12-photo", 183_000, 37.8}, {"film", 60_000, 36},
		} {
			if !strings.HasPrefix(p.name, c.name) {
				continue
			}
			var w wave
			out, mine := NewPicture(p.pic.W, p.pic.H), NewPicture(p.pic.W, p.pic.H)
			r := waveRun{box: p.pic.Bounds(), hints: make([]hint, 1000)}
			for q := 0; q == 0 || len(r.slice) > c.bytes; q++ {
				r.transform(&w, p.pic, nil, nil)
				r.code(&w, q)
			}
			w.rebuild(mine, nil, r.coefs, r.box, r.hints)
			if err := w.read(r.slice, nil, out, out.Bounds()); err != nil {
				t.Fatal(err)
			}
			if !samePixels(out, mine) {
				t.Errorf("%s: the encoder takes the viewer to see something else", p.name)
			}
			if db := psnr(p.pic, out, out.Bounds()); db < c.want {
				t.Errorf("%s: %.1f dB in %d bytes, want %.1f in %d", p.name, db, len(r.slice), c.want, c.bytes)
			} else {
				t.Logf("%s: %.2f dB in %d of %d bytes", p.name, db, len(r.slice), c.bytes)
			}
		}
	}
}
