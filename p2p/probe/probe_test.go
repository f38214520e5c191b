package probe

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

func host(t *testing.T, h *Host) wire.Stream {
	a, b := p2ptest.Pipe(64 << 10)
	done := make(chan struct{})
	go func() { defer close(done); h.Serve(context.Background(), b) }()
	t.Cleanup(func() { a.Close(); <-done })
	return a
}

func TestBothDirectionsAreMeasured(t *testing.T) {
	h := NewHost(func() Self { return Self{UDP: "cone", Relays: 2, Version: "1\x1b[2J"} })
	self, err := Ask(t.Context(), host(t, h))
	if err != nil || self.UDP != "cone" || self.Relays != 2 || self.Version != "1?[2J" {
		t.Errorf("the host says %+v, %v", self, err)
	}
	for name, measure := range map[string]func(context.Context, wire.Stream, time.Duration) (Rate, error){"down": Down, "up": Up} {
		rate, err := measure(t.Context(), host(t, h), 50*time.Millisecond)
		if err != nil || rate.Bytes < piece || rate.Took <= 0 || rate.Mbit() <= 0 {
			t.Errorf("%s: %+v, %v", name, rate, err)
		}
	}
}

func TestOneQuestionAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHost(func() Self { return Self{} })
		h.busy <- struct{}{}
		for name, ask := range map[string]func() error{
			"ask":  func() error { _, err := Ask(t.Context(), host(t, h)); return err },
			"down": func() error { _, err := Down(t.Context(), host(t, h), time.Millisecond); return err },
		} {
			if err := ask(); !errors.Is(err, ErrBusy) {
				t.Errorf("%s: %v", name, err)
			}
		}
		time.AfterFunc(turn/2, func() { <-h.busy })
		if _, err := Ask(t.Context(), host(t, h)); err != nil {
			t.Errorf("a question that waits for the one before it: %v", err)
		}
	})
}

func TestASilentHostIsNotWaitedForWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := p2ptest.Pipe(64 << 10)
		defer b.Close()
		began := time.Now()
		if _, err := Down(t.Context(), a, time.Second); err == nil {
			t.Error("no error")
		}
		if waited := time.Since(began); waited > time.Minute {
			t.Errorf("waited for %v", waited)
		}
	})
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte(`{"udp":"cone","tcp":"","router":"forwards","relays":1}`))
	f.Add(Rate{1 << 20, time.Second}.append(nil))
	f.Add(appendTime(nil, time.Second))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := parseTime(b); err == nil && (d < 0 || d > maxTime) {
			t.Errorf("%v", d)
		}
		if r, err := parseRate(b); err == nil && (r.Bytes < 0 || r.Took < 0 || r.Mbit() < 0) {
			t.Errorf("%+v", r)
		}
		if s, err := parseSelf(b); err == nil && (len(s.Version) > 80 || s.Relays < 0) {
			t.Errorf("%+v", s)
		}
	})
}
