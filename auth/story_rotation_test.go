package auth

// A saved login is renewed as it is used: lines that break meanwhile, and copies of it.

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rac/auth/config"
)

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
