package screen

import (
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
