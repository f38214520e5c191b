package p2p

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/transport"
)

// slowRelay has one core's tenth: it answers at once, and takes its time for each
// handshake, also for one that nobody waits for any more.
type slowRelay struct {
	core   chan struct{} // holds a token while it is taken
	each   time.Duration
	dials  atomic.Int64
	shakes sync.WaitGroup
}

func (r *slowRelay) dial(answers bool) *attempt {
	r.dials.Add(1)
	a := newAttempt()
	if answers {
		a.answered <- transport.DialUpdate{}
	}
	r.shakes.Go(func() {
		r.core <- struct{}{}
		time.Sleep(r.each)
		<-r.core
		a.first <- nil
	})
	return a
}

// A thousand hosts lose a relay at one moment and it has time for fifty a second.
func TestAThousandHostsWaitForARelayThatIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay, began := &slowRelay{core: make(chan struct{}, 1), each: 20 * time.Millisecond}, time.Now()
		var hosts sync.WaitGroup
		for range 1000 {
			hosts.Go(func() {
				tries := newAttempts()
				for {
					start := time.Now()
					err := relay.dial(true).wait(t.Context(), attemptPause)
					if err == nil {
						return
					}
					due, _ := tries.next(start, err)
					rest(t.Context(), time.Until(due), nil)
				}
			})
		}
		hosts.Wait()
		took := time.Since(began)
		relay.shakes.Wait()
		t.Logf("%v, %d handshakes", took, relay.dials.Load())
		if took > time.Minute || relay.dials.Load() > 3000 {
			t.Errorf("all are back after %v and %d handshakes, want 20 s and some 2,000", took, relay.dials.Load())
		}
	})
}

func TestALineThatIsBackIsNoticedSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 100 {
			tries, began := newAttempts(), time.Now()
			for limit := attemptPause; ; {
				if time.Since(began) > 40*time.Second { // then it is back
					break
				}
				start := time.Now()
				err := newAttempt().wait(t.Context(), limit) // nothing comes of it
				var due time.Time
				due, limit = tries.next(start, err)
				rest(t.Context(), time.Until(due), nil)
			}
			if late := time.Since(began) - 40*time.Second; late > 1500*time.Millisecond {
				t.Errorf("an attempt begins %v after the line is back", late)
			}
		}
	})
}
