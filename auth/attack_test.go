package auth

// Hostile clients, hostile hosts, thieves.

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"rac/auth/config"
	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

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

// a client that does everything right, by hand: the other tests leave it.
func TestTheHandmadeClientGetsIn(t *testing.T) {
	story(t, func(h *house) {
		r := h.raw(annaID)
		r.say(msgProof, &proofMsg{Method: ByPassword, Confirm: r.spake(annaID, right)})
		if typ, _, err := r.next(); typ != msgWelcome || err != nil {
			t.Errorf("message 0x%02x, error %v", uint8(typ), err)
		}
		r.s.Close()
	})
}

func TestAModifiedClientGetsNoTokenWhereSavingIsForbidden(t *testing.T) {
	story(t, func(h *house) {
		r := h.raw(thiefID)
		r.say(msgProof, &proofMsg{Method: ByPassword, Confirm: r.spake(thiefID, right), Save: true})
		typ, body, err := r.next()
		var m welcomeMsg
		if err != nil || typ != msgWelcome || parse(body, &m) != nil {
			t.Fatalf("message 0x%02x, error %v", uint8(typ), err)
		}
		if len(m.Token) != 0 {
			t.Error("it got a token")
		}
		r.say(msgSaved, &savedMsg{OK: true})
		typ, body, _ = r.next()
		var saved savedMsg
		if typ != msgSaved || parse(body, &saved) != nil || saved.OK || len(h.store.c.Tokens) != 0 {
			t.Errorf("the host stored something: %+v", saved)
		}
		if !strings.Contains(h.log.String(), "does not allow") {
			t.Error("nothing in the log")
		}
		r.s.Close()
	})
}

func TestATokenIsWrittenOnceAndOnlyIfSavingIsStillAllowed(t *testing.T) {
	story(t, func(h *house) {
		h.edit(func(c *config.Config) { c.Unattended.AllowSaveLogin = true })
		r := h.raw(annaID)
		r.say(msgProof, &proofMsg{Method: ByPassword, Confirm: r.spake(annaID, right), Save: true})
		r.next()
		h.edit(func(c *config.Config) { c.Unattended.AllowSaveLogin = false })
		r.say(msgSaved, &savedMsg{OK: true})
		if _, body, _ := r.next(); !bytes.Contains(body, []byte("false")) {
			t.Errorf("saved: %s", body)
		}
		h.edit(func(c *config.Config) { c.Unattended.AllowSaveLogin = true })
		r.say(msgSaved, &savedMsg{OK: true})
		if _, body, _ := r.next(); !bytes.Contains(body, []byte("false")) || len(h.store.c.Tokens) != 0 {
			t.Errorf("saved the second time: %s", body)
		}
		r.s.Close()
	})
}

// Each line is what a client says; none of them may get in.
func TestMessagesSkippedDoubledAndOutOfOrder(t *testing.T) {
	token := func() *proofMsg { return &proofMsg{Method: ByToken, Token: make(b64, 32)} }
	share := func() *proofMsg {
		return &proofMsg{Method: ByPassword, Share: newSpakeProver(binding{}, make([]byte, 32), make([]byte, 32), randomScalar()).share}
	}
	confirm := func() *proofMsg { return &proofMsg{Method: ByPassword, Confirm: make(b64, 32)} }
	for name, say := range map[string]func(r *raw){
		"a proof before hello":      func(r *raw) { r.say(msgProof, confirm()) },
		"a ping before hello":       func(r *raw) { r.say(msgPing, &pingMsg{}) },
		"welcome from the client":   func(r *raw) { r.say(msgWelcome, &welcomeMsg{Ticket: make(b64, 32), Resume: make(b64, 32)}) },
		"confirm without a share":   func(r *raw) { r.hello(); r.say(msgProof, confirm()) },
		"hello twice":               func(r *raw) { r.hello(); r.hello() },
		"resume after hello":        func(r *raw) { r.hello(); r.say(msgResume, &resumeMsg{make(b64, 32), make(b64, 32)}) },
		"saved before the welcome":  func(r *raw) { r.hello(); r.say(msgSaved, &savedMsg{true}) },
		"a code nobody asked for":   func(r *raw) { r.hello(); r.say(msgProof, &proofMsg{Method: methodCode, Code: "123456"}) },
		"two tokens":                func(r *raw) { r.hello(); r.say(msgProof, token()); r.say(msgProof, token()) },
		"a token that is too short": func(r *raw) { r.hello(); r.say(msgProof, &proofMsg{Method: ByToken, Token: make(b64, 31)}) },
		"both halves at once": func(r *raw) {
			r.hello()
			m := share()
			m.Confirm = confirm().Confirm
			r.say(msgProof, m)
		},
		"confirm twice": func(r *raw) {
			r.hello()
			r.say(msgProof, share())
			r.say(msgProof, confirm())
			r.say(msgProof, confirm())
		},
		"a share that is no point": func(r *raw) {
			r.hello()
			r.say(msgProof, &proofMsg{Method: ByPassword, Share: make(b64, 65)})
		},
		"a method of its own": func(r *raw) { r.hello(); r.say(msgProof, &proofMsg{Method: "please"}) },
		"a permission of its own": func(r *raw) {
			r.say(msgHello, &helloMsg{Version: 1, Wants: []string{"root"}, Methods: []Method{}, Nonce: make(b64, nonceLen)})
		},
		"a hello without a nonce": func(r *raw) { r.say(msgHello, &helloMsg{Version: 1, Wants: []string{}, Methods: []Method{}}) },
		"no JSON":                 func(r *raw) { r.w.Write(msgHello, []byte("GET / HTTP/1.1")) },
		"an unknown key":          func(r *raw) { r.w.Write(msgHello, []byte(`{"version":1,"admin":true}`)) },
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(h *house) {
				h.edit(func(c *config.Config) { c.Attended.Mode = config.Never })
				r := h.raw(thiefID)
				say(r)
				r.wantRefused(CodeProtocol, false)
				r.s.Close()
				if len(h.gate.Sessions()) != 0 {
					t.Error("it is in")
				}
			})
		})
	}
}

func TestAMessageThatIsTooLongEndsTheLogin(t *testing.T) {
	story(t, func(h *house) {
		r := h.raw(thiefID)
		r.s.Write([]byte{byte(msgHello), 0, 0, 0x20, 1})
		r.wantEnd()
	})
}

func TestAConfirmationIsGoodOnOneLineOnly(t *testing.T) {
	story(t, func(h *house) {
		first := h.raw(annaID)
		confirm := first.spake(annaID, right)
		first.say(msgProof, &proofMsg{Method: ByPassword, Confirm: confirm})
		if typ, _, _ := first.next(); typ != msgWelcome {
			t.Fatal("not let in")
		}
		replay := h.raw(annaID)
		replay.spake(annaID, "wrong")
		replay.say(msgProof, &proofMsg{Method: ByPassword, Confirm: confirm})
		replay.wantRefused(CodePassword, true)
		replay.s.Close()
		first.s.Close()
	})
}

func TestARightPasswordUnderAnotherNameIsWrong(t *testing.T) {
	story(t, func(h *house) {
		r := h.raw(thiefID) // the connection knows the thief; his messages say anna
		r.say(msgProof, &proofMsg{Method: ByPassword, Confirm: r.spake(annaID, right)})
		r.wantRefused(CodePassword, true)
		r.s.Close()
	})
}

func TestAPasswordThatWasChangedDuringTheLoginIsWrong(t *testing.T) {
	story(t, func(h *house) {
		other := hashed(t, "another password")
		for name, edit := range map[string]struct {
			f    func(*config.Config)
			want Code
		}{
			"changed":  {func(c *config.Config) { c.Unattended.PasswordHash = other }, CodePassword},
			"disabled": {func(c *config.Config) { c.Unattended.Enabled = false }, CodeSuspended},
			"list":     {func(c *config.Config) { c.Network.Allow = []string{"12D3KooWOther"} }, CodeNotAllowed},
		} {
			before := h.store.c
			r := h.raw(annaID)
			confirm := r.spake(annaID, right)
			h.edit(edit.f)
			r.say(msgProof, &proofMsg{Method: ByPassword, Confirm: confirm})
			t.Log(name)
			r.wantRefused(edit.want, false)
			r.s.Close()
			h.edit(func(c *config.Config) { *c = *before })
			time.Sleep(time.Second)
		}
	})
}

func TestThosWhoAreNotOnTheListAreNotRead(t *testing.T) {
	story(t, func(h *house) {
		h.edit(func(c *config.Config) { c.Network.Allow = []string{string(annaID)} })
		a, b := p2ptest.Pipe(1 << 10)
		if err := h.gate.Serve(h.ctx, thiefID, &unread{t, b}); err != nil {
			t.Error(err)
		}
		typ, body, _ := wire.NewReader(a, maxBody).Next()
		var m refusedMsg
		if typ != msgRefused || parse(body, &m) != nil || m.Code != CodeNotAllowed {
			t.Errorf("message 0x%02x: %s", uint8(typ), body)
		}
		h.viewer(annaID, right).in().Close(Closed)
	})
}

type unread struct {
	t *testing.T
	wire.Stream
}

func (u *unread) Read([]byte) (int, error) { u.t.Error("the stream was read"); return 0, io.EOF }

func TestASlowClientIsNotWaitedFor(t *testing.T) {
	for name, dribble := range map[string]func(r *raw){
		"says nothing": func(r *raw) {},
		"a byte a second": func(r *raw) {
			for _, b := range []byte{byte(msgHello), 0, 0, 1, 0, '{', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '} {
				r.s.Write([]byte{b})
				time.Sleep(time.Second)
			}
		},
		"greets and thinks":           func(r *raw) { r.hello() },
		"greets and pings, but never": func(r *raw) { r.hello(); ping(r, 40) },
		"types for ever": func(r *raw) {
			r.say(msgHello, &helloMsg{Version: 1, Wants: []string{}, Methods: []Method{}, Nonce: make(b64, nonceLen), Person: true})
			ping(r, 300)
		},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(h *house) {
				r := h.raw(thiefID)
				start := time.Now()
				go func() { dribble(r) }()
				r.wantEnd()
				if took := time.Since(start); took > typingTime || name != "types for ever" && took > loginTime {
					t.Errorf("waited %v", took)
				}
				r.s.Close()
				time.Sleep(5 * time.Minute)
			})
		})
	}
}

func ping(r *raw, n int) {
	for range n {
		time.Sleep(time.Second)
		if r.w.Write(msgPing, []byte(`{"n":1}`)) != nil {
			return
		}
	}
}

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

func TestACopiedSavedLoginIsFoundOutWhenEitherIsUsedAfterADay(t *testing.T) {
	for name, thiefFirst := range map[string]bool{"the thief first": true, "the owner first": false} {
		t.Run(name, func(t *testing.T) {
			story(t, func(h *house) {
				owner := h.savedLogin(annaID)
				owner.typed = nil
				copied := *owner.saved // the whole folder, identity key and all
				thief := h.viewer(annaID)
				thief.saved = &copied
				first, second := owner, thief
				if thiefFirst {
					first, second = thief, owner
				}
				time.Sleep(25 * time.Hour)
				live := first.in() // gets the next token
				time.Sleep(2 * time.Minute)
				second.out(CodeTokenDead)
				h.ended(live, Revoked)
				first.out(CodeTokenDead)
				if len(h.store.c.Tokens) != 0 || !strings.Contains(h.log.String(), "token_reuse") {
					t.Errorf("%d tokens are left; the log: %s", len(h.store.c.Tokens), h.log)
				}
			})
		})
	}
}

func TestRotationSurvivesALineThatBreaksInBetween(t *testing.T) {
	story(t, func(h *house) {
		v := h.savedLogin(annaID)
		v.typed = nil
		old := *v.saved
		for day := range 3 { // the new token never arrives, or is never stored
			time.Sleep(25 * time.Hour)
			p := v.prover()
			p.SaveLogin = func(Secret) error { return errors.New("no space left on device") }
			pass, err := LogIn(h.ctx, h.line(annaID), p)
			if err != nil {
				t.Fatalf("day %d: %v", day, err)
			}
			pass.Close(Closed)
		}
		time.Sleep(25 * time.Hour)
		v.in().Close(Closed) // stored now, but the host may not have heard
		if *v.saved == old {
			t.Fatal("the token was not rotated")
		}
		for range 3 {
			v.in().Close(Closed)
			time.Sleep(25 * time.Hour)
		}
		if v.dropped != 0 {
			t.Error("the saved login was lost on the way")
		}
	})
}

func TestTwoLoginsAtOnceWithATokenThatIsDueAreNoTheft(t *testing.T) {
	story(t, func(h *house) {
		v := h.savedLogin(annaID)
		v.typed = nil
		time.Sleep(25 * time.Hour)
		twin := h.viewer(annaID)
		old := *v.saved
		twin.saved = &old
		one, two := v.in(), twin.in()
		h.stays(one)
		two.Close(Closed)
		one.Close(Closed)
	})
}

func TestTheLogNamesNoTokenOrTicket(t *testing.T) {
	story(t, func(h *house) {
		v := h.savedLogin(annaID)
		v.typed = nil
		pass := v.in()
		for name, s := range map[string]Secret{"token": *v.saved, "ticket": pass.ticket} {
			if strings.Contains(h.log.String(), s.encode()) {
				t.Errorf("the %s is in the log", name)
			}
		}
		pass.Close(Closed)
	})
}
