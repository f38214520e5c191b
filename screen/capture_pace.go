package screen

// How often a Source grabs at most.

import (
	"context"
	"time"
)

const (
	// frameInterval is the time between two frames when something changes all
	// the time: more than any monitor's rate, while grabbing as often as damage
	// comes took a whole core away from the programs that draw.
	frameInterval = 8 * time.Millisecond
	// frameBurst is how many frames may come at once after a silence: programs
	// draw a typed letter, the text cursor and a status line one after the other.
	frameBurst = 5
)

const (
	// settleFrom is the damage in pixels from which on a program is likely to draw
	// more of the same picture, and a frame to cost more than the waiting.
	settleFrom = 1 << 14
	// settleQuiet is how many round trips to the server without news, some 0.1 ms
	// each, say that the program is done; settleMost bounds all of them.
	settleQuiet, settleMost = 2, 8
)

// settle waits, by asking the server, until a program that draws much has drawn
// all of it: half a picture would go on its way, and the other half would wait
// until that is encoded. progress counts what has been drawn, ask is a round trip.
func settle(progress func() int, ask func() error) error {
	seen, quiet := progress(), 0
	for n := 0; seen >= settleFrom && quiet < settleQuiet && n < settleMost; n++ {
		if err := ask(); err != nil {
			return err
		}
		quiet++
		if now := progress(); now != seen {
			seen, quiet = now, 0
		}
	}
	return nil
}

// frameBucket is a token bucket: a frame costs a token, frameInterval brings
// one, and it holds frameBurst.
type frameBucket struct {
	full time.Time // when it is, or was, full again
}

// delay is how long a frame at now must wait.
func (b *frameBucket) delay(now time.Time) time.Duration {
	return b.full.Add(-(frameBurst - 1) * frameInterval).Sub(now)
}

// spend takes a token at now.
func (b *frameBucket) spend(now time.Time) {
	if b.full.Before(now) {
		b.full = now
	}
	b.full = b.full.Add(frameInterval)
}

// wait waits for a token.
func (b *frameBucket) wait(ctx context.Context) error {
	d := b.delay(time.Now())
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
