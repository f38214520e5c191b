package input_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"rac/input"
	"rac/input/inputtest"
	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

func TestOneViewersReleaseDoesNotLiftAnothersKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		shared := input.Share(rec)
		a, b := connect(t.Context(), 1024, shared), connect(t.Context(), 1024, shared)
		a.send(key(4, true))
		synctest.Wait()
		b.send(key(4, true), key(5, true))
		synctest.Wait()
		want(t, rec, "+04 +05")
		close(a.events)
		<-a.sent
		want(t, rec, "+04 +05")
		b.send(key(4, false))
		synctest.Wait()
		want(t, rec, "+04 +05 -04")
		close(b.events)
		<-b.sent
		want(t, rec, "+04 +05 -04 -05")
		if shared.Close(); !rec.Closed() {
			t.Error("the injector was not closed")
		}
	})
}

func TestNoViewerCanAnswerWhileAPersonIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{}
		shared := input.Share(rec)
		a, b := connect(t.Context(), 1024, shared), connect(t.Context(), 1024, shared)
		a.send(key(0x28, true)) // Enter, which would repeat into the question
		synctest.Wait()
		resume, resumeToo := shared.Pause(), shared.Pause()
		want(t, rec, "+28 -28")
		a.send(again(0x28), key(0x28, false), key(0x28, true), key(0x28, false), input.Motion{}, button(1, true), input.Wheel{DY: 120})
		b.send(input.Text{Text: "y\n"}, key(0x1c, true))
		synctest.Wait()
		resume()
		resume()
		b.send(key(5, true))
		synctest.Wait()
		want(t, rec, "+28 -28")

		resumeToo()
		a.send(button(1, false), key(6, true), key(6, false))
		close(a.events)
		if err := <-a.sent; !errors.Is(err, input.ErrUnconfirmed) {
			t.Errorf("what was refused was confirmed: %v", err)
		}
		want(t, rec, "+28 -28 +06 -06")
		close(b.events)
		<-b.sent
		want(t, rec, "+28 -28 +06 -06")
	})
}

func TestAKeyThatAPauseHasLiftedCanBePressedByAnotherViewer(t *testing.T) {
	rec := &inputtest.Recorder{}
	shared := input.Share(rec)
	shared.Inject(key(4, true))
	shared.Pause()()
	shared.Inject(again(4))
	want(t, rec, "+04 -04")
	shared.Inject(key(4, true))  // by a second viewer
	shared.Inject(key(4, false)) // the first lets go
	want(t, rec, "+04 -04 +04")
	shared.Inject(key(4, false))
	want(t, rec, "+04 -04 +04 -04")
}

// A viewer goes on over another stream while its first one is still typing; before
// that is done, the session of the other ends. Nobody is left to release what the first
// one holds but itself.
func TestWhatIsHandedOverToNobodyIsReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &inputtest.Recorder{Hook: func(ev input.Event) error {
			if _, slow := ev.(input.Text); slow {
				time.Sleep(3 * time.Second)
			}
			return nil
		}}
		shared := input.Share(rec)
		serve := func(ctx context.Context, messages ...[]byte) {
			viewer, host := p2ptest.Pipe(1024)
			go shared.Serve(ctx, host)
			go io.Copy(io.Discard, viewer)
			w := wire.NewWriter(viewer, 64)
			for _, m := range messages {
				if err := w.Write(wire.Type(m[0]), m[1:]); err != nil {
					t.Error(err)
				}
			}
			synctest.Wait()
		}
		begin := append([]byte{0x08}, make([]byte, 16)...)
		first, endFirst := context.WithCancel(t.Context())
		defer endFirst()
		serve(first, begin, []byte{0x01, 0, 4, 1, 0, 0, 0, 0}, []byte{0x05, 'x'})
		second, revoked := context.WithCancel(t.Context())
		serve(second, begin)
		revoked()
		time.Sleep(4 * time.Second)
		synctest.Wait()
		want(t, rec, `+04 "x" -04`)
	})
}
