package input_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rac/input"
	"rac/input/inputtest"
	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// desk is a viewer whose input goes to one host over one line after the other.
type desk struct {
	t      *testing.T
	feed   *input.Feed
	events chan input.Event
	rec    *inputtest.Recorder
	host   *input.Shared
	typed  []string
}

// atDesk tells a story in virtual time.
func atDesk(t *testing.T, story func(t *testing.T, d *desk)) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{t: t, feed: input.NewFeed(), events: make(chan input.Event), rec: &inputtest.Recorder{}}
		d.host = input.Share(d.rec)
		go d.feed.Run(t.Context(), d.events)
		story(t, d)
	})
}

// wires is a line that a test can stop, in the direction to the host.
type wires struct {
	wire.Stream
	stopped atomic.Pointer[chan struct{}] // closed when it goes on; nil: it runs
}

func (w *wires) stop() (mend func()) {
	c := make(chan struct{})
	w.stopped.Store(&c)
	return func() { w.stopped.Store(nil); close(c) }
}

// Read is the host's.
func (w *wires) Read(p []byte) (int, error) {
	n, err := w.Stream.Read(p)
	if c := w.stopped.Load(); c != nil {
		<-*c
	}
	return n, err
}

// line lets the feed go on over a new line.
func (d *desk) line() (w *wires, sent, served chan error, cut context.CancelFunc) {
	viewer, host := p2ptest.Pipe(1 << 16)
	w = &wires{Stream: host}
	sent, served = make(chan error, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(d.t.Context())
	go func() { sent <- d.feed.Send(ctx, viewer) }()
	go func() { served <- d.host.Serve(ctx, w) }()
	return w, sent, served, cancel
}

// strike presses and releases a key.
func (d *desk) strike(u input.Usage) {
	d.events <- key(u, true)
	d.events <- key(u, false)
	d.typed = append(d.typed, words(key(u, true), key(u, false)))
}

func words(evs ...input.Event) string {
	rec := &inputtest.Recorder{}
	for _, ev := range evs {
		rec.Inject(ev)
	}
	return rec.String()
}

// ends closes the desk: what came over the last line ends well, and the host has
// put in what the story says.
func (d *desk) ends(last <-chan error, story string, lost int) {
	d.t.Helper()
	close(d.events)
	if err := <-last; err != nil {
		d.t.Error(err)
	}
	want(d.t, d.rec, story)
	if n := d.feed.Lost(); n != lost {
		d.t.Errorf("%d keys were counted as lost, want %d", n, lost)
	}
}

func TestTypingGoesOnOverAnotherLineWithNoKeyLostOrRepeated(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, sent, served, _ := d.line()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range 2000 {
				d.strike(input.Usage(4 + i%26))
				time.Sleep(time.Millisecond)
			}
		}()
		for range 10 {
			time.Sleep(150 * time.Millisecond)
			_, next, nextServed, _ := d.line()
			if err := <-served; err != nil {
				t.Errorf("the host ended the old stream: %v", err)
			}
			if err := <-sent; !errors.Is(err, input.ErrMoved) && !errors.Is(err, input.ErrUnconfirmed) {
				t.Errorf("the old stream ended: %v", err)
			}
			sent, served = next, nextServed
		}
		<-done
		d.ends(sent, strings.Join(d.typed, " "), 0)
	})
}

func TestAHeldKeyStaysDownWhileTheLineChanges(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, sent, _, _ := d.line()
		d.events <- key(0xe1, true)
		time.Sleep(time.Second)
		_, next, _, _ := d.line()
		<-sent
		d.strike(4)
		time.Sleep(time.Minute)
		synctest.Wait()
		want(t, d.rec, "+e1 +04 -04")
		d.events <- key(0xe1, false)
		d.ends(next, "+e1 +04 -04 -e1", 0)
	})
}

// far is an end of a line on which it takes a while to get here.
type far struct{ wire.Stream }

func (f far) Read(p []byte) (int, error) {
	n, err := f.Stream.Read(p)
	time.Sleep(100 * time.Millisecond)
	return n, err
}

func TestAKeyThatIsReleasedWhileTheLineChangesIsTypedOnce(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		w, _, _, cut := d.line()
		d.events <- key(4, true)
		synctest.Wait()
		defer w.stop()()
		defer cut()
		d.events <- key(4, false) // does not arrive
		time.Sleep(1500 * time.Millisecond)
		viewer, host := p2ptest.Pipe(1 << 16)
		sent := make(chan error, 1)
		go func() { sent <- d.feed.Send(t.Context(), far{viewer}) }()
		go d.host.Serve(t.Context(), far{host})
		d.ends(sent, "+04 -04", 0)
	})
}

func TestAHeldKeyRepeatsAsOftenAsAtTheViewer(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, sent, _, _ := d.line()
		d.events <- key(4, true)
		for range 100 {
			time.Sleep(40 * time.Millisecond)
			d.events <- again(4)
		}
		d.events <- key(4, false)
		d.ends(sent, "+04"+strings.Repeat(" =04", 100)+" -04", 0)
	})
}

func TestRepeatsDoNotPileUpOnALineThatStalls(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		w, sent, _, _ := d.line()
		d.events <- key(4, true)
		synctest.Wait()
		mend := w.stop()
		for range 60 { // 2.4 s
			d.events <- again(4)
			time.Sleep(40 * time.Millisecond)
		}
		mend()
		synctest.Wait()
		n := strings.Count(d.rec.String(), "=04")
		if n > 8 {
			t.Errorf("%d repeats came out of it, want no more than 300 ms make", n)
		}
		d.events <- key(4, false)
		d.ends(sent, "+04 -04", 0) // it was silent for 2 s
	})
}

func TestAShortOutageLosesAndRepeatsNothing(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		w, _, _, cut := d.line()
		d.strike(4)
		synctest.Wait()
		defer w.stop()() // from here on nothing arrives
		d.strike(5)
		time.Sleep(1500 * time.Millisecond)
		d.strike(6)
		time.Sleep(time.Second)
		cut()
		_, next, _, _ := d.line()
		d.strike(7)
		d.ends(next, strings.Join(d.typed, " "), 0)
	})
}

// TestAnOutageThatBeginsBetweenTwoReportsIsCountedFromTheFirstKey: of a host that has
// nothing to confirm, the last sign of life is a second old.
func TestAnOutageThatBeginsBetweenTwoReportsIsCountedFromTheFirstKey(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, sent, _, cut := d.line()
		d.strike(4)
		time.Sleep(1990 * time.Millisecond) // the next report is due in 10 ms
		cut()
		<-sent
		for range 29 {
			d.strike(5)
			time.Sleep(100 * time.Millisecond)
		}
		_, next, _, _ := d.line()
		d.ends(next, strings.Join(d.typed, " "), 0)
	})
}

func TestWhatIsTypedIntoADeadLineIsDroppedAndCounted(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		w, _, _, cut := d.line()
		d.strike(4)
		synctest.Wait()
		defer w.stop()()
		for range 10 {
			d.strike(5)
			time.Sleep(time.Second)
		}
		cut()
		time.Sleep(time.Minute)
		d.strike(5)
		_, next, _, _ := d.line()
		synctest.Wait()
		d.strike(6)
		d.ends(next, "+04 -04 +06 -06", 11)
	})
}

// TestAKeyBehindAFullQueueIsDroppedToo: a mouse that tells of each millisecond fills it
// before the host counts as silent. Who waits for room is no older when there is some.
func TestAKeyBehindAFullQueueIsDroppedToo(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		w, _, _, cut := d.line()
		d.strike(4)
		synctest.Wait()
		defer w.stop()()
		cut()
		for x := range 2500 {
			d.events <- input.Motion{X: x}
			d.events <- button(1, x%2 == 0)
		}
		d.strike(5)
		time.Sleep(time.Minute)
		_, next, _, _ := d.line()
		synctest.Wait()
		d.strike(6)
		synctest.Wait()
		if got := d.rec.String(); !strings.HasSuffix(got, "+06 -06") || strings.Contains(got, "05") {
			t.Errorf("injected %s", got)
		}
		close(d.events)
		<-next
	})
}

func TestAKeyWhoseReleaseWasDroppedComesUpAndCanBePressedAgain(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		w, _, _, cut := d.line()
		d.events <- key(4, true)
		d.events <- key(0xe1, true)
		synctest.Wait()
		want(t, d.rec, "+04 +e1")
		mend := w.stop()
		d.events <- key(4, false)
		time.Sleep(3500 * time.Millisecond)
		d.strike(5)          // dropped, as the release before it is
		d.events <- again(4) // not even counted
		cut()
		_, next, _, _ := d.line()
		synctest.Wait()
		d.strike(4)
		synctest.Wait()
		if got := d.rec.String(); !strings.HasSuffix(got, " +04 -04") || strings.Count(got, "+04") != strings.Count(got, "-04") || strings.Count(got, "+e1") != strings.Count(got, "-e1") {
			t.Errorf("injected %s: what nobody holds is down, or what was pressed did not go down", got)
		}
		mend()
		close(d.events)
		<-next
	})
}

func TestWhatAHostFindsAfterItStoodStillIsNotPutIn(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		w, sent, served, cut := d.line()
		defer cut()
		d.strike(4)
		time.Sleep(1100 * time.Millisecond)
		mend := w.stop() // the host stands still; what is sent stays in its buffers
		d.strike(5)
		time.Sleep(20 * time.Second)
		mend()
		if err := <-served; err == nil || !strings.Contains(err.Error(), "too old") {
			t.Errorf("the host ended with %v", err)
		}
		if err := <-sent; err == nil {
			t.Error("the viewer takes it for a good end")
		}
		_, next, _, _ := d.line()
		synctest.Wait()
		d.strike(6)
		d.ends(next, "+04 -04 +06 -06", 1)
	})
}

func TestAHostThatWasStartedAnewGetsNothingOld(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		_, sent, _, cut := d.line()
		d.strike(4)
		time.Sleep(time.Second) // the host has told that it has this
		cut()
		<-sent
		d.strike(5) // while there is no line
		d.host = input.Share(d.rec)
		_, next, _, _ := d.line()
		synctest.Wait()
		d.strike(6)
		d.ends(next, "+04 -04 +06 -06", 1)
	})
}

func TestAMutedFeedThrowsAway(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.feed.Mute(true)
		d.strike(4)
		time.Sleep(time.Minute)
		d.feed.Mute(false)
		_, sent, _, _ := d.line()
		d.strike(5)
		d.ends(sent, "+05 -05", 0)
	})
}
