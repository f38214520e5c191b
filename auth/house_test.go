package auth

// The house of the stories: a host with a config in memory, viewers with
// identities of their own, and lines between them.

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
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

// memory is a Store without a file.
type memory struct {
	mu   sync.Mutex
	c    *config.Config
	err  error // of Load
	full error // of a write
}

func (m *memory) Load() (*config.Config, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.c, m.err
}

// change is what an editor does.
func (m *memory) change(f func(*config.Config)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := *m.c
	c.Tokens, c.Network.Allow = slices.Clone(c.Tokens), slices.Clone(c.Network.Allow)
	f(&c)
	m.c = &c
}

func (m *memory) write(f func(*config.Config) error) (err error) {
	if m.full != nil {
		return m.full
	}
	m.change(func(c *config.Config) { err = f(c) })
	return err
}

func (m *memory) SaveToken(t config.Token, passwordHash string) error {
	return m.write(func(c *config.Config) error {
		if !c.Unattended.AllowSaveLogin || c.Unattended.PasswordHash != passwordHash {
			return errOvertaken
		}
		c.Tokens = append(slices.DeleteFunc(c.Tokens, func(o config.Token) bool { return o.Client == t.Client }), t)
		return nil
	})
}

func (m *memory) ResealToken(client wire.PeerID, old, new string) error {
	return m.write(func(c *config.Config) error {
		t := c.Token(string(client))
		if t == nil || t.Sealed != old {
			return errOvertaken
		}
		t.Sealed = new
		return nil
	})
}

func (m *memory) BurnRecoveryCode(hash string) error {
	return m.write(func(c *config.Config) error {
		i := slices.Index(c.Unattended.RecoveryCodes, hash)
		if i < 0 {
			return errOvertaken
		}
		c.Unattended.RecoveryCodes = slices.Delete(slices.Clone(c.Unattended.RecoveryCodes), i, i+1)
		return nil
	})
}

func (m *memory) DropToken(client wire.PeerID) error {
	return m.write(func(c *config.Config) error {
		c.Tokens = slices.DeleteFunc(c.Tokens, func(o config.Token) bool { return o.Client == string(client) })
		return nil
	})
}

// hashes keeps the tests from running argon2id for each house.
var hashes sync.Map

func hashed(t testing.TB, password string) string {
	t.Helper()
	if h, ok := hashes.Load(password); ok {
		return h.(string)
	}
	h, err := NewPasswordHash(Password(password))
	if err != nil {
		t.Fatal(err)
	}
	hashes.Store(password, h)
	return h
}

var stretched sync.Map

// remembered is argon2id, once for each password and salt.
func remembered(k kdf, p Password) (w0, w1 []byte) {
	key := string(p) + "/" + string(k.Salt)
	if known, ok := stretched.Load(key); ok {
		return known.([2][]byte)[0], known.([2][]byte)[1]
	}
	w0, w1 = k.stretch(p)
	stretched.Store(key, [2][]byte{w0, w1})
	return w0, w1
}

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

// viewer is one computer that connects.
type viewer struct {
	*house
	id        wire.PeerID
	saved     *Secret // its store
	remember  bool
	typed     []string // passwords, in order
	codes     []string
	human     bool
	questions []Question
	notices   []Notice
	savedErr  []error
	dropped   int
	wants     Perms
	perms     []Perms
	onType    func(ctx context.Context) error
}

func (h *house) viewer(id wire.PeerID, passwords ...string) *viewer {
	return &viewer{house: h, id: id, typed: passwords}
}

func (v *viewer) prover() Prover {
	p := Prover{
		Self: v.id, Host: hostID, Name: "laptop of " + string(v.id), Wants: v.wants, Person: v.human,
		DropLogin: func() { v.dropped++; v.saved = nil },
		SaveLogin: func(s Secret) error { v.saved = &s; return nil },
		Notice:    func(n Notice) { v.notices = append(v.notices, n) },
		OnSaved:   func(err error) { v.savedErr = append(v.savedErr, err) },
		OnPerms:   func(ps Perms) { v.perms = append(v.perms, ps) },
		stretch:   remembered,
	}
	if v.saved != nil {
		p.SavedLogin = func() (Secret, bool) { return *v.saved, true }
	}
	if v.typed != nil || v.human {
		p.Password = v.password
	}
	if v.codes != nil {
		p.Code = func(_ context.Context, q Question) (string, error) {
			v.questions = append(v.questions, q)
			if len(v.codes) == 0 {
				return "", ErrNoPassword
			}
			code := v.codes[0]
			v.codes = v.codes[1:]
			return code, nil
		}
	}
	return p
}

func (v *viewer) password(ctx context.Context, q Question) (Typed, error) {
	v.questions = append(v.questions, q)
	if v.onType != nil {
		if err := v.onType(ctx); err != nil {
			return Typed{}, err
		}
	}
	if len(v.typed) == 0 {
		if v.human {
			<-ctx.Done()
			return Typed{}, ctx.Err()
		}
		return Typed{}, ErrNoPassword
	}
	p := v.typed[0]
	v.typed = v.typed[1:]
	return Typed{Password: Password(p), Remember: v.remember}, nil
}

func (v *viewer) logIn() (*Pass, error) { return LogIn(v.ctx, v.line(v.id), v.prover()) }

// in logs in and must be let in.
func (v *viewer) in() *Pass {
	v.t.Helper()
	pass, err := v.logIn()
	if err != nil {
		v.t.Fatalf("%s is not let in: %v\n%s", v.id, err, v.log)
	}
	return pass
}

// out logs in and must be refused.
func (v *viewer) out(want Code) *Refused {
	v.t.Helper()
	pass, err := v.logIn()
	if err == nil {
		pass.Close(Closed)
		v.t.Fatalf("%s is let in by %s, want refused: %s", v.id, pass.Auth, want)
	}
	var refused *Refused
	if !errors.As(err, &refused) || refused.Code != want {
		v.t.Fatalf("%s: %v, want refused: %s\n%s", v.id, err, want, v.log)
	}
	synctest.Wait() // until the host has cleared its place at the door, too
	return refused
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

// savedLogin logs in by password and keeps the login.
func (h *house) savedLogin(id wire.PeerID) *viewer {
	h.t.Helper()
	h.edit(func(c *config.Config) { c.Unattended.AllowSaveLogin = true })
	v := h.viewer(id, right)
	v.remember = true
	pass := v.in()
	time.Sleep(100 * time.Millisecond)
	synctest.Wait()
	pass.Close(Closed)
	if v.saved == nil || len(v.savedErr) != 1 || v.savedErr[0] != nil {
		h.t.Fatalf("the login was not saved: %v", v.savedErr)
	}
	return v
}

// raw is a viewer that keeps to no rules.
type raw struct {
	*house
	s wire.Stream
	w *wire.Writer
	r *wire.Reader
}

func (h *house) raw(from wire.PeerID) *raw {
	s := h.line(from)
	return &raw{h, s, wire.NewWriter(s, maxBody), wire.NewReader(s, maxBody)}
}

func (r *raw) say(t wire.Type, m any) { r.w.Write(t, appendJSON(nil, m)) }

func (r *raw) hello() *helloMsg {
	m := &helloMsg{Version: 1, Name: "raw", Wants: []string{}, Methods: []Method{}, Nonce: make(b64, nonceLen)}
	r.say(msgHello, m)
	return m
}

// next returns the next message that is no pong, or the end.
func (r *raw) next() (wire.Type, []byte, error) {
	for {
		t, body, err := r.r.Next()
		if err != nil || t != msgPong {
			return t, body, err
		}
	}
}

// wantRefused reads up to a refusal and checks it.
func (r *raw) wantRefused(want Code, again bool) {
	r.t.Helper()
	for {
		t, body, err := r.next()
		if err != nil {
			r.t.Fatalf("the host ended the line (%v), want refused: %s", err, want)
		}
		if t != msgRefused {
			continue
		}
		var m refusedMsg
		if err := parse(body, &m); err != nil {
			r.t.Fatal(err)
		}
		if m.Again && !again {
			continue // the last word is still to come
		}
		if m.Code != want || m.Again != again {
			r.t.Fatalf("refused: %s, again %t; want %s, %t", m.Code, m.Again, want, again)
		}
		return
	}
}

// wantEnd reads until the host closes.
func (r *raw) wantEnd() {
	r.t.Helper()
	for {
		if _, _, err := r.next(); err != nil {
			if err != io.EOF && !errors.Is(err, io.ErrClosedPipe) && err != io.ErrUnexpectedEOF {
				r.t.Errorf("the line ended with %v", err)
			}
			return
		}
	}
}
