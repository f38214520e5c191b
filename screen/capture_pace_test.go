package screen

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestAFloodOfFramesIsHeldBackAndAFewAreNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b frameBucket
		frames := func(n int) time.Duration {
			start := time.Now()
			for range n {
				if err := b.wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				b.spend(time.Now())
			}
			return time.Since(start)
		}
		if d := frames(frameBurst); d != 0 {
			t.Errorf("the first %d frames waited %v", frameBurst, d)
		}
		if d := frames(100); d != 100*frameInterval {
			t.Errorf("100 more waited %v", d)
		}
		time.Sleep(time.Second)
		if d := frames(frameBurst); d != 0 {
			t.Errorf("after a silence, %d frames waited %v", frameBurst, d)
		}
	})
}

// drawing is a program that draws a part of the picture at each of the first
// round trips to the server.
type drawing struct {
	parts []int // pixels
	drawn int
	asked int
}

func (d *drawing) pixels() int { return d.drawn }

func (d *drawing) round() error {
	d.asked++
	if len(d.parts) > 0 {
		d.drawn, d.parts = d.drawn+d.parts[0], d.parts[1:]
	}
	return nil
}

func TestAProgramMayFinishAPictureAndALetterGoesAtOnce(t *testing.T) {
	endless := slices.Repeat([]int{9000}, 100)
	for _, c := range []struct {
		name     string
		d        drawing
		asked    int
		unfinish int // parts that are left for the next frame
	}{
		{"a letter", drawing{drawn: 200, parts: []int{200}}, 0, 1},
		{"a page in one go", drawing{drawn: 1 << 20}, settleQuiet, 0},
		{"a page in three goes", drawing{drawn: 1 << 20, parts: []int{5, 0, 500}}, 3 + settleQuiet, 0},
		{"a film without an end", drawing{drawn: 1 << 20, parts: endless}, settleMost, 100 - settleMost},
	} {
		if err := settle(c.d.pixels, c.d.round); err != nil {
			t.Fatal(err)
		}
		if c.d.asked != c.asked || len(c.d.parts) != c.unfinish {
			t.Errorf("%s: %d round trips and %d parts left, want %d and %d", c.name, c.d.asked, len(c.d.parts), c.asked, c.unfinish)
		}
	}
}
