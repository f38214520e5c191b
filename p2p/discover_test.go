package p2p

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestABareIDIsFoundOnThisMachine(t *testing.T) {
	host := start(t, Options{LAN: true})
	host.Handle(echo, serveEcho)
	viewer := start(t, Options{Role: Connector, LAN: true})
	began := time.Now()
	c := dial(t, viewer, Target{ID: host.ID()})
	took, p := time.Since(began), c.Path()
	t.Logf("found and connected after %v, %s over %s", took, p, p.Transport)
	if took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
	if p.Transport != "tcp" && took < quicHandicap { // a busy machine may need all of that for TCP
		t.Errorf("connected over %s, want tcp", p.Transport)
	}
	say(t, open(t, c, echo), "hello")
}

func TestAHostThatStartsLaterIsFoundWhenItComes(t *testing.T) {
	viewer := start(t, Options{Role: Connector, LAN: true})
	id := newIdentity(t)
	found := make(chan error)
	go func() {
		_, err := viewer.Dial(t.Context(), Target{ID: id.ID()})
		found <- err
	}()
	start(t, Options{Identity: id, LAN: true})
	if err := <-found; err != nil {
		t.Error(err)
	}
}

func TestAnIDThatNobodyHasIsNotFound(t *testing.T) {
	viewer := start(t, Options{Role: Connector, LAN: true})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := viewer.Dial(ctx, Target{ID: newIdentity(t).ID()}); !errors.Is(err, ErrUnreachable) {
		t.Errorf("dial: %v, want ErrUnreachable", err)
	}
}
