package screen

import (
	"image"
	"math/rand/v2"
	"testing"
)

// covered tells which of a 100×100 picture's pixels list has, in units of 10.
func covered(list []image.Rectangle, p image.Point) bool {
	for _, r := range list {
		if p.In(r) {
			return true
		}
	}
	return false
}

func TestDamageCoversAllThatWasDrawn(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for round := range 200 {
		var d damageSet
		var drawn []image.Rectangle
		for i := range 1 + rnd.IntN(400) {
			x, y := rnd.IntN(1900), rnd.IntN(1000)
			r := image.Rect(x, y, x+rnd.IntN(40), y+rnd.IntN(40))
			if first := d.add(r); first != (len(drawn) == 0 && !r.Empty()) {
				t.Fatalf("round %d: rectangle %d: first is %t", round, i, first)
			}
			if !r.Empty() {
				drawn = append(drawn, r)
			}
		}
		list, since := d.take()
		if len(list) > maxDamage || since.IsZero() == (len(drawn) > 0) {
			t.Fatalf("%d rectangles since %v", len(list), since)
		}
		for _, r := range drawn {
			for _, p := range []image.Point{r.Min, {r.Max.X - 1, r.Min.Y}, {r.Min.X, r.Max.Y - 1}, r.Max.Sub(image.Pt(1, 1))} {
				if !covered(list, p) {
					t.Fatalf("round %d: %v of %v is in none of %v", round, p, r, list)
				}
			}
		}
		if rest, _ := d.take(); len(rest) != 0 {
			t.Fatal("take left something")
		}
	}
}

func TestFarApartCornersStayApart(t *testing.T) {
	var d damageSet
	for i := range 1000 { // a terminal scrolls in one corner, a clock ticks in the other
		d.add(image.Rect(i%80*8, i/80*16, i%80*8+8, i/80*16+16))
		d.add(image.Rect(1800, 1000, 1801+i%60, 1012))
	}
	list, _ := d.take()
	sum := 0
	for _, r := range list {
		sum += area(r)
	}
	if sum > 640*13*16+60*12+20000 || len(list) > maxDamage {
		t.Errorf("%d pixels in %v", sum, list)
	}
}

func TestNeighboursBecomeOne(t *testing.T) {
	var d damageSet
	for i := range 20 {
		d.add(image.Rect(100+8*i, 50, 108+8*i, 66))
	}
	if list, _ := d.take(); len(list) != 1 || list[0] != image.Rect(100, 50, 260, 66) {
		t.Errorf("a line of text is %v", list)
	}
}

func BenchmarkDamageScattered(b *testing.B) {
	var d damageSet
	for i := range b.N {
		x, y := i*7919%1900, i*104729%1000
		d.add(image.Rect(x, y, x+12, y+12))
		if i%1000 == 999 {
			d.take()
		}
	}
}
