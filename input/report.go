package input

// How the host of a chain tells its viewer what was put in.

import (
	"sync"
	"time"

	"rac/p2p/wire"
)

// reporter writes msgTaken beside the goroutine that injects: a slow injection
// must not look like a dead line.
type reporter struct {
	s     wire.Stream
	began time.Time
	wake  chan struct{} // holds one: there is more to tell
	stop  chan struct{}
	once  sync.Once
	wg    sync.WaitGroup

	mu            sync.Mutex
	taken, missed uint64
}

func newReporter(s wire.Stream) *reporter {
	return &reporter{s: s, began: time.Now().Round(0), wake: make(chan struct{}, 1), stop: make(chan struct{})}
}

// clock is the stream's age by the clock on the wall: the one that timers go by
// stands still while the computer sleeps, and what was typed before it fell asleep
// is old when it wakes. Who sets the clock ends a stream at worst; its Feed goes
// on by another.
func (r *reporter) clock() time.Duration { return max(time.Now().Round(0).Sub(r.began), 0) }

// gather is for how long a report waits for more to tell: it is not to be on the
// line ahead of the picture that an event has changed, nor as often as a pointer moves.
const gather = 20 * time.Millisecond

// start answers msgBegin, and goes on until end.
func (r *reporter) start(c *chain) {
	r.taken, r.missed = c.taken, c.missed
	r.wg.Go(r.run)
}

// took notes what has become of the chain's events.
func (r *reporter) took(c *chain) {
	r.mu.Lock()
	r.taken, r.missed = c.taken, c.missed
	r.mu.Unlock()
	offer(r.wake)
}

func (r *reporter) run() {
	w := wire.NewWriter(r.s, maxBody)
	var told uint64
	for more := true; more; more = r.await() {
		r.mu.Lock()
		t := taken{r.taken, r.clock(), r.missed}
		r.mu.Unlock()
		if t.missed != told && w.Append(msgMissed, func(b []byte) []byte { return appendMissed(b, t.missed) }) != nil {
			return
		}
		told = t.missed
		if w.Append(msgTaken, func(b []byte) []byte { return appendTaken(b, t) }) != nil {
			return // the reader of this stream notices, too
		}
	}
}

// await returns when it is time for a report; false: nothing is left to tell.
func (r *reporter) await() (more bool) {
	select {
	case <-r.wake:
	case <-time.After(reportEvery - gather):
		return true
	case <-r.stop:
		select {
		case <-r.wake:
			return true
		default:
			return false
		}
	}
	select {
	case <-time.After(gather):
	case <-r.stop:
	}
	return true
}

// end returns when nothing more will be written. A viewer that does not read
// must not hold us: its stream is given the time of a last word.
func (r *reporter) end() {
	r.once.Do(func() {
		r.s.SetDeadline(time.Now().Add(lastWord))
		close(r.stop)
	})
	r.wg.Wait()
}

// offer puts a token into a channel that holds one, unless it has it.
func offer(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
