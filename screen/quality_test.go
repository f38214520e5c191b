package screen_test

import (
	"image"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"rac/screen"
	"rac/screen/codec"
)

// film covers the screen with smooth hills and grain that are others with each n.
func (th *theatre) film(n int) {
	th.source.Draw(func(p *codec.Picture) []image.Rectangle {
		random := rand.New(rand.NewPCG(uint64(n), 2))
		for y := range p.H {
			row := p.Row(y)
			for x := range row {
				v := uint32((x+5*n)*(y+3*n)>>7)&0x7f + random.Uint32N(16) + 0x20
				row[x] = v<<16 | v<<8 | v
			}
		}
		return []image.Rectangle{p.Bounds()}
	})
}

func (th *theatre) exact() bool {
	f, _ := th.seen.Last()
	return equals(th.source.Picture())(f)
}

func TestAFilmOnAThinLineIsCoarseWhileItPlaysAndExactAtRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newTheatre(t, 320, 192, 250_000, 80*time.Millisecond, screen.Want{})
		th.play(time.Second, th.film)
		th.watched(0)
		th.play(3*time.Second, th.film)
		frames, age := th.watched(0.5)
		if frames < 3*12 || age > 200*time.Millisecond {
			t.Errorf("%d frames in 3 s, half of them older than %v", frames, age)
		}
		if th.exact() {
			t.Error("a line of 2 Mbit/s carried it exactly: this test tests nothing")
		}
		time.Sleep(2 * time.Second)
		if !th.exact() {
			t.Error("it has not become exact")
		}
	})
}

// TestHowPicturesAreSaidFollowsTheLine: the same picture takes the fewest bytes where the
// answers tell of a thin line, and the least time of the processors where they tell of a
// fast one.
func TestHowPicturesAreSaidFollowsTheLine(t *testing.T) {
	var took []int
	for _, rate := range []int64{500_000, 5_000_000, 50_000_000} {
		synctest.Test(t, func(t *testing.T) {
			th := newTheatre(t, 640, 384, rate, 20*time.Millisecond, screen.Want{Quality: screen.Lossless})
			bytes := 0
			for n := range 4 { // the line is known when the last one comes
				th.film(n)
				th.source.Draw(func(p *codec.Picture) []image.Rectangle {
					for i, c := range p.Pix { // grain whose colour FIT can know
						p.Pix[i] = c&0xff0000 | c>>1&0x7f00 | c>>1&0x3f
					}
					return []image.Rectangle{p.Bounds()}
				})
				before := th.bytes()
				time.Sleep(5 * time.Second)
				bytes = th.bytes() - before
			}
			if !th.exact() {
				t.Errorf("at %d bytes/s it has not become exact", rate)
			}
			took = append(took, bytes)
		})
	}
	if 10*took[0] > 9*took[1] || 10*took[1] > 9*took[2] {
		t.Errorf("the picture took %d bytes", took)
	}
}

func TestLosslessShowsNoPixelThatWasNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newTheatre(t, 320, 192, 250_000, 80*time.Millisecond, screen.Want{Quality: screen.Lossless})
		time.Sleep(time.Second)
		th.film(1)
		for range 200 {
			time.Sleep(10 * time.Millisecond)
			f, _ := th.seen.Last()
			for i, v := range th.source.Picture().Pix {
				if got := f.Picture.Pix[i]; got != 0 && got != v {
					t.Fatalf("pixel %d is %06x, was drawn as %06x", i, got, v)
				}
			}
		}
		if !th.exact() {
			t.Error("it has not come whole")
		}
	})
}

func TestLowLeavesPicturesCoarseAsLongAsAnythingMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newTheatre(t, 320, 192, 250_000, 80*time.Millisecond, screen.Want{Quality: screen.Low})
		time.Sleep(time.Second)
		th.film(1)
		for n := range 30 {
			th.source.Fill(image.Rect(8, 8, 10, 24), uint32(n&1)*0xffffff) // a text cursor
			time.Sleep(100 * time.Millisecond)
			if th.exact() {
				t.Fatal("exact while something moves")
			}
		}
		time.Sleep(3 * time.Second)
		if !th.exact() {
			t.Error("not exact at rest")
		}
	})
}
