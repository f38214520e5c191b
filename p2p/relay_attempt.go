package p2p

// When a relay that was not reached is tried again, and for how long.

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/libp2p/go-libp2p/core/transport"
)

// attempts says when to try again. An attempt that began before the line came back may
// wait long until its packets are repeated; a fresh one gets through at once. So in the
// first minute they come each second or so. A relay that answers but is too busy is left
// alone, twice as long each time.
type attempts struct {
	began time.Time
	busy  int // attempts that a busy relay has not got round to
}

const (
	attemptFast  = time.Minute
	attemptPause = time.Second
	attemptSlow  = 10 * time.Second // later on
	attemptBusy  = 32 * time.Second // at most
)

var errBusy = errors.New("the relay is there, and too busy")

func newAttempts() *attempts { return &attempts{began: time.Now()} }

// next returns when to try again, and for how long to wait for an answer then, after
// an attempt that began at that time and ended so. Not all hosts of a relay come at
// the same moment.
func (a *attempts) next(began time.Time, err error) (due time.Time, limit time.Duration) {
	if errors.Is(err, errBusy) {
		a.busy++
		return time.Now().Add(about(min(attemptPause<<min(a.busy, 8), attemptBusy))), attemptPause
	}
	limit = about(attemptPause)
	if time.Since(a.began) >= attemptFast {
		limit = about(attemptSlow)
	}
	return began.Add(limit), limit
}

// about returns d, half of it more or less.
func about(d time.Duration) time.Duration { return d/2 + rand.N(d) }

// attempt is one to reach a relay.
type attempt struct {
	first    chan error                // takes how it went
	answered chan transport.DialUpdate // is told when TCP has a connection
}

func newAttempt() *attempt {
	return &attempt{make(chan error, 1), make(chan transport.DialUpdate, 1)}
}

// wait returns how it went, after limit at the latest; where TCP has been answered,
// after relayTimeout: the line is there and the relay is busy, perhaps with all its
// hosts since it was restarted, and whoever begins anew makes it busier.
func (a *attempt) wait(ctx context.Context, limit time.Duration) error {
	late := time.NewTimer(limit)
	defer late.Stop()
	reason := context.DeadlineExceeded
	for {
		select {
		case err := <-a.first:
			return err
		case <-a.answered:
			late.Reset(relayTimeout)
			reason = errBusy
		case <-late.C:
			return reason
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
