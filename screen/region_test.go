package screen

import (
	"image"
	"math/rand/v2"
	"testing"
)

func TestARegionGivesBackWhatWasAdded(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		w, h := 1+random.IntN(700), 1+random.IntN(500)
		g := newRegion(w, h)
		want := make(map[image.Point]bool)
		for range random.IntN(5) {
			x, y := random.IntN(w)-20, random.IntN(h)-20
			r := image.Rect(x, y, x+random.IntN(200), y+random.IntN(200))
			g.add(r)
			r = r.Intersect(g.bounds)
			for y := r.Min.Y; y < r.Max.Y; y++ {
				for x := r.Min.X; x < r.Max.X; x++ {
					want[image.Pt(x, y)] = true
				}
			}
		}
		got := make(map[image.Point]int)
		for _, r := range g.take(nil) {
			if !r.In(g.bounds) || r.Empty() {
				t.Fatalf("rectangle %v of a picture of %d×%d", r, w, h)
			}
			for y := r.Min.Y; y < r.Max.Y; y++ {
				for x := r.Min.X; x < r.Max.X; x++ {
					got[image.Pt(x, y)]++
				}
			}
		}
		for p := range want {
			if got[p] != 1 {
				t.Fatalf("pixel %v came %d times", p, got[p])
			}
		}
		if left := g.take(nil); len(left) > 0 {
			t.Fatalf("not empty after take: %v", left)
		}
	}
}

func TestWhatHasChangedAsAWholeComesAsOneRectangle(t *testing.T) {
	g := newRegion(1920, 1080)
	for _, r := range []image.Rectangle{g.bounds, image.Rect(64, 64, 1344, 1080)} {
		g.add(r)
		if got := g.take(nil); len(got) != 1 || got[0] != r {
			t.Errorf("%v came as %v", r, got)
		}
	}
}
