package input

// The host's end of an input stream.

import (
	"context"
	"errors"
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
)

// ErrNotNow is wrapped by the errors of an Injector that cannot take an event
// but may take later ones: the display is away, or somebody is being asked.
// The event is lost, the stream goes on.
var ErrNotNow = errors.New("the host takes no input now")

// Serve gives a viewer's events to inj until the stream ends, ctx ends or inj
// fails, and closes s. It returns nil when the viewer has ended the stream and
// all of it was put in.
//
// It remembers what is held: a second press of a key that is down (the viewer's
// key repeat) and the release of one that is up are dropped, and whatever is
// held is released when Serve returns, however it does, and when the viewer has
// not given a sign of life for 2 s.
func Serve(ctx context.Context, s wire.Stream, inj Injector) error {
	defer context.AfterFunc(ctx, func() { s.Close() })()
	g := &guest{inj: inj}
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
	defer g.releaseAll() // also when inj panics

	err := g.run(ctx, events)
	if err == io.EOF {
		err = readErr
	}
	if released := g.releaseAll(); err == nil {
		err = released
	}
	if ctx.Err() != nil {
		return ctx.Err()
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
	inj    Injector
	held   []Event // ids of what is down, in the order of pressing
	missed error   // the last ErrNotNow: not everything was put in
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

// take puts one event in.
func (g *guest) take(ctx context.Context, ev Event) error {
	switch ev := ev.(type) {
	case alive:
		return nil
	case Key:
		return g.hold(ev, ev.id(), ev.Down)
	case Button:
		return g.hold(ev, ev.id(), ev.Down)
	case Text:
		return g.text(ctx, []rune(ev.Text))
	}
	return g.inject(ev)
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
	if i >= 0 || len(g.held) == maxHeld {
		return nil
	}
	// Before the injection: should that fail halfway, the release is tried.
	g.held = append(g.held, id)
	err := g.inj.Inject(ev)
	if errors.Is(err, ErrNotNow) {
		g.held = g.held[:len(g.held)-1]
		g.missed = err
		return nil
	}
	return err
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
		g.missed = err
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
