package auth

// The house of the stories: a host with a config in memory, viewers with
// identities of their own, and lines between them.

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rac/auth/config"
	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

const (
	hostID  = wire.PeerID("12D3KooWHost")
	annaID  = wire.PeerID("12D3KooWAnna")
	thiefID = wire.PeerID("12D3KooWThief")
	right   = "correct horse 7 staple"
)

// person answers for a human at the host.
type person struct {
	mu      sync.Mutex
	away    bool
	answers chan Answer
	seen    []Request
}

func (p *person) CanAsk() bool { return !p.away }

func (p *person) Ask(ctx context.Context, r Request) (Answer, error) {
	p.mu.Lock()
	p.seen = append(p.seen, r)
	p.mu.Unlock()
	select {
	case a := <-p.answers:
		return a, nil
	case <-ctx.Done():
		return Refuse, ctx.Err()
	}
}

func (p *person) requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

type house struct {
	t      *testing.T
	store  *memory
	person *person
	gate   *Gate
	ctx    context.Context
	log    *logs

	mu     sync.Mutex
	events []Event
	wg     sync.WaitGroup
}

// logs keeps what was logged, to be searched.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func secretOf(id wire.PeerID) func(string) []byte {
	return func(label string) []byte {
		sum := sha256.Sum256([]byte("key of " + string(id) + label))
		return sum[:]
	}
}

// story runs in virtual time, with a host that has the right password set.
func story(t *testing.T, f func(h *house)) {
	t.Helper()
	hash := hashed(t, right)
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, hash)
		f(h)
		h.gate.Shutdown(h.ctx, Stopped)
		h.wg.Wait()
		synctest.Wait()
		if n := h.gate.slotsTaken(); n != 0 {
			t.Errorf("%d places are still taken at the end", n)
		}
		if h.gate.asks() {
			t.Error("a person is still being asked at the end")
		}
		for _, secret := range []string{right, hash} {
			if strings.Contains(h.log.String(), secret) {
				t.Errorf("the log holds a secret: %s", h.log)
			}
		}
	})
}

func newHouse(t *testing.T, hash string) *house {
	c := config.Default()
	c.Unattended.PasswordHash = hash
	h := &house{
		t: t, store: &memory{c: &c}, person: &person{answers: make(chan Answer)}, ctx: context.Background(), log: &logs{},
	}
	h.gate = NewGate(Options{
		Store: h.store, Self: hostID, Name: "den", Secret: secretOf(hostID), Asker: h.person,
		Log: slog.New(slog.NewTextHandler(h.log, nil)), Observe: h.observe,
	})
	return h
}

// asks reports whether a request waits for a person at this computer.
func (g *Gate) asks() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asking > 0
}

func (g *Gate) slotsTaken() int {
	g.slots.mu.Lock()
	defer g.slots.mu.Unlock()
	return len(g.slots.taken)
}

func (h *house) observe(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

func (h *house) edit(f func(*config.Config)) {
	h.store.change(f)
	h.gate.Reload()
}

// told returns the events so far.
func (h *house) told() []Event {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.events)
}

// line opens a login stream from a peer and returns its end.
func (h *house) line(from wire.PeerID) wire.Stream { return h.stream(from, h.gate.Serve) }

func (h *house) stream(from wire.PeerID, handler wire.Handler) wire.Stream {
	a, b := p2ptest.Pipe(64 << 10)
	h.wg.Go(func() {
		handler(h.ctx, from, b)
		b.Close()
	})
	return a
}

// ended waits for a session to end, and must see this reason within a second.
func (h *house) ended(pass *Pass, want Reason) {
	h.t.Helper()
	select {
	case <-pass.Done():
	case <-time.After(time.Second):
		h.t.Fatalf("the session is still there after a second, want %s", want)
	}
	if !errors.Is(pass.Err(), &Ended{want}) {
		h.t.Errorf("the session ended with %v, want %s", pass.Err(), want)
	}
}

// stays must see the session live two seconds later.
func (h *house) stays(pass *Pass) {
	h.t.Helper()
	select {
	case <-pass.Done():
		h.t.Errorf("the session ended: %v", pass.Err())
	case <-time.After(2 * time.Second):
	}
}
