package p2p

import (
	"context"
	"testing"
	"time"
)

// A relay that has much to do is late with its answer, and its system goes on to say what
// has arrived.
func TestOverTCPAnAnswerIsWaitedForWhileSomethingComesIn(t *testing.T) {
	host := start(t, Options{})
	host.Handle(echo, serveEcho)
	viewer := start(t, Options{Role: Connector})
	c := dial(t, viewer, at(host, "tcp"))
	s := open(t, c, echo)
	const silence = 500 * time.Millisecond
	waiting, cancel := whileHeard(silence, silence)(t.Context(), viewer.best(c.id))
	defer cancel()
	var longest time.Duration // without anything; on a busy machine that may be too long
	for began := time.Now(); time.Since(began) < 3*silence; {
		asked := time.Now()
		say(t, s, "something")
		longest = max(longest, time.Since(asked))
	}
	if waiting.Err() != nil && longest < silence {
		t.Error("it is given up while something comes in")
	}
	<-waiting.Done()
	if waiting.Err() != context.Canceled {
		t.Errorf("it is given up after %v, not when nothing came in any more", lateTime)
	}
}
