package window

import (
	"image"
	"math/rand/v2"
	"testing"
)

func TestWhereThePictureLies(t *testing.T) {
	hd := image.Pt(1920, 1080)
	for _, c := range []struct {
		name     string
		scale    Scale
		pic, win image.Point
		pan      image.Point
		want     image.Rectangle
	}{
		{"one to one, exactly", 1, hd, hd, image.Point{}, image.Rect(0, 0, 1920, 1080)},
		{"in the middle of a larger window", Auto, image.Pt(100, 50), image.Pt(201, 100), image.Point{}, image.Rect(50, 25, 150, 75)},
		{"auto never enlarges", Auto, image.Pt(100, 50), image.Pt(400, 400), image.Point{}, image.Rect(150, 175, 250, 225)},
		{"auto shrinks", Auto, hd, image.Pt(960, 600), image.Point{}, image.Rect(0, 30, 960, 570)},
		{"fit enlarges", Fit, image.Pt(100, 50), image.Pt(400, 400), image.Point{}, image.Rect(0, 100, 400, 300)},
		{"larger than the window", 1, hd, image.Pt(1000, 2000), image.Pt(70, 90), image.Rect(-70, 460, 1850, 1540)},
		{"panned too far", 1, hd, image.Pt(1000, 2000), image.Pt(7000, 0), image.Rect(-920, 460, 1000, 1540)},
		{"a window of one pixel", Fit, hd, image.Pt(1, 1), image.Point{}, image.Rect(0, 0, 1, 1)},
	} {
		if got := place(c.scale, c.pic, c.win, c.pan); got.dst != c.want {
			t.Errorf("%s: %v, want %v", c.name, got.dst, c.want)
		}
	}
}

func TestEveryPixelOfTheHostIsUnderItsPixelsInTheWindow(t *testing.T) {
	l := place(3, image.Pt(50, 40), image.Pt(200, 200), image.Point{})
	for y := range 40 {
		for x := range 50 {
			r := l.toWindow(image.Rect(x, y, x+1, y+1))
			for _, p := range []image.Point{r.Min, r.Max.Sub(image.Pt(1, 1))} {
				if got, inside := l.toHost(p); got != image.Pt(x, y) || !inside {
					t.Fatalf("%v of the window is %v of the host, want %d,%d", p, got, x, y)
				}
			}
		}
	}
	if p, inside := l.toHost(image.Pt(199, 10)); inside || p != image.Pt(49, 0) {
		t.Errorf("on the black bar: %v, %t", p, inside)
	}
}

func TestLayoutsOfAnySizeStayWithinTheProtocolsNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		pic := image.Pt(1+r.IntN(16384), 1+r.IntN(16384))
		win := image.Pt(1+r.IntN(8000), 1+r.IntN(8000))
		scale := []Scale{Auto, Fit, 1, 16, 0.05, 2.5}[r.IntN(6)]
		l := place(scale, pic, win, image.Pt(r.IntN(40000), r.IntN(40000)))
		v := l.visible()
		if l.dst.Dx() > maxDrawn || l.dst.Dy() > maxDrawn || v.Empty() {
			t.Fatalf("%v of %v in %v: %v", scale, pic, win, l.dst)
		}
		area := v.Dx() * v.Dy()
		for _, b := range l.bars() {
			area += b.Dx() * b.Dy()
		}
		if area != win.X*win.Y {
			t.Fatalf("%v of %v in %v: picture and bars cover %d pixels", scale, pic, win, area)
		}
		if p, _ := l.toHost(image.Pt(r.IntN(40000)-20000, r.IntN(40000)-20000)); !p.In(image.Rectangle{Max: pic}) {
			t.Fatalf("%v of %v in %v: host pixel %v", scale, pic, win, p)
		}
	}
}

func TestScales(t *testing.T) {
	for in, want := range map[string]Scale{"": Auto, "auto": Auto, "fit": Fit, "1": 1, "2": 2, "0.5": 0.5} {
		if got, err := ParseScale(in); err != nil || got != want {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"0", "-1", "NaN", "17", "big", "1x"} {
		if got, err := ParseScale(in); err == nil {
			t.Errorf("%q is %v", in, got)
		}
	}
}
