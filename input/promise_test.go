package input_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rac/input"
	"rac/input/inputtest"
	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// The promise of a Feed, in all weathers: each key is put in once, before it is 5 s
// old, or its viewer is told that it was not.

// gate is one direction of a line.
type gate struct {
	mu   sync.Mutex
	open chan struct{} // closed while the line runs
}

func newGate() *gate { g := &gate{open: make(chan struct{})}; close(g.open); return g }

func (g *gate) stop() (mend func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	open := make(chan struct{})
	g.open = open
	return func() { close(open) }
}

func (g *gate) state() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

// route is a way to the host; each of its streams takes 40 ms in each direction.
type route struct{ there, back *gate }

func newRoute() *route { return &route{newGate(), newGate()} }

// cable is the host's end of a stream on a route.
type cable struct {
	wire.Stream
	*route
	once   sync.Once
	closed chan struct{}
}

func (c *cable) Read(p []byte) (int, error) {
	n, err := c.Stream.Read(p)
	return n, c.pass(c.there, err)
}

func (c *cable) Write(p []byte) (int, error) {
	if err := c.pass(c.back, nil); err != nil {
		return 0, err
	}
	return c.Stream.Write(p)
}

func (c *cable) pass(g *gate, err error) error {
	time.Sleep(40 * time.Millisecond)
	select {
	case <-g.state():
		return err
	case <-c.closed:
		return errors.New("closed")
	}
}

func (c *cable) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Stream.Close()
}

// SetDeadline: what is stuck in a dead line ends with it.
func (c *cable) SetDeadline(at time.Time) error {
	time.AfterFunc(time.Until(at), func() { c.once.Do(func() { close(c.closed) }) })
	return c.Stream.SetDeadline(at)
}

// typing is a person with many keys, each of which is struck once.
type typing struct {
	*testing.T
	feed   *input.Feed
	host   *input.Shared
	events chan input.Event

	life  context.Context
	leave context.CancelFunc // the route
	mu    sync.Mutex
	route *route
	typed []time.Time
	put   map[int]int
	told  int
}

func (y *typing) Hook(ev input.Event) error {
	k, ok := ev.(input.Key)
	if !ok || !k.Down {
		return nil
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	n := int(k.Sym) - 1
	y.put[n]++
	if age := time.Since(y.typed[n]); age > 5*time.Second+200*time.Millisecond {
		y.Errorf("key %d was put in after %v", n, age)
	}
	return nil
}

// strike types the next key.
func (y *typing) strike() {
	y.mu.Lock()
	y.typed = append(y.typed, time.Now())
	k := input.Key{Sym: uint32(len(y.typed)), Down: true}
	y.mu.Unlock()
	y.events <- k
	time.Sleep(40 * time.Millisecond)
	k.Down = false
	y.events <- k
}

// goOn goes on over a route, as a session does; the one before is let go of later.
func (y *typing) goOn(r *route, later time.Duration) {
	if y.leave != nil {
		time.AfterFunc(later, y.leave)
	}
	ctx, cancel := context.WithCancel(y.life)
	y.leave = cancel
	y.mu.Lock()
	y.route = r
	y.mu.Unlock()
	go func() {
		for ctx.Err() == nil && y.isOn(r) {
			viewer, host := p2ptest.Pipe(1 << 16)
			go y.host.Serve(y.life, &cable{Stream: host, route: r, closed: make(chan struct{})})
			if y.feed.Send(ctx, viewer) == nil {
				return
			}
			time.Sleep(500 * time.Millisecond)
		}
	}()
}

func (y *typing) isOn(r *route) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.route == r
}

// typeThrough has somebody type twelve keys a second until the story ends, and compares.
func typeThrough(t *testing.T, story func(y *typing, r *route)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		y := &typing{T: t, feed: input.NewFeed(), events: make(chan input.Event), put: map[int]int{}}
		rec.Hook = y.Hook
		y.host = input.Share(rec)
		life, end := context.WithCancel(t.Context())
		y.life = life
		go y.feed.Run(life, y.events)
		go func() {
			for {
				select {
				case <-y.feed.Dropped():
					y.told += y.feed.Lost()
				case <-life.Done():
					return
				}
			}
		}()
		r := newRoute()
		y.goOn(r, 0)
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				case <-time.After(40 * time.Millisecond):
					y.strike()
				}
			}
		}()
		time.Sleep(time.Second + 300*time.Millisecond)
		story(y, r)
		time.Sleep(5 * time.Second)
		close(stop)
		<-stopped
		time.Sleep(10 * time.Second)
		synctest.Wait()
		y.compare()
		end()
		time.Sleep(10 * time.Second) // all of it ends
	})
}

func (y *typing) compare() {
	y.Helper()
	missing := 0
	for n := range y.typed {
		if y.put[n] == 0 {
			missing++
		} else if y.put[n] > 1 {
			y.Errorf("key %d came %d times", n, y.put[n])
		}
	}
	if missing != y.told {
		y.Errorf("of %d keys %d are missing, and the viewer was told of %d", len(y.typed), missing, y.told)
	}
}

// stalls are those for which the rules of both sides differ.
var stalls = []time.Duration{300 * time.Millisecond, 1900 * time.Millisecond, 2900 * time.Millisecond, 3100 * time.Millisecond, 3900 * time.Millisecond,
	4100 * time.Millisecond, 4900 * time.Millisecond, 5100 * time.Millisecond, 7 * time.Second, time.Minute}

// TestEachKeyIsPutInOnceOrToldOfWhenALineStalls: in one direction or both, and goes
// on, or another takes over.
func TestEachKeyIsPutInOnceOrToldOfWhenALineStalls(t *testing.T) {
	for _, d := range stalls {
		for what, stop := range map[string]func(r *route) []func(){
			"there": func(r *route) []func() { return []func(){r.there.stop()} },
			"back":  func(r *route) []func() { return []func(){r.back.stop()} },
			"both":  func(r *route) []func() { return []func(){r.there.stop(), r.back.stop()} },
		} {
			for _, then := range []string{"goes on", "dies", "goes on as another takes over", "goes on after another took over"} {
				t.Run(fmt.Sprint(what, " ", d, " ", then), func(t *testing.T) {
					typeThrough(t, func(y *typing, r *route) {
						mends := stop(r)
						time.Sleep(d)
						if then == "dies" || then == "goes on after another took over" {
							y.goOn(newRoute(), 0)
							time.Sleep(time.Second)
						}
						for _, mend := range mends {
							mend()
						}
						if then == "goes on as another takes over" {
							y.goOn(newRoute(), 0)
						}
					})
				})
			}
		}
	}
}

// TestEachKeyIsPutInOnceOrToldOfInAnyWeather: by chance.
func TestEachKeyIsPutInOnceOrToldOfInAnyWeather(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			typeThrough(t, func(y *typing, r *route) {
				random := rand.New(rand.NewPCG(seed, 0))
				for range 10 {
					r = y.suffer(random, r)
					time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
				}
			})
		})
	}
}

// suffer lets something happen to a route.
func (y *typing) suffer(random *rand.Rand, r *route) *route {
	after := func(f func()) { time.AfterFunc(stalls[random.IntN(len(stalls)-1)], f) }
	switch random.IntN(6) {
	case 0:
		after(r.there.stop())
	case 1:
		after(r.back.stop())
	case 2:
		after(r.there.stop())
		after(r.back.stop())
	case 3:
		after(y.host.Pause())
	case 4:
		r = newRoute()
		y.goOn(r, time.Duration(random.IntN(5))*time.Second)
	case 5: // the host's first word on a new line comes after that on the next
		slow := newRoute()
		after(slow.back.stop())
		y.goOn(slow, time.Second)
		time.Sleep(300 * time.Millisecond)
		r = newRoute()
		y.goOn(r, 4*time.Second)
	}
	return r
}
