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

// storm covers the screen with pixels that no two frames have in common and that no op
// makes smaller.
func (th *theatre) storm(n int) {
	th.source.Draw(func(p *codec.Picture) []image.Rectangle {
		random := rand.New(rand.NewPCG(uint64(n), 3))
		for i := range p.Pix {
			p.Pix[i] = random.Uint32() & 0xffffff
		}
		return []image.Rectangle{p.Bounds()}
	})
}

// TestWhatMovesAllTheTimeArrivesWhole: on a line that takes two messages and 70 ms for
// each picture, newer pixels wait for the second one.
func TestWhatMovesAllTheTimeArrivesWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newTheatre(t, 480, 400, 8_000_000, 10*time.Millisecond, screen.Want{Quality: screen.Lossless})
		th.play(time.Second/2, th.storm)
		th.mu.Lock()
		before := th.whole
		th.mu.Unlock()
		th.play(time.Second/2, th.storm)
		th.mu.Lock()
		defer th.mu.Unlock()
		if whole := th.whole - before; whole < 3 {
			t.Errorf("%d whole pictures in half a second", whole)
		}
	})
}

// TestAPictureThatTakesLongGivesWayToANewerOne: on a line that is busy with each picture
// for three quarters of a second, what comes is not as old.
func TestAPictureThatTakesLongGivesWayToANewerOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newTheatre(t, 320, 200, 250_000, 10*time.Millisecond, screen.Want{Quality: screen.Lossless})
		th.play(time.Second, th.storm)
		th.watched(0)
		th.play(2*time.Second, th.storm)
		if frames, age := th.watched(1); frames == 0 || age > 400*time.Millisecond {
			t.Errorf("%d frames, the oldest of %v", frames, age)
		}
	})
}
