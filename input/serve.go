package input

// The host's end of an input stream.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"rac/p2p/wire"
)

const (
	// silence is how long a viewer that holds something may say nothing; then
	// its line is taken for dead and what it holds is released.
	silence = 2 * time.Second
	// maxHeld is how many keys and buttons one viewer may hold: more than
	// fingers, so that a viewer cannot make the host remember without end.
	maxHeld = 64
	// piece is how many characters of a text are typed between two looks at
	// ctx: a withdrawn permission ends a long text too.
	piece = 32
	// lastWord is how long the viewer has to take the answer.
	lastWord = 5 * time.Second
	// late is how old the input of a chain may be when it gets here. A line that
	// was dead for a while, or a host that stood still, has what was typed
	// meanwhile in its buffers: it must not be typed into what is there now. What a
	// viewer has kept gets 1 s for the way, and what it knows of our clock is as old
	// as our last report.
	late = kept + time.Second
	// reportEvery is how often the host of a chain shows that it is there.
	reportEvery = time.Second
)

// ErrNotNow is wrapped by the errors of an Injector that cannot take an event
// but may take later ones: the display is away, or somebody is being asked.
// The event is lost, the stream goes on.
var ErrNotNow = errors.New("the host takes no input now")

// errTooMany is why a press was left out.
var errTooMany = fmt.Errorf("input: %d keys are down already: %w", maxHeld, ErrNotNow)

// errYield ends a stream whose chain another one goes on with.
var errYield = errors.New("input: the viewer goes on by another stream")

// errLate ends a stream whose input has been on its way for too long.
var errLate = errors.New("input: it is too old to be put in")

// Serve gives a viewer's events to inj until the stream ends, ctx ends or inj
// fails, and closes s. It returns nil when the viewer has ended the stream and
// all of it was put in.
//
// It remembers what is held: a second press of a key that is down, and the repeat
// or release of one that is up, are dropped, and whatever is held is released
// when Serve returns, however it does, and when the viewer has not given a sign
// of life for 2 s.
//
// Feeds, whose input goes on over another stream when one is lost, need the Serve
// of a Shared.
func Serve(ctx context.Context, s wire.Stream, inj Injector) error {
	return serve(ctx, s, &guest{inj: inj, chains: &chains{}})
}

func serve(ctx context.Context, s wire.Stream, g *guest) error {
	defer context.AfterFunc(ctx, func() { s.Close() })()
	events, stop := make(chan Event), make(chan struct{})
	var readErr error // valid when events is closed
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(events)
		readErr = readEvents(s, events, stop)
	})
	defer wg.Wait()
	defer s.Close()
	defer close(stop)
	defer g.leave()
	defer g.releaseAll() // also when inj panics
	g.reports = newReporter(s)
	defer g.reports.end()

	err := g.run(ctx, events)
	if err == io.EOF {
		err = readErr
	}
	if err == errYield {
		g.handOver()
	}
	if released := g.releaseAll(); err == nil {
		err = released
	}
	g.reports.end()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == errYield {
		return nil
	}
	answer(s, errors.Join(err, g.missed))
	return err
}

// readEvents cuts messages out of the stream; nil is its regular end.
func readEvents(s wire.Stream, events chan<- Event, stop <-chan struct{}) error {
	r := wire.NewReader(s, maxBody)
	for {
		t, body, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		ev, err := parseEvent(t, body)
		if err != nil {
			return err
		}
		if ev == nil {
			continue
		}
		select {
		case events <- ev:
		case <-stop:
			return nil
		}
	}
}

// answer tells the viewer how it ended. There is nobody to tell when it fails.
func answer(s wire.Stream, err error) {
	s.SetDeadline(time.Now().Add(lastWord))
	w := wire.NewWriter(s, maxBody)
	if err == nil {
		w.Write(msgDone, nil)
		return
	}
	w.Write(msgFailed, appendReason(nil, err.Error()))
}

// guest is one viewer at this computer.
type guest struct {
	inj     Injector
	chains  *chains
	reports *reporter
	held    []Event // ids of what is down, in the order of pressing
	missed  error   // the last ErrNotNow: not everything was put in

	chain *chain        // nil: this stream is all there is
	heard time.Duration // the newest time of ours that the viewer had when it sent
	aged  time.Duration // for how long it had kept what it sends
	begun bool          // the first message has come
}

// run returns io.EOF at the end of events, else why it has stopped before.
func (g *guest) run(ctx context.Context, events <-chan Event) error {
	quiet := time.NewTimer(silence)
	defer quiet.Stop()
	for {
		var ev Event
		ok := true
		select {
		case ev, ok = <-events:
		case <-ctx.Done():
			return ctx.Err()
		case <-g.yields():
			return errYield
		case <-quiet.C:
			// A message that waits is a sign of life too: inj may have been slow.
			select {
			case ev, ok = <-events:
			default:
				if err := g.releaseAll(); err != nil {
					return err
				}
				continue
			}
		}
		if !ok {
			return io.EOF
		}
		if err := g.take(ctx, ev); err != nil {
			return err
		}
		quiet.Reset(silence)
	}
}

// take puts one event in, or acts on what the viewer says about its chain.
func (g *guest) take(ctx context.Context, ev Event) error {
	first := !g.begun
	g.begun = true
	switch ev := ev.(type) {
	case alive:
		return nil
	case begin:
		if !first {
			return errors.New("input: a chain begins in the middle of a stream")
		}
		return g.begin(ctx, ev)
	case heard:
		g.heard = min(ev.clock, g.reports.clock())
		return nil
	case aged:
		g.aged = ev.age
		return nil
	}
	if g.chain == nil {
		return g.put(ctx, ev)
	}
	if g.reports.clock()-g.heard+g.aged > late {
		return errLate
	}
	if err := g.put(ctx, ev); err != nil {
		return err
	}
	g.chain.taken++
	g.reports.took(g.chain)
	return nil
}

func (g *guest) put(ctx context.Context, ev Event) error {
	switch ev := ev.(type) {
	case Key:
		if ev.Again {
			return g.again(ev)
		}
		return g.hold(ev, ev.id(), ev.Down)
	case Button:
		return g.hold(ev, ev.id(), ev.Down)
	case Text:
		return g.text(ctx, []rune(ev.Text))
	}
	return g.inject(ev)
}

// begin goes on with a chain where its last stream has ended.
func (g *guest) begin(ctx context.Context, b begin) (err error) {
	if g.chain, err = g.chains.join(ctx, b.id); err != nil {
		return err
	}
	g.held, g.chain.held = g.chain.held, nil
	g.reports.start(g.chain)
	return nil
}

// yields is closed when another stream wants to go on with the chain.
func (g *guest) yields() <-chan struct{} {
	if g.chain == nil {
		return nil
	}
	return g.chain.yield
}

// handOver leaves what is held to the stream that takes over, if that is still there: it
// stays down.
func (g *guest) handOver() {
	if g.chains.leave(g.chain, g.held) {
		g.held = nil
	}
	g.chain = nil
}

func (g *guest) leave() {
	if g.chain != nil {
		g.chains.leave(g.chain, nil)
	}
}

// hold presses what is up and releases what is down.
func (g *guest) hold(ev, id Event, down bool) error {
	i := slices.Index(g.held, id)
	if !down {
		if i < 0 {
			return nil
		}
		g.held = slices.Delete(g.held, i, i+1)
		return g.inject(ev)
	}
	if i >= 0 {
		return nil
	}
	if len(g.held) == maxHeld {
		g.miss(ev, errTooMany)
		return nil
	}
	// Before the injection: should that fail halfway, the release is tried.
	g.held = append(g.held, id)
	err := g.inj.Inject(ev)
	if errors.Is(err, ErrNotNow) {
		g.held = g.held[:len(g.held)-1]
		g.miss(ev, err)
		return nil
	}
	return err
}

// miss notes that an event was not put in: the viewer is told.
func (g *guest) miss(ev Event, why error) {
	g.missed = why
	if g.chain != nil {
		g.chain.missed += uint64(weight(ev))
	}
}

// again repeats a key, unless it has been let go here: it comes down when it is
// pressed anew.
func (g *guest) again(k Key) error {
	if !slices.Contains(g.held, k.id()) {
		return nil
	}
	return g.inject(k)
}

// text types a text by pieces.
func (g *guest) text(ctx context.Context, text []rune) error {
	for part := range slices.Chunk(text, piece) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := g.inject(Text{string(part)}); err != nil {
			return err
		}
	}
	return nil
}

// inject forgives ErrNotNow.
func (g *guest) inject(ev Event) error {
	err := g.inj.Inject(ev)
	if errors.Is(err, ErrNotNow) {
		g.miss(ev, err)
		return nil
	}
	return err
}

// releaseAll releases what is held, the last pressed first, and returns the
// first error. A release that fails, or panics, does not keep the others from
// being tried.
func (g *guest) releaseAll() (err error) {
	held := g.held
	g.held = nil
	for _, id := range held {
		defer func() {
			if e := g.inject(up(id)); e != nil && err == nil {
				err = e
			}
		}()
	}
	return err
}
