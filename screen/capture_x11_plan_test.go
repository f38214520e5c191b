//go:build unix && !darwin

package screen

import (
	"image"
	"slices"
	"testing"
)

func TestWhatIsGrabbedForDamage(t *testing.T) {
	bounds := image.Rect(0, 0, 1000, 500)
	for _, c := range []struct {
		name        string
		rects, want []image.Rectangle
	}{
		{"as it is", []image.Rectangle{{image.Pt(10, 10), image.Pt(20, 20)}}, []image.Rectangle{{image.Pt(10, 10), image.Pt(20, 20)}}},
		{"clipped", []image.Rectangle{image.Rect(-5, -5, 5, 5), image.Rect(990, 490, 1010, 510)}, []image.Rectangle{image.Rect(0, 0, 5, 5), image.Rect(990, 490, 1000, 500)}},
		{"outside", []image.Rectangle{image.Rect(1000, 0, 1200, 100)}, nil},
		{"whole rows", []image.Rectangle{image.Rect(50, 10, 950, 20)}, []image.Rectangle{image.Rect(0, 10, 1000, 20)}},
		{"nearly all", []image.Rectangle{image.Rect(0, 0, 700, 300), image.Rect(300, 200, 1000, 500)}, []image.Rectangle{bounds}},
	} {
		if got := planGrab(c.rects, bounds); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestScaleIsReadFromTheResources(t *testing.T) {
	for text, want := range map[string]float64{
		"": 1, "Xft.dpi:\t192\n": 2, "Xcursor.size:\t24\nXft.dpi: 144\nXft.hinting: 1\n": 1.5, "Xft.dpi: 1e9\n": 1, "Xft.dpi: NaN\n": 1,
	} {
		if got := parseScale(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestXwaylandIsKnownByItsOutputs(t *testing.T) {
	if !isXwayland("XWAYLAND0") || isXwayland("eDP-1") || isXwayland("screen") {
		t.Error("outputs are taken for what they are not")
	}
}
