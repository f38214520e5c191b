package auth

// What FEATURES.md section 1 promises of the person at the host, who is asked.

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"rac/auth/config"
)

func TestS4AFreshConfigAsksThePersonAndNeverForAPassword(t *testing.T) {
	story(t, func(h *house) {
		h.edit(func(c *config.Config) { c.Unattended.PasswordHash = "" })
		go func() { h.person.answers <- AllowControl }()
		v := h.viewer(annaID)
		v.human = true
		pass := v.in()
		if pass.Auth != ByAccept || len(v.questions) != 0 {
			t.Errorf("by %s after %d questions", pass.Auth, len(v.questions))
		}
		pass.Close(Closed)
	})
}

func TestS5AYesANoAndNoAnswer(t *testing.T) {
	story(t, func(h *house) {
		h.edit(func(c *config.Config) { c.Unattended.PasswordHash = "" })
		answer := func(a Answer) { h.person.answers <- a }
		go answer(AllowView)
		pass := h.viewer(annaID).in()
		if pass.Perms() != NewPerms(View) {
			t.Errorf("may %s, want only to look", pass.Perms())
		}
		pass.Close(Closed)
		go answer(Refuse)
		h.viewer(annaID).out(CodeDenied)
		start := time.Now()
		h.viewer(annaID).out(CodeNoAnswer)
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("no answer after %v, want attended.timeout", took)
		}
		h.person.away = true
		h.viewer(annaID).out(CodeNobody)
	})
}

func TestThePersonSeesWhoAsks(t *testing.T) {
	story(t, func(h *house) {
		h.edit(func(c *config.Config) { c.Unattended.PasswordHash = "" })
		v := h.viewer(annaID)
		p := v.prover()
		p.Name = "Anna\u202e\x1b[2J\r\nsupport of your bank " + string(make([]byte, 100))
		p.Wants = NewPerms(View)
		go func() {
			time.Sleep(time.Second)
			if !h.gate.asks() {
				t.Error("nobody is being asked: keys from the network would reach the prompt")
			}
			h.person.answers <- Refuse
		}()
		LogIn(h.ctx, h.line(annaID), p)
		r := h.person.requests()[0]
		if r.Peer != annaID || r.Words != Words(annaID) || r.Wants != NewPerms(View) {
			t.Errorf("the request is %+v", r)
		}
		if r.Name != "Anna [2J support of your bank" {
			t.Errorf("the name is %q", r.Name)
		}
	})
}

func TestOneRequestAtATime(t *testing.T) {
	story(t, func(h *house) {
		h.edit(func(c *config.Config) { c.Unattended.PasswordHash = "" })
		done := make(chan error)
		go func() { _, err := h.viewer(annaID).logIn(); done <- err }()
		time.Sleep(time.Second)
		h.viewer(thiefID).out(CodeBusy)
		h.person.answers <- Refuse
		if err := <-done; !errors.Is(err, &Refused{Code: CodeDenied}) {
			t.Errorf("the first: %v", err)
		}
	})
}

func TestWhoIsDeniedAgainAndAgainWaitsLongerAndLonger(t *testing.T) {
	story(t, func(h *house) {
		h.edit(func(c *config.Config) { c.Unattended.PasswordHash = "" })
		for range strangerTries {
			go func() { h.person.answers <- Refuse }()
			h.viewer(thiefID).out(CodeDenied)
		}
		if r := h.viewer(thiefID).out(CodeBusy); r.RetryAfter == 0 {
			t.Error("no wait is named")
		}
	})
}

func TestS20ThePersonAcceptsWhileThePasswordIsTyped(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID)
		v.human = true
		cancelled := false
		v.onType = func(ctx context.Context) error {
			<-ctx.Done()
			cancelled = true
			return ctx.Err()
		}
		go func() { time.Sleep(7 * time.Second); h.person.answers <- AllowControl }()
		pass := v.in()
		if pass.Auth != ByAccept || !cancelled {
			t.Errorf("by %s, prompt taken away: %t", pass.Auth, cancelled)
		}
		if q := v.questions[0]; !q.Asking {
			t.Error("the prompt does not say that somebody is asked at the host")
		}
		pass.Close(Closed)
	})
}

func TestS20ThePasswordIsTypedWhileThePersonThinks(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID, right)
		v.human = true
		v.onType = func(context.Context) error { time.Sleep(8 * time.Second); return nil }
		pass := v.in()
		synctest.Wait()
		if pass.Auth != ByPassword || h.gate.asks() {
			t.Errorf("by %s; still asking: %t", pass.Auth, h.gate.asks())
		}
		pass.Close(Closed)
	})
}

func TestS20ANoAtTheHostLeavesThePasswordOpen(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID, right)
		v.human = true
		v.onType = func(context.Context) error { time.Sleep(10 * time.Second); return nil }
		go func() { h.person.answers <- Refuse }()
		pass := v.in()
		if pass.Auth != ByPassword {
			t.Errorf("by %s", pass.Auth)
		}
		pass.Close(Closed)
	})
}

func TestAPersonMayMistypeAndTryAgain(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID, "wrong", "wrong again", right)
		v.human = true
		v.in().Close(Closed)
		if n := len(v.questions); n != 3 || v.questions[2].Last != CodePassword {
			t.Errorf("%d questions: %+v", n, v.questions)
		}
	})
}

func TestAPersonMayTakeTwoMinutesToType(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID, right)
		v.human = true
		v.onType = func(context.Context) error { time.Sleep(2 * time.Minute); return nil }
		v.in().Close(Closed)
	})
}

func TestWhichOf456ForAViewerThatCannotAsk(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*config.Config)
		want Code
	}{
		{"password open, somebody could be asked", func(*config.Config) {}, CodeNeedsPassword},
		{"password open, nobody is asked", func(c *config.Config) { c.Attended.Mode = config.Never }, CodeNeedsPassword},
		{"password closed, no answer", func(c *config.Config) { c.Unattended.Enabled = false }, CodeNoAnswer},
		{"both closed", func(c *config.Config) { c.Unattended.Enabled, c.Attended.Mode = false, config.Never }, CodeNoWayIn},
		{"not on the list", func(c *config.Config) { c.Network.Allow = []string{"12D3KooWOther"} }, CodeNotAllowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			story(t, func(h *house) {
				h.edit(c.edit)
				h.viewer(annaID).out(c.want)
			})
		})
	}
}

func TestS41RequestsReachAPersonAlsoWhenAPasswordIsSet(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID)
		v.human = true
		go func() { h.person.answers <- AllowControl }()
		pass := v.in()
		if pass.Auth != ByAccept {
			t.Errorf("by %s", pass.Auth)
		}
		pass.Close(Closed)
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
