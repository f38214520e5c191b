package auth

// Hostile clients: none of them gets in.

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"rac/auth/config"
	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// A client that does everything right, by hand: the other tests leave it.
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

func TestWhoIsNotOnTheListIsNotRead(t *testing.T) {
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

// A password's run must not be confirmed as an invite's, nor the other way round.
func TestOneSecretsRunIsNotConfirmedAsTheOthers(t *testing.T) {
	story(t, func(h *house) {
		h.invited(AllPerms)
		r := h.raw(thiefID)
		r.say(msgProof, &proofMsg{Method: ByInvite, Confirm: r.spake(thiefID, right)})
		r.wantRefused(CodeProtocol, false)
		r.s.Close()
	})
}
