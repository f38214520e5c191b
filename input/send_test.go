package input_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rac/input"
	"rac/input/inputtest"
	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// key, etc. make stories short.
func key(u input.Usage, down bool) input.Event { return input.Key{Usage: u, Down: down} }

// again is a key that is down and repeats.
func again(u input.Usage) input.Event { return input.Key{Usage: u, Down: true, Again: true} }

func button(b uint8, down bool) input.Event { return input.Button{Button: b, Down: down} }

// session runs a Send and a Serve on two ends of a line that holds buffer bytes.
type session struct {
	events       chan input.Event
	viewer, host wire.Stream
	sent, served chan error
}

func connect(ctx context.Context, buffer int, inj input.Injector) *session {
	s := &session{events: make(chan input.Event), sent: make(chan error, 1), served: make(chan error, 1)}
	s.viewer, s.host = p2ptest.Pipe(buffer)
	go func() { s.sent <- input.Send(ctx, s.viewer, s.events) }()
	go func() { s.served <- input.Serve(ctx, s.host, inj) }()
	return s
}

func (s *session) send(evs ...input.Event) {
	for _, ev := range evs {
		s.events <- ev
	}
}

func want(t *testing.T, rec *inputtest.Recorder, story string) {
	t.Helper()
	if got := rec.String(); got != story {
		t.Errorf("injected %s, want %s", got, story)
	}
}

func TestASessionEndsWithTheHostsConfirmation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		s := connect(t.Context(), 1024, rec)
		s.send(input.Motion{X: 3, Y: 4}, button(1, true), button(1, false), key(4, true), key(4, false), input.Wheel{DY: 120})
		close(s.events)
		if err := <-s.sent; err != nil {
			t.Error(err)
		}
		if err := <-s.served; err != nil {
			t.Error(err)
		}
		want(t, rec, "3,4 +b1 -b1 +04 -04 w0,120")
	})
}

// slowStream takes a Write only when the test lets it.
type slowStream struct {
	wire.Stream
	gate chan struct{}
}

func (s *slowStream) Write(p []byte) (int, error) {
	<-s.gate
	return s.Stream.Write(p)
}

func TestMotionIsMergedOnlyWhileTheLineIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		viewer, host := p2ptest.Pipe(1 << 20)
		slow := &slowStream{viewer, make(chan struct{})}
		events, sent := make(chan input.Event), make(chan error, 1)
		go func() { sent <- input.Send(t.Context(), slow, events) }()
		go input.Serve(t.Context(), host, rec)

		events <- input.Motion{X: 0}
		synctest.Wait() // it waits in Write now
		for x := range 100 {
			events <- input.Motion{X: x}
		}
		events <- button(1, true)
		for x := range 100 {
			events <- input.Motion{X: 200 + x}
		}
		events <- input.Wheel{DY: 30}
		events <- input.Wheel{DY: 90}
		events <- button(1, false)
		close(slow.gate)
		close(events)
		if err := <-sent; err != nil {
			t.Error(err)
		}
		want(t, rec, "0,0 99,0 +b1 299,0 w0,120 -b1")
	})
}

func TestAFreeLineMergesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		s := connect(t.Context(), 1<<20, rec)
		var story []string
		for x := range 100 {
			s.send(input.Motion{X: x})
			synctest.Wait()
			story = append(story, fmt.Sprintf("%d,0", x))
		}
		want(t, rec, strings.Join(story, " "))
		close(s.events)
		<-s.sent
	})
}

func TestALineThatStandsStillHoldsTheKeysBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		viewer, host := p2ptest.Pipe(1 << 20)
		slow := &slowStream{viewer, make(chan struct{})}
		events, sent := make(chan input.Event), make(chan error, 1)
		go func() { sent <- input.Send(t.Context(), slow, events) }()
		go input.Serve(t.Context(), host, rec)
		taken := 0
		for full := false; !full; {
			select {
			case events <- key(input.Usage(4+taken/2%26), taken%2 == 0):
				taken++
			case <-time.After(time.Second):
				full = true
			}
		}
		if taken < 4096 || taken > 2*4096 { // those that wait, and those being written
			t.Errorf("%d events were taken", taken)
		}
		close(slow.gate)
		close(events)
		if err := <-sent; err != nil {
			t.Error(err)
		}
		if got := len(rec.Events()); got != taken+taken%2 { // the last press was released
			t.Errorf("%d of %d key events arrived", got, taken)
		}
	})
}

func TestAHeldKeyIsReportedAliveAndARestingLineIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		viewer, host := p2ptest.Pipe(1 << 20)
		events, sent := make(chan input.Event), make(chan error, 1)
		go func() { sent <- input.Send(t.Context(), viewer, events) }()
		messages := make(chan wire.Type, 100)
		go func() {
			for r := wire.NewReader(host, 64); ; {
				typ, _, err := r.Next()
				if err != nil {
					host.Close()
					return
				}
				messages <- typ
			}
		}()
		count := func(d time.Duration) int {
			time.Sleep(d)
			synctest.Wait()
			n := len(messages)
			for range n {
				<-messages
			}
			return n
		}
		events <- key(4, true)
		if n := count(3010 * time.Millisecond); n != 7 { // the key, then two a second
			t.Errorf("%d messages in 3 s with a key held, want 7", n)
		}
		events <- key(4, false)
		if n := count(time.Hour); n != 1 {
			t.Errorf("%d messages in an hour with nothing held, want the release alone", n)
		}
		close(events)
		if err := <-sent; !errors.Is(err, input.ErrUnconfirmed) {
			t.Errorf("a host that only closes has confirmed nothing, got %v", err)
		}
	})
}

func TestALongTextIsCutAndConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		text := strings.Repeat("Grüße, 日本 € ", 5000)
		viewer, host := p2ptest.Pipe(1024)
		go input.Serve(t.Context(), host, rec)
		if err := input.SendText(t.Context(), viewer, text); err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, ev := range rec.Events() {
			got.WriteString(ev.(input.Text).Text)
		}
		if got.String() != text {
			t.Errorf("%d bytes arrived of %d, or others", got.Len(), len(text))
		}
	})
}

func TestATextThatCannotBeTypedIsRefusedBeforeItIsSent(t *testing.T) {
	for _, text := range []string{"a\x00b", "\xff", "bell\a"} {
		viewer, host := p2ptest.Pipe(1024)
		if err := input.SendText(t.Context(), viewer, text); err == nil {
			t.Errorf("%q was sent", text)
		}
		host.Close()
	}
}

func TestSendEndsWithItsContextWhateverTheLineDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		viewer, host := p2ptest.Pipe(0)
		defer host.Close()
		ctx, cancel := context.WithCancel(t.Context())
		events, sent := make(chan input.Event), make(chan error, 1)
		go func() { sent <- input.Send(ctx, viewer, events) }()
		events <- key(4, true)
		synctest.Wait()
		cancel()
		if err := <-sent; err != context.Canceled {
			t.Errorf("got %v, want context.Canceled", err)
		}
	})
}

func TestTheViewerHearsWhyTheHostCouldNotTakeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{Hook: func(input.Event) error { return errors.New("the keyboard is on fire") }}
		s := connect(t.Context(), 1024, rec)
		s.send(key(4, true))
		for _, err := range []error{<-s.sent, <-s.served} {
			if err == nil || !strings.Contains(err.Error(), "the keyboard is on fire") {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestTypingWhileTheDisplayIsAwayIsNotConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := fmt.Errorf("no display: %w", input.ErrNotNow)
		n := 0
		rec := &inputtest.Recorder{Hook: func(input.Event) error {
			if n++; n == 1 {
				return away
			}
			return nil
		}}
		s := connect(t.Context(), 1024, rec)
		s.send(key(4, true), key(4, false), key(5, true), key(5, false))
		close(s.events)
		if err := <-s.sent; !errors.Is(err, input.ErrUnconfirmed) || !strings.Contains(err.Error(), "no display") {
			t.Errorf("got %v", err)
		}
		if err := <-s.served; err != nil {
			t.Errorf("the stream should have gone on, got %v", err)
		}
		want(t, rec, "+05 -05")
	})
}

func BenchmarkKeyFromSendToInject(b *testing.B) {
	var wg sync.WaitGroup
	arrived := make(chan struct{})
	rec := hook(func(input.Event) error { arrived <- struct{}{}; return nil })
	viewer, host := p2ptest.Pipe(1 << 16)
	events := make(chan input.Event)
	wg.Go(func() { input.Send(b.Context(), viewer, events) })
	wg.Go(func() { input.Serve(b.Context(), host, rec) })
	for i := 0; b.Loop(); i++ {
		events <- key(4, i%2 == 0)
		<-arrived
	}
	go func() {
		for range arrived {
		}
	}()
	close(events)
	wg.Wait()
	close(arrived)
}

// hook is an Injector that remembers nothing.
type hook func(input.Event) error

func (h hook) Inject(ev input.Event) error { return h(ev) }
func (h hook) Close() error                { return nil }
