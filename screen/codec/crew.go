package codec

import (
	"sync"
	"sync/atomic"
)

// crew shares the turns of a loop among several goroutines, none of which outlives
// the loop. It makes no garbage: what a turn needs is in the T, and f is a method.
type crew[T any] struct {
	on   *T
	f    func(on *T, worker, i int)
	n    int
	next atomic.Int64
	busy sync.WaitGroup
	hand []func() // the other goroutines' work, by worker - 1
}

func newCrew[T any](on *T, workers int) *crew[T] {
	c := &crew[T]{on: on}
	for w := 1; w < workers; w++ {
		c.hand = append(c.hand, func() {
			defer c.busy.Done()
			c.work(w)
		})
	}
	return c
}

// each calls f(on, worker, i) for each i below n, on at most the given number of
// goroutines including this one, and returns when all have.
func (c *crew[T]) each(workers, n int, f func(on *T, worker, i int)) {
	c.f, c.n = f, n
	c.next.Store(0)
	for w := 1; w < min(workers, n, len(c.hand)+1); w++ {
		c.busy.Add(1)
		go c.hand[w-1]()
	}
	c.work(0)
	c.busy.Wait()
}

// worthSharing is how many pixels have to be compared or copied for another core to
// be worth its waking: a window of 800×600 takes a fifth less time on two cores and
// half as much more of the processors', and twice the time where the other one is busy.
const worthSharing = 3 << 18

func (c *crew[T]) work(w int) {
	for i := int(c.next.Add(1)) - 1; i < c.n; i = int(c.next.Add(1)) - 1 {
		c.f(c.on, w, i)
	}
}
