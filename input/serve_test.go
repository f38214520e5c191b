package input_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rac/input"
	"rac/input/inputtest"
	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// hold sends a key and a button that stay down.
func hold(t *testing.T, s *session, rec *inputtest.Recorder) {
	t.Helper()
	s.send(key(0xe1, true), key(4, true), button(1, true))
	synctest.Wait()
	want(t, rec, "+e1 +04 +b1")
}

const released = "+e1 +04 +b1 -b1 -04 -e1"

func TestKeysAreReleasedWhenTheViewerHangsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		s := connect(t.Context(), 1024, rec)
		hold(t, s, rec)
		close(s.events)
		if err := <-s.served; err != nil {
			t.Error(err)
		}
		want(t, rec, released)
		if err := <-s.sent; err != nil {
			t.Error(err)
		}
	})
}

func TestKeysAreReleasedWhenTheStreamBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		s := connect(t.Context(), 1024, rec)
		hold(t, s, rec)
		s.host.Close()
		if err := <-s.served; err == nil {
			t.Error("a broken stream is no regular end")
		}
		want(t, rec, released)
		<-s.sent
	})
}

func TestKeysAreReleasedWhenThePermissionIsWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		ctx, cancel := context.WithCancel(t.Context())
		s := connect(ctx, 1024, rec)
		hold(t, s, rec)
		cancel()
		if err := <-s.served; err != context.Canceled {
			t.Errorf("got %v", err)
		}
		want(t, rec, released)
		<-s.sent
	})
}

func TestKeysAreReleasedAfterAMessageThatMakesNoSense(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		viewer, host := p2ptest.Pipe(1024)
		served := make(chan error, 1)
		go func() { served <- input.Serve(t.Context(), host, rec) }()
		w := wire.NewWriter(viewer, 1<<20)
		w.Write(0x01, []byte{0, 4, 1, 0, 0, 0, 0})
		w.Write(0x03, []byte{200, 1})
		if err := <-served; err == nil || !strings.Contains(err.Error(), "button 200") {
			t.Errorf("got %v", err)
		}
		want(t, rec, "+04 -04")
	})
}

func TestAMessageBeyondTheLimitEndsTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		viewer, host := p2ptest.Pipe(1024)
		served := make(chan error, 1)
		go func() { served <- input.Serve(t.Context(), host, &inputtest.Recorder{}) }()
		viewer.Write([]byte{0x05, 0xff, 0xff, 0xff, 0xff})
		if err := <-served; !errors.Is(err, wire.ErrTooLong) {
			t.Errorf("got %v", err)
		}
	})
}

func TestKeysAreReleasedWhenTheInjectorFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		rec := &inputtest.Recorder{Hook: func(ev input.Event) error {
			if ev == key(5, true) || ev == key(4, false) {
				return broken
			}
			return nil
		}}
		s := connect(t.Context(), 1024, rec)
		hold(t, s, rec)
		s.send(key(5, true))
		if err := <-s.served; !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		want(t, rec, "+e1 +04 +b1 -05 -b1 -e1") // 5 may be down; the release of 4 was tried
		<-s.sent
	})
}

func TestKeysAreReleasedWhenTheInjectorPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{Hook: func(ev input.Event) error {
			if ev == key(5, true) || ev == key(4, false) {
				panic("bug")
			}
			return nil
		}}
		viewer, host := p2ptest.Pipe(1024)
		events := make(chan input.Event, 8)
		for _, ev := range []input.Event{key(0xe1, true), key(4, true), button(1, true), key(5, true)} {
			events <- ev
		}
		sent := make(chan error, 1)
		go func() { sent <- input.Send(t.Context(), viewer, events) }()
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			input.Serve(t.Context(), host, rec)
		}()
		want(t, rec, "+e1 +04 +b1 -05 -b1 -e1")
		<-sent
	})
}

func TestKeysAreReleasedAfterTwoSecondsOfSilenceAndTheStreamGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		viewer, host := p2ptest.Pipe(1024)
		served := make(chan error, 1)
		go func() { served <- input.Serve(t.Context(), host, rec) }()
		w := wire.NewWriter(viewer, 1024)
		press := []byte{0, 0xe1, 1, 0, 0, 0, 0} // Shift
		w.Write(0x01, press)
		time.Sleep(1900 * time.Millisecond)
		w.Write(0x07, nil) // alive
		time.Sleep(1900 * time.Millisecond)
		synctest.Wait()
		want(t, rec, "+e1")
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		want(t, rec, "+e1 -e1")
		w.Write(0x01, []byte{0, 0xe1, 0, 0, 0, 0, 0}) // the release that was late
		w.Write(0x01, press)
		synctest.Wait()
		want(t, rec, "+e1 -e1 +e1")
		viewer.CloseWrite()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

func TestALongHeldKeyStaysDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		s := connect(t.Context(), 1024, rec)
		hold(t, s, rec)
		time.Sleep(time.Hour)
		synctest.Wait()
		want(t, rec, "+e1 +04 +b1")
		close(s.events)
		<-s.sent
	})
}

func TestASlowInjectorIsNotTakenForASilentViewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{Hook: func(ev input.Event) error {
			if _, ok := ev.(input.Text); ok {
				time.Sleep(10 * time.Second)
			}
			return nil
		}}
		s := connect(t.Context(), 1024, rec)
		s.send(key(4, true), input.Text{Text: "x"})
		time.Sleep(11 * time.Second)
		synctest.Wait()
		want(t, rec, `+04 "x"`)
		close(s.events)
		<-s.sent
	})
}

func TestWhatIsDownIsNotPressedAndWhatIsUpIsNotReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		s := connect(t.Context(), 1024, rec)
		s.send(key(4, true), key(4, true), key(4, true), key(4, false), key(4, false), key(5, false))
		s.send(input.Key{Sym: 0x100, Down: true}, input.Key{Sym: 0x101, Down: true}, input.Key{Sym: 0x100})
		close(s.events)
		<-s.sent
		want(t, rec, "+04 -04 +sym100 +sym101 -sym100 -sym101")
	})
}

func TestAKeyRepeatsAsLongAsItIsDownHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		viewer, host := p2ptest.Pipe(1024)
		go input.Serve(t.Context(), host, rec)
		w := wire.NewWriter(viewer, 1024)
		const up, down, again = 0, 1, 2
		says := func(hows ...byte) {
			for _, how := range hows {
				w.Write(0x01, []byte{0, 4, how, 0, 0, 0, 'a'})
			}
			synctest.Wait()
		}
		says(again, down, again, down, again, up, again)
		want(t, rec, "+04 =04 =04 -04")

		says(down)
		time.Sleep(1900 * time.Millisecond)
		says(again) // so short a stall changes nothing
		want(t, rec, "+04 =04 =04 -04 +04 =04")
		time.Sleep(2100 * time.Millisecond)
		says(again) // it has been let go, and comes down when it is pressed anew
		says(up, down)
		want(t, rec, "+04 =04 =04 -04 +04 =04 -04 +04")
		viewer.CloseWrite()
	})
}

func TestAViewerCannotHoldMoreThanItHasFingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		s := connect(t.Context(), 1024, rec)
		for u := range input.Usage(1000) {
			s.send(key(u+1, true))
		}
		close(s.events)
		<-s.sent
		if got := len(rec.Events()); got != 2*64 {
			t.Errorf("%d events, want 64 presses and their releases", got)
		}
	})
}

func TestAWithdrawnPermissionCutsALongText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{Hook: func(input.Event) error { time.Sleep(100 * time.Millisecond); return nil }}
		ctx, cancel := context.WithCancel(t.Context())
		s := connect(ctx, 1<<20, rec)
		s.send(input.Text{Text: strings.Repeat("x", 4000)})
		time.Sleep(time.Second)
		cancel()
		start := time.Now()
		<-s.served
		if took := time.Since(start); took > time.Second {
			t.Errorf("it went on for %v", took)
		}
		<-s.sent
	})
}
