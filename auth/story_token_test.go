package auth

// What FEATURES.md section 1 promises of saved logins.

import (
	"testing"
	"testing/synctest"
	"time"

	"rac/auth/config"
)

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
