package auth

// What FEATURES.md section 1 promises, as far as it is decided here: of passwords, and of
// what holds for every login. See story_person_test.go and story_token_test.go, too.

import (
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
