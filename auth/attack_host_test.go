package auth

// Hostile hosts: what a viewer does not let them do.

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// fakeHost answers a login with what f makes of the challenge, and returns how
// the viewer's login ended.
func fakeHost(t *testing.T, v *viewer, f func(r *wire.Reader, w *wire.Writer, hello []byte)) error {
	t.Helper()
	a, b := p2ptest.Pipe(64 << 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r, w := wire.NewReader(b, maxBody), wire.NewWriter(b, maxBody)
		typ, hello, err := r.Next()
		if err == nil && typ == msgHello {
			f(r, w, bytes.Clone(hello))
		}
		b.CloseWrite()
		io.Copy(io.Discard, b)
		b.Close()
	}()
	pass, err := LogIn(v.ctx, a, v.prover())
	if err == nil {
		pass.Close(Closed)
	}
	<-done
	return err
}

func nextProof(t *testing.T, r *wire.Reader) (m proofMsg) {
	for {
		typ, body, err := r.Next()
		if err != nil {
			t.Error(err)
			return m
		}
		if typ == msgProof {
			if err := parse(body, &m); err != nil {
				t.Error(err)
			}
			return m
		}
	}
}

func TestAHostCannotMakeAViewerStretchTooLittleOrTooMuch(t *testing.T) {
	for name, k := range map[string]kdfMsg{
		"little memory": {1 << 10, 3, 4, make(b64, 16)}, "huge memory": {4 << 20, 3, 4, make(b64, 16)},
		"one pass": {64 << 10, 1, 4, make(b64, 16)}, "many passes": {64 << 10, 1000, 4, make(b64, 16)},
		"no threads": {64 << 10, 3, 0, make(b64, 16)}, "many threads": {64 << 10, 3, 200, make(b64, 16)},
		"no salt": {64 << 10, 3, 4, nil}, "a huge salt": {64 << 10, 3, 4, make(b64, 3000)},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(h *house) {
				v := h.viewer(annaID, right)
				err := fakeHost(t, v, func(_ *wire.Reader, w *wire.Writer, _ []byte) {
					w.Write(msgChallenge, appendJSON(nil, &challengeMsg{Version: 1, Methods: []Method{ByPassword}, KDF: &k, Nonce: make(b64, nonceLen)}))
				})
				if !errors.Is(err, errRules) || len(v.questions) != 0 {
					t.Errorf("error %v after %d questions", err, len(v.questions))
				}
			})
		})
	}
}

// The fake host has the verifier of another password, or of the same one with
// the transcript of another host, and wants to learn something.
func TestAFakeHostGetsNoConfirmation(t *testing.T) {
	for name, idVerifier := range map[string]wire.PeerID{"a wrong verifier": hostID, "another host's transcript": "12D3KooWOther"} {
		t.Run(name, func(t *testing.T) {
			password := right
			if idVerifier == hostID {
				password = "another password"
			}
			text := hashed(t, password)
			story(t, func(h *house) {
				hash, err := parsePasswordHash(text)
				if err != nil {
					t.Fatal(err)
				}
				v := h.viewer(annaID, right)
				err = fakeHost(t, v, func(r *wire.Reader, w *wire.Writer, hello []byte) {
					challenge := appendJSON(nil, &challengeMsg{Version: 1, Methods: []Method{ByPassword}, KDF: hash.kdf.msg(), Nonce: make(b64, nonceLen)})
					w.Write(msgChallenge, challenge)
					bind := binding{context: transcriptHash(hello, challenge), idProver: string(annaID), idVerifier: string(idVerifier)}.of(ByPassword)
					m := nextProof(t, r)
					run, err := newSpakeVerifier(bind, hash.w0, hash.l, m.Share, randomScalar())
					if err != nil {
						t.Error(err)
						return
					}
					w.Write(msgProof, appendJSON(nil, &proofMsg{Method: ByPassword, Share: run.share, Confirm: run.confirm}))
					for {
						typ, body, err := r.Next()
						if err != nil {
							return
						}
						if typ == msgProof {
							t.Errorf("the viewer sent a further proof: %s", body)
						}
					}
				})
				if !errors.Is(err, &Refused{Code: CodePassword}) {
					t.Errorf("the viewer: %v", err)
				}
			})
		})
	}
}

func TestAHostCannotPlantATokenNorTakeOneAway(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID)
		err := fakeHost(t, v, func(r *wire.Reader, w *wire.Writer, _ []byte) {
			w.Write(msgChallenge, appendJSON(nil, &challengeMsg{Version: 1, Methods: []Method{ByAccept}, Nonce: make(b64, nonceLen)}))
			nextProof(t, r)
			w.Write(msgWelcome, appendJSON(nil, &welcomeMsg{
				Ticket: make(b64, 32), Resume: make(b64, 32), Perms: []string{"view", "levitate"}, Host: "\x1b[2Jden", Auth: "magic", Token: make(b64, 32),
			}))
		})
		if err != nil {
			t.Errorf("login: %v", err)
		}
		if v.saved != nil {
			t.Error("a token that was not asked for was stored")
		}
		err = fakeHost(t, v, func(r *wire.Reader, w *wire.Writer, _ []byte) {
			w.Write(msgChallenge, appendJSON(nil, &challengeMsg{Version: 1, Methods: []Method{ByAccept}, Nonce: make(b64, nonceLen)}))
			w.Write(msgRefused, appendJSON(nil, &refusedMsg{Code: CodeTokenDead, Again: true}))
		})
		if !errors.Is(err, errRules) || v.dropped != 0 {
			t.Errorf("login: %v; dropped %d", err, v.dropped)
		}
	})
}

func TestAHostCannotOpenPromptUponPrompt(t *testing.T) {
	for name, flood := range map[string]wire.Type{"wrong password": msgRefused, "asking": msgAsking, "proof": msgProof} {
		t.Run(name, func(t *testing.T) {
			story(t, func(h *house) {
				v := h.viewer(annaID)
				v.human = true
				err := fakeHost(t, v, func(r *wire.Reader, w *wire.Writer, _ []byte) {
					w.Write(msgChallenge, appendJSON(nil, &challengeMsg{
						Version: 1, Methods: []Method{ByPassword, ByAccept}, KDF: newKDF().msg(), Nonce: make(b64, nonceLen),
					}))
					for range 3 {
						for _, m := range bodies()[flood] {
							if refused, ok := m.(*refusedMsg); ok {
								refused.Code, refused.RetryAfter = CodePassword, 0
							}
							w.Write(flood, appendJSON(nil, m))
						}
					}
				})
				if !errors.Is(err, errRules) || len(v.questions) != 1 {
					t.Errorf("error %v after %d prompts", err, len(v.questions))
				}
			})
		})
	}
}

func TestAHostCannotSayWhatTheViewerDecides(t *testing.T) {
	for _, r := range []Reason{Lost, Closed, "you won"} {
		if got := hostReason(r); got != Stopped {
			t.Errorf("%q becomes %q", r, got)
		}
	}
}
