package console

import (
	"sync"
	"time"
)

// How a held key repeats: what X servers and consoles do.
const (
	repeatDelay = 500 * time.Millisecond
	repeatEvery = time.Second / 30
)

// repeater does again what the key that is held does.
type repeater struct {
	next chan func() // what to repeat from now on; nil: nothing
	quit chan struct{}
	wg   sync.WaitGroup
	once sync.Once
}

func newRepeater() *repeater {
	r := &repeater{next: make(chan func()), quit: make(chan struct{})}
	r.wg.Go(r.run)
	return r
}

// hold starts the delay for act in place of whatever was repeated; release ends
// it. When either has returned, the old act is not called any more.
func (r *repeater) hold(act func()) {
	select {
	case r.next <- act:
	case <-r.quit:
	}
}

func (r *repeater) release() { r.hold(nil) }

func (r *repeater) run() {
	timer := time.NewTimer(repeatDelay)
	defer timer.Stop()
	timer.Stop()
	var act func()
	for {
		select {
		case act = <-r.next:
			timer.Stop()
			if act != nil {
				timer.Reset(repeatDelay)
			}
		case <-timer.C:
			act()
			timer.Reset(repeatEvery)
		case <-r.quit:
			return
		}
	}
}

func (r *repeater) close() {
	r.once.Do(func() { close(r.quit) })
	r.wg.Wait()
}
