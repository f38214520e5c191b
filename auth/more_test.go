package auth

// Stories at the edges: what happens when two things meet.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rac/auth/config"
	"rac/p2p/wire"
)

func TestAFloodThatComesWhileThePasswordIsTypedCostsAPuzzle(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID, right)
		v.onType = func(context.Context) error {
			h.gate.limits.mu.Lock()
			defer h.gate.limits.mu.Unlock()
			h.gate.limits.all = bucket{used: 1000, at: time.Now()}
			return nil
		}
		v.in().Close(Closed)
		if len(v.notices) != 1 || v.notices[0].Code != CodeThrottled {
			t.Errorf("notices: %+v", v.notices)
		}
	})
}

func TestWhoClosesThePromptMayStillBeAccepted(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID)
		v.human = true
		v.onType = func(context.Context) error { return ErrNoPassword }
		go func() { time.Sleep(time.Second); h.person.answers <- AllowControl }()
		v.in().Close(Closed)
		go func() { time.Sleep(time.Second); h.person.answers <- Refuse }()
		v.out(CodeDenied)
		h.edit(func(c *config.Config) { c.Attended.Mode = config.Never })
		v.out(CodeNeedsPassword)
		v.onType = func(context.Context) error { return errors.New("the terminal is gone") }
		if _, err := v.logIn(); err == nil || err.Error() != "the terminal is gone" {
			t.Errorf("login: %v", err)
		}
	})
}

func TestSessionsThatAreLostMakeRoomForNewOnes(t *testing.T) {
	story(t, func(h *house) {
		for i := range maxSessions {
			s := &session{peer: wire.PeerID(fmt.Sprint("12D3KooWLost", i)), wants: AllPerms, basis: basis{method: ByAccept, granted: AllPerms}}
			if err := h.gate.admit(s, newSecret()); err != nil {
				t.Fatal(err)
			}
			if i > 0 {
				h.gate.lose(s, 1)
			}
			time.Sleep(time.Second)
		}
		pass := h.viewer(annaID, right).in()
		infos := h.gate.Sessions()
		if len(infos) != maxSessions || infos[0].Peer != "12D3KooWLost0" || infos[1].Peer != "12D3KooWLost2" {
			t.Errorf("%d sessions, the oldest are %s and %s", len(infos), infos[0].Peer, infos[1].Peer)
		}
		pass.Close(Closed)
	})
}

func TestWhenAllSessionsAreLiveTheNextIsRefused(t *testing.T) {
	story(t, func(h *house) {
		for i := range maxSessions {
			s := &session{peer: wire.PeerID(fmt.Sprint(i)), wants: AllPerms, basis: basis{method: ByAccept, granted: AllPerms}}
			if err := h.gate.admit(s, newSecret()); err != nil {
				t.Fatal(err)
			}
		}
		h.viewer(annaID, right).out(CodeBusy)
	})
}

func TestAnInviteOutOfOrder(t *testing.T) {
	for name, say := range map[string]func(r *raw){
		"where none is open": func(r *raw) { r.say(msgProof, &proofMsg{Method: ByInvite, Share: make(b64, 65)}) },
		"confirmed without share": func(r *raw) {
			r.gate.Invite(AllPerms, time.Minute)
			r.say(msgProof, &proofMsg{Method: ByInvite, Confirm: make(b64, 32)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(h *house) {
				r := h.raw(thiefID)
				r.hello()
				r.next()
				say(r)
				r.wantRefused(CodeProtocol, false)
				r.s.Close()
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

func TestAWrongConfirmationSpendsTheInviteToo(t *testing.T) {
	story(t, func(h *house) {
		code := h.invited(AllPerms)
		share := newSpakeProver(binding{}, make([]byte, 32), make([]byte, 32), randomScalar()).share
		for range inviteTries {
			r := h.raw(thiefID)
			r.hello()
			r.say(msgProof, &proofMsg{Method: ByInvite, Share: share})
			r.say(msgProof, &proofMsg{Method: ByInvite, Confirm: make(b64, 32)})
			r.wantRefused(CodePassword, true)
			r.s.Close()
			synctest.Wait()
		}
		h.viewer(annaID, code).out(CodePassword)
	})
}

func TestAnObserverThatBlocksHoldsUpNobody(t *testing.T) {
	story(t, func(h *house) {
		stuck := make(chan struct{})
		h.gate.o.Observe = func(Event) { <-stuck }
		for range 3 {
			h.viewer(annaID, right).in().Close(Closed)
			synctest.Wait()
		}
		close(stuck)
	})
}

func TestAFloodOfDenialsHidesNoSession(t *testing.T) {
	story(t, func(h *house) {
		began, blocked := false, make(chan struct{})
		h.gate.o.Observe = func(e Event) {
			<-blocked
			began = began || e.Kind == EventSessionStart
		}
		for n := range 2 * maxUntold {
			h.gate.observe(Event{Kind: EventDenied, Peer: thiefID, Code: CodePassword})
			if n == 0 {
				synctest.Wait() // the observer has it, and blocks
			}
		}
		pass := h.viewer(annaID, right).in()
		close(blocked)
		synctest.Wait()
		if !began {
			t.Error("nobody was told that a session began")
		}
		pass.Close(Closed)
	})
}

func TestAWrongPasswordIsRecordedBeforeTheSessionEnds(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID, "wrong horse 7 staple")
		v.human = true
		go func() { time.Sleep(7 * time.Second); h.person.answers <- AllowView }()
		pass := v.in()
		if pass.Auth != ByAccept {
			t.Fatalf("by %s", pass.Auth)
		}
		if !slices.ContainsFunc(h.told(), func(e Event) bool { return e.Kind == EventDenied && e.Code == CodePassword }) {
			t.Error("nobody was told of the wrong password while the session lived")
		}
		pass.Close(Closed)
	})
}

func TestATokenThatIsRenewedWhileThePasswordChangesIsDead(t *testing.T) {
	story(t, func(h *house) {
		v := h.savedLogin(annaID)
		time.Sleep(25 * time.Hour)
		c, _ := h.gate.rules()
		d := &door{g: h.gate, from: annaID, log: h.gate.o.Log}
		d.stored, _ = h.gate.lookUp(annaID, *v.saved, c)
		// Here the session is admitted, and here the owner pastes another line.
		another := hashed(t, "another horse 8 staple")
		h.edit(func(c *config.Config) { c.Unattended.PasswordHash = another })
		now, _ := h.gate.rules()
		is := d.issue(basis{method: ByToken}, now)
		h.gate.settle(&session{}, is, true)
		now, _ = h.gate.rules()
		if _, err := h.gate.seals.open(annaID, another, now.Token(string(annaID)).Sealed); err == nil {
			t.Error("the token was sealed anew for a password that it was not issued under")
		}
	})
}

func TestANameThatIsCutBehindAWordCanStillBeSigned(t *testing.T) {
	name := clean(strings.Repeat("a", maxName-1)+" and more", maxName)
	if name != clean(name, maxName) {
		t.Errorf("cleaned again, %q is another text", name)
	}
	key, _, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewCertificate(annaID, strings.Repeat("a", maxName-1)+" and more", time.Hour, AllPerms).Sign(key); err != nil {
		t.Error(err)
	}
}

func TestARefusalIsASentence(t *testing.T) {
	for _, c := range []struct {
		r    Refused
		want string
	}{
		{Refused{Code: CodePassword}, "wrong password"},
		{Refused{Code: CodeThrottled, RetryAfter: 90 * time.Second}, "too many tries; try again in 1m30s"},
		{Refused{Code: "\x1b[2J"}, `the host refused: "\x1b[2J"`},
	} {
		if got := c.r.Error(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if !errors.Is(fmt.Errorf("x: %w", &Refused{Code: CodeBusy, RetryAfter: 3}), &Refused{Code: CodeBusy}) {
		t.Error("errors.Is does not look at the code alone")
	}
}
