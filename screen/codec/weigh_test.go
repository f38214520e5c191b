package codec

import (
	"image"
	"reflect"
	"slices"
	"testing"

	"golang.org/x/image/font/gofont/goregular"
)

// letters shows a page of smooth text and returns one that has a few letters more.
func letters(t testing.TB, l *link) *Picture {
	smooth := face(t, goregular.TTF, 15)
	page := textPage(640, 480, smooth, 18, 1)
	l.show(page, 1<<30)
	typed := page.clone()
	paste(typed, textPage(60, 18, smooth, 18, 2), 300, 144)
	paste(typed, photoPage(24, 24, 3), 500, 300)
	return typed
}

// What a trial has told the rings, the chains and the shades is forgotten.
func TestATrialLeavesNothing(t *testing.T) {
	l := newLink(t, 640, 480)
	typed := letters(t, l)
	e := l.enc
	e.packer.index(len(e.packer.b))
	clone := func(e *Encoder) []any {
		w, c, p, m := e.words.words, e.words.colours, &e.packer, &e.other
		return []any{slices.Clone(w.at), slices.Clone(w.head), slices.Clone(w.link), slices.Clone(w.hash), w.next, w.fill,
			slices.Clone(c.at), slices.Clone(c.slot), c.next, c.fill,
			slices.Clone(p.b), slices.Clone(p.head), slices.Clone(p.chain), p.next,
			slices.Clone(m.from), slices.Clone(m.to), m.slot}
	}
	before := clone(e)
	e.Update(typed, []image.Rectangle{typed.Bounds()})
	e.locate()
	e.sort()
	e.gather()
	for _, k := range []kind{kindWords, kindRecolour, kindExact} {
		for _, i := range e.few {
			e.say(i, k)
		}
		if e.cost(e.few) == 0 {
			t.Errorf("kind %d takes nothing", k)
		}
	}
	for i, v := range clone(e) {
		if !reflect.DeepEqual(before[i], v) {
			t.Errorf("part %d of the encoder has changed", i)
		}
	}
}

func TestFewTilesTakeNoMoreBytesThanInTheFirstWay(t *testing.T) {
	var bytes [2]int
	for i, rate := range []float64{slowLine - 1, slowLine} {
		l := newLink(t, 640, 480)
		l.enc.SetLine(Line{Rate: rate})
		bytes[i] = l.show(letters(t, l), 1<<30)
	}
	if bytes[0] > bytes[1] {
		t.Errorf("%d bytes on a slow line, %d on another", bytes[0], bytes[1])
	}
	t.Logf("%d bytes on a slow line, %d on another", bytes[0], bytes[1])
}

// BenchmarkWeigh is what the choice among several ways takes.
func BenchmarkWeigh(b *testing.B) {
	for _, s := range [][2]string{{"03-editor", "03-editor-type1"}, {"03-editor-type1", "03-editor-newline"}} {
		b.Run(s[1], func(b *testing.B) {
			l := newLink(b, 1920, 1080)
			l.first(pick(b, s[0]), Line{})
			l.enc.Update(pick(b, s[1]), []image.Rectangle{pick(b, s[1]).Bounds()})
			l.enc.locate()
			l.enc.search()
			l.enc.sort()
			text, pics := slices.Clone(l.enc.text), slices.Clone(l.enc.pics)
			tiles := slices.Clone(l.enc.tiles)
			b.ReportAllocs()
			measure(b, nil, func() {
				l.enc.text, l.enc.pics = append(l.enc.text[:0], text...), append(l.enc.pics[:0], pics...)
				copy(l.enc.tiles, tiles)
				l.enc.weigh(1 << 20)
			})
			b.ReportMetric(float64(len(l.enc.few)), "tiles")
		})
	}
}
