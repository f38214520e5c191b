package input_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"rac/input"
	"rac/input/inputtest"
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
