package auth

// The computers that come to the house: viewers, and one that keeps to no rules.

import (
	"context"
	"errors"
	"io"
	"testing/synctest"
	"time"

	"rac/auth/config"
	"rac/p2p/wire"
)

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

// spake runs a password login by hand up to the host's half, and returns the
// confirmation that would complete it.
func (r *raw) spake(id wire.PeerID, password string) (confirm []byte) {
	r.t.Helper()
	hello := appendJSON(nil, r.hello())
	t, challenge, err := r.next()
	if err != nil || t != msgChallenge {
		r.t.Fatalf("message 0x%02x, error %v; want a challenge", uint8(t), err)
	}
	var m challengeMsg
	if err := parse(challenge, &m); err != nil {
		r.t.Fatal(err)
	}
	k, err := m.KDF.kdf()
	if err != nil {
		r.t.Fatal(err)
	}
	w0, w1 := remembered(k, Password(password))
	bind := binding{context: transcriptHash(hello, challenge), idProver: string(id), idVerifier: string(hostID)}.of(ByPassword)
	p := newSpakeProver(bind, w0, w1, randomScalar())
	r.say(msgProof, &proofMsg{Method: ByPassword, Share: p.share})
	t, body, err := r.next()
	if err != nil || t != msgProof {
		r.t.Fatalf("message 0x%02x, error %v; want a proof", uint8(t), err)
	}
	var proof proofMsg
	if err := parse(body, &proof); err != nil {
		r.t.Fatal(err)
	}
	if confirm, err = p.finish(proof.Share, proof.Confirm); err != nil {
		return make([]byte, 32)
	}
	return confirm
}

func ping(r *raw, n int) {
	for range n {
		time.Sleep(time.Second)
		if r.w.Write(msgPing, []byte(`{"n":1}`)) != nil {
			return
		}
	}
}
