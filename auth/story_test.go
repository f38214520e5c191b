package auth

// What FEATURES.md section 1 promises, as far as it is decided here.

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"rac/auth/config"
)

func TestS2TheRightPasswordOpensWithNobodyAtTheHost(t *testing.T) {
	story(t, func(h *house) {
		pass := h.viewer(annaID, right).in()
		if pass.Auth != ByPassword || pass.HostName != "den" || pass.SaveLogin {
			t.Errorf("pass: by %s at %q, may save %t", pass.Auth, pass.HostName, pass.SaveLogin)
		}
		if want := NewPerms(View, Control, Clipboard, Files); pass.Perms() != want {
			t.Errorf("may %s, want %s", pass.Perms(), want)
		}
		if len(h.person.requests()) != 0 {
			t.Error("somebody was asked")
		}
		h.stays(pass)
		if pass.RTT() < 0 {
			t.Error("no round trip was measured")
		}
		pass.Close(Closed)
		h.ended(pass, Closed)
	})
}

func TestAWrongPasswordIsRefused(t *testing.T) {
	story(t, func(h *house) {
		h.viewer(annaID, "wrong horse").out(CodePassword)
		h.viewer(annaID, "").out(CodePassword)
		if len(h.gate.Sessions()) != 0 {
			t.Error("there is a session")
		}
	})
}

func TestAComposedAndADecomposedLetterAreTheSamePassword(t *testing.T) {
	story(t, func(h *house) {
		hash, err := NewPasswordHash(Password("Zoe\u0308 reist 1912"))
		if err != nil {
			t.Fatal(err)
		}
		h.edit(func(c *config.Config) { c.Unattended.PasswordHash = hash })
		h.viewer(annaID, "Zo\u00eb reist 1912").in().Close(Closed)
	})
}

func TestS4WithoutAPasswordSetNobodyGetsInUnattended(t *testing.T) {
	story(t, func(h *house) {
		v := h.savedLogin(annaID)
		h.edit(func(c *config.Config) { c.Unattended.PasswordHash, c.Attended.Mode = "", config.Never })
		h.viewer(thiefID, right).out(CodeNoWayIn)
		v.typed = nil
		v.out(CodeNoWayIn)
		if v.dropped != 1 {
			t.Error("the token is not dead")
		}
	})
}

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

func TestS11AndS12TheSecondTimeNothingIsTyped(t *testing.T) {
	story(t, func(h *house) {
		anna, bert := h.savedLogin(annaID), h.savedLogin("12D3KooWBert")
		if n := len(h.store.c.Tokens); n != 2 {
			t.Errorf("%d tokens, want one for each client", n)
		}
		if name := h.store.c.Tokens[0].Name; name != "laptop of "+string(annaID) {
			t.Errorf("the token is called %q", name)
		}
		for _, v := range []*viewer{anna, bert} {
			v.typed = nil
			pass := v.in()
			if pass.Auth != ByToken {
				t.Errorf("by %s", pass.Auth)
			}
			pass.Close(Closed)
		}
		h.savedLogin(annaID)
		if n := len(h.store.c.Tokens); n != 2 {
			t.Errorf("%d tokens after the same client saved again, want 2", n)
		}
	})
}

func TestS14TheHostSaysBeforeThePasswordThatItDoesNotLetLoginsBeSaved(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID, right)
		v.remember = true
		pass := v.in()
		if v.questions[0].MaySave || pass.SaveLogin || v.saved != nil {
			t.Errorf("told %t, then %t; saved %t", v.questions[0].MaySave, pass.SaveLogin, v.saved != nil)
		}
		pass.Close(Closed)
	})
}

func TestS22ASavedLoginIsNoGoodElsewhere(t *testing.T) {
	story(t, func(h *house) {
		anna := h.savedLogin(annaID)
		sealed, err := SealLogin(secretOf(annaID), hostID, *anna.saved)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := OpenLogin(secretOf(thiefID), hostID, sealed); err == nil {
			t.Error("another identity unseals the login")
		}
		if _, err := OpenLogin(secretOf(annaID), "12D3KooWOther", sealed); err == nil {
			t.Error("the login unseals for another host")
		}
		if token, err := OpenLogin(secretOf(annaID), hostID, sealed); err != nil || token != *anna.saved {
			t.Errorf("its own identity does not unseal it: %v", err)
		}
		thief := h.viewer(thiefID)
		thief.saved = anna.saved
		thief.out(CodeTokenDead)
	})
}

func TestS26AndS27ClearedTokensFallBackToThePassword(t *testing.T) {
	story(t, func(h *house) {
		v := h.savedLogin(annaID)
		h.edit(func(c *config.Config) { c.Tokens = nil })
		v.typed, v.remember = []string{right}, false
		pass := v.in()
		if pass.Auth != ByPassword || v.dropped != 1 {
			t.Errorf("by %s; dropped %d times", pass.Auth, v.dropped)
		}
		pass.Close(Closed)
		h.savedLogin(annaID)
		h.edit(func(c *config.Config) { c.Tokens = nil })
		v = h.viewer(annaID)
		v.saved = &Secret{1}
		v.out(CodeTokenDead)
	})
}

func TestS31OnlyAPasswordEarnsAToken(t *testing.T) {
	story(t, func(h *house) {
		v := h.savedLogin(annaID)
		had := *v.saved
		v.typed = nil
		v.in().Close(Closed)
		if *v.saved != had {
			t.Error("a login by token gave another token")
		}
		h.edit(func(c *config.Config) { c.Tokens, c.Unattended.Enabled = nil, false })
		guest := h.viewer("12D3KooWGuest", right)
		guest.remember = true
		go func() { h.person.answers <- AllowControl }()
		guest.in().Close(Closed)
		if guest.saved != nil || len(h.store.c.Tokens) != 0 {
			t.Error("an accept gave a token")
		}
	})
}

func TestS33WhatASessionRestsOnIsWithdrawn(t *testing.T) {
	other := hashed(t, "another password")
	for _, c := range []struct {
		name string
		edit func(*config.Config)
		want map[Method]Reason // "" stays
	}{
		{"unattended off", func(c *config.Config) { c.Unattended.Enabled = false }, map[Method]Reason{ByPassword: Disabled, ByToken: Disabled}},
		{"password changed", func(c *config.Config) { c.Unattended.PasswordHash = other }, map[Method]Reason{ByPassword: PasswordChanged, ByToken: PasswordChanged}},
		{"password removed", func(c *config.Config) { c.Unattended.PasswordHash = "" }, map[Method]Reason{ByPassword: PasswordChanged, ByToken: PasswordChanged}},
		{"tokens cleared", func(c *config.Config) { c.Tokens = nil }, map[Method]Reason{ByToken: Revoked}},
		{"the sealed part overwritten", func(c *config.Config) { c.Tokens[0].Sealed = "AAAA" }, map[Method]Reason{ByToken: Revoked}},
		{"not on the list any more", func(c *config.Config) { c.Network.Allow = []string{"12D3KooWOther"} },
			map[Method]Reason{ByPassword: Revoked, ByToken: Revoked, ByAccept: Revoked}},
		{"saving no longer allowed", func(c *config.Config) { c.Unattended.AllowSaveLogin = false }, nil},
		{"nobody asked any more", func(c *config.Config) { c.Attended.Mode = config.Never }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			story(t, func(h *house) {
				byToken := h.savedLogin(annaID)
				byToken.typed = nil
				passes := []*Pass{h.viewer("12D3KooWByPassword", right).in(), byToken.in()}
				go func() { h.person.answers <- AllowControl }()
				guest := h.viewer("12D3KooWGuest")
				guest.human = true
				passes = append(passes, guest.in())
				h.edit(c.edit)
				for _, pass := range passes {
					if want := c.want[pass.Auth]; want != "" {
						h.ended(pass, want)
					} else {
						h.stays(pass)
						pass.Close(Closed)
					}
				}
			})
		})
	}
}

func TestS34TheSamePasswordSetAgainKillsEveryToken(t *testing.T) {
	story(t, func(h *house) {
		v := h.savedLogin(annaID)
		again, err := NewPasswordHash(Password(right))
		if err != nil {
			t.Fatal(err)
		}
		h.edit(func(c *config.Config) { c.Unattended.PasswordHash = again })
		v.typed = nil
		v.out(CodeTokenDead)
		h.viewer(annaID, right).in().Close(Closed)
	})
}

func TestS36UntickingKeepsTheOldAndGivesNoNew(t *testing.T) {
	story(t, func(h *house) {
		v := h.savedLogin(annaID)
		h.edit(func(c *config.Config) { c.Unattended.AllowSaveLogin = false })
		v.typed = nil
		v.in().Close(Closed)
		bert := h.viewer("12D3KooWBert", right)
		bert.remember = true
		bert.in().Close(Closed)
		if bert.saved != nil || len(h.store.c.Tokens) != 1 {
			t.Error("a new token was given")
		}
	})
}

func TestS39DisablingSuspendsAndDoesNotErase(t *testing.T) {
	story(t, func(h *house) {
		v := h.savedLogin(annaID)
		v.typed = nil
		h.edit(func(c *config.Config) { c.Unattended.Enabled, c.Attended.Mode = false, config.Never })
		v.out(CodeSuspended)
		if v.dropped != 0 {
			t.Error("the saved login was deleted")
		}
		thief := h.viewer(thiefID)
		thief.saved = v.saved
		thief.out(CodeNoWayIn) // a stranger is not told that there is something to be suspended
		h.edit(func(c *config.Config) { c.Unattended.Enabled = true })
		v.in().Close(Closed)
	})
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

func TestABrokenConfigClosesUnattendedAccessAndKeepsSessions(t *testing.T) {
	story(t, func(h *house) {
		v := h.savedLogin(annaID)
		pass := h.viewer("12D3KooWLive", right).in()
		h.store.err = errors.New("config.toml:3:1: expected a value")
		h.gate.Reload()
		h.stays(pass)
		h.viewer(thiefID, right).out(CodeNoAnswer)
		v.typed = nil
		if v.out(CodeNoAnswer); v.dropped != 0 {
			t.Error("the saved login was deleted")
		}
		h.store.err = nil
		h.viewer(annaID, right).in().Close(Closed)
		pass.Close(Closed)
	})
}

func TestPermissionsOfATokenAndOfTheHostMeet(t *testing.T) {
	story(t, func(h *house) {
		v := h.savedLogin(annaID)
		v.typed = nil
		h.edit(func(c *config.Config) { c.Tokens[0].Permissions = []string{"control", "forwarding"} })
		pass := v.in()
		if want := NewPerms(View, Control); pass.Perms() != want {
			t.Errorf("may %s, want %s", pass.Perms(), want)
		}
		h.edit(func(c *config.Config) { c.Permissions.Control = false })
		synctest.Wait()
		if want := NewPerms(View); pass.Perms() != want || len(v.perms) != 1 || v.perms[0] != want {
			t.Errorf("may %s, told %v; want %s", pass.Perms(), v.perms, want)
		}
		h.stays(pass)
		pass.Close(Closed)
	})
}

func TestNothingPermittedOfWhatIsWanted(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID, right)
		v.wants = NewPerms(Forwarding)
		v.out(CodePermission)
		h.edit(func(c *config.Config) { c.Permissions.Forwarding = true })
		v.typed = []string{right}
		pass := v.in()
		h.edit(func(c *config.Config) { c.Permissions.Forwarding = false })
		h.ended(pass, Permission)
	})
}

func TestATokenExpires(t *testing.T) {
	story(t, func(h *house) {
		v := h.savedLogin(annaID)
		v.typed = nil
		h.edit(func(c *config.Config) { c.Tokens[0].Expires = time.Now().Add(time.Hour) })
		pass := v.in()
		time.Sleep(time.Hour - 2*time.Second)
		h.stays(pass)
		h.ended(pass, Revoked)
		v.out(CodeTokenDead)
	})
}

func TestATokenUnusedForTooLongIsDead(t *testing.T) {
	story(t, func(h *house) {
		v := h.savedLogin(annaID)
		v.typed = nil
		time.Sleep(89 * 24 * time.Hour)
		v.in().Close(Closed)
		time.Sleep(89 * 24 * time.Hour)
		v.in().Close(Closed)
		time.Sleep(91 * 24 * time.Hour)
		v.out(CodeTokenDead)
	})
}

func TestKickAndShutdown(t *testing.T) {
	story(t, func(h *house) {
		one := h.viewer("12D3KooW1", right).in()
		time.Sleep(time.Second)
		two := h.viewer("12D3KooW2", right).in()
		time.Sleep(time.Second)
		three := h.viewer("12D3KooW3", right).in()
		infos := h.gate.Sessions()
		if len(infos) != 3 || infos[0].Peer != "12D3KooW1" || infos[0].ID == infos[1].ID {
			t.Fatalf("sessions: %+v", infos)
		}
		if n := h.gate.Kick(infos[0].ID); n != 1 {
			t.Errorf("kicked %d", n)
		}
		h.ended(one, Kicked)
		h.gate.Kick("12D3KooW2")
		h.ended(two, Kicked)
		h.gate.Shutdown(h.ctx, Restarting)
		h.ended(three, Restarting)
		if _, err := h.viewer(annaID, right).logIn(); err == nil {
			t.Error("a login after the shutdown")
		}
	})
}

func TestEventsTellTheStory(t *testing.T) {
	story(t, func(h *house) {
		h.viewer(thiefID, "wrong").out(CodePassword)
		synctest.Wait()
		pass := h.viewer(annaID, right).in()
		time.Sleep(90 * time.Second)
		pass.Close(Closed)
		time.Sleep(time.Second)
		kinds := []Kind{EventDenied, EventSessionStart, EventSessionEnd}
		if len(h.told()) != len(kinds) {
			t.Fatalf("events: %+v", h.told())
		}
		for i, e := range h.told() {
			if e.Kind != kinds[i] {
				t.Errorf("event %d is %s, want %s", i, e.Kind, kinds[i])
			}
		}
		if d := h.told()[0]; d.Peer != thiefID || d.Code != CodePassword {
			t.Errorf("denied: %+v", d)
		}
		if e := h.told()[2]; e.Reason != Closed || e.Lasted.Round(time.Second) != 90*time.Second || e.Session != h.told()[1].Session {
			t.Errorf("end: %+v", e)
		}
	})
}

func TestADiskThatIsFullKeepsNobodyOut(t *testing.T) {
	story(t, func(h *house) {
		h.edit(func(c *config.Config) { c.Unattended.AllowSaveLogin = true })
		h.store.full = errors.New("no space left on device")
		v := h.viewer(annaID, right)
		v.remember = true
		pass := v.in()
		time.Sleep(time.Second)
		synctest.Wait()
		if len(v.savedErr) != 1 || v.savedErr[0] == nil {
			t.Errorf("the viewer was told %v", v.savedErr)
		}
		h.stays(pass)
		pass.Close(Closed)
	})
}

func TestRevokingASavedLoginEndsTheSessionThatItWasSavedIn(t *testing.T) {
	story(t, func(h *house) {
		h.edit(func(c *config.Config) { c.Unattended.AllowSaveLogin = true })
		v := h.viewer(annaID, right)
		v.remember = true
		pass := v.in()
		time.Sleep(100 * time.Millisecond)
		h.edit(func(c *config.Config) { c.Tokens = nil })
		h.ended(pass, Revoked)
	})
}

// Who has stolen a computer whose saved login was revoked is a stranger here: he waits
// between his guesses as one, and takes no place that is kept for others.
func TestWhoseSavedLoginIsRevokedIsAStranger(t *testing.T) {
	story(t, func(h *house) {
		h.savedLogin(annaID)
		h.viewer(thiefID, right).in().Close(Closed)
		if !h.gate.Known(annaID) || !h.gate.Known(thiefID) {
			t.Error("who has logged in is not known")
		}
		h.edit(func(c *config.Config) { c.Tokens = nil })
		synctest.Wait()
		if h.gate.Known(annaID) || !h.gate.Known(thiefID) {
			t.Errorf("known: %v whose login was revoked, %v another one", h.gate.Known(annaID), h.gate.Known(thiefID))
		}
		if kept, err := ReadState(h.gate.o.State.file); h.gate.o.State.file != "" && (err != nil || kept.knows(annaID, time.Now())) {
			t.Errorf("state.json remembers it: %v", err)
		}
	})
}
