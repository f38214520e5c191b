package window

import (
	"context"
	"reflect"
	"testing"

	"rac/input"
)

// drain takes everything that waits.
func drain(o *outbox) (list []input.Event) {
	for {
		ev, ok := o.take()
		if !ok {
			return list
		}
		list = append(list, ev)
	}
}

func TestMotionIsMergedAndKeysKeepTheirPlace(t *testing.T) {
	o := newOutbox()
	for _, ev := range []input.Event{
		input.Motion{X: 1}, input.Motion{X: 2}, input.Button{Button: 1, Down: true}, input.Motion{X: 3}, input.Motion{X: 4}, input.Button{Button: 1},
		input.Wheel{DY: 120}, input.Wheel{DY: 120}, input.Wheel{DY: -120}, input.Wheel{DX: 120},
	} {
		o.add(ev)
	}
	want := []input.Event{
		input.Motion{X: 2}, input.Button{Button: 1, Down: true}, input.Motion{X: 4}, input.Button{Button: 1},
		input.Wheel{DY: 240}, input.Wheel{DY: -120}, input.Wheel{DX: 120},
	}
	if got := drain(o); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAReaderThatStopsLosesNewPressesButNoRelease(t *testing.T) {
	o := newOutbox()
	held := 0
	for o.add(input.Key{Usage: 4, Down: true}) {
		held++
	}
	if held != maxWaiting {
		t.Errorf("%d presses wait, want %d", held, maxWaiting)
	}
	if !o.add(input.Key{Usage: 4}) || o.add(input.Motion{X: 1}) {
		t.Error("a release was dropped, or a motion was not")
	}
}

func TestTheChannelEndsAlsoWithoutAReader(t *testing.T) {
	o := newOutbox()
	o.add(input.Motion{X: 1})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { o.run(ctx); close(done) }()
	cancel()
	<-done
	for range o.C {
	}
}
