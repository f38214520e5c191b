package p2p

// How goroutines wait, and are woken.

import (
	"context"
	"time"
)

// offer puts a token into a channel that holds one, unless it has it.
func offer(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// rest waits for d, a token in wake, or the end of ctx.
func rest(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-wake:
	case <-ctx.Done():
	}
}
