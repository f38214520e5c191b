package auth

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rac/auth/config"
)

func (h *house) invited(perms Perms) string {
	h.t.Helper()
	code, _, err := h.gate.Invite(perms, 10*time.Minute)
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

func TestAnInviteIsGoodForOneSession(t *testing.T) {
	story(t, func(h *house) {
		h.edit(func(c *config.Config) { c.Unattended.AllowSaveLogin = true })
		code := h.invited(AllPerms)
		v := h.viewer(annaID, strings.ToUpper(strings.ReplaceAll(code, "-", "  "))) // as people type
		v.remember = true
		pass := v.in()
		if pass.Auth != ByInvite || !pass.Perms().Has(Control) || v.saved != nil || len(h.store.c.Tokens) != 0 {
			t.Errorf("by %s, may %s, saved %t", pass.Auth, pass.Perms(), v.saved != nil)
		}
		h.viewer(thiefID, code).out(CodePassword)
		h.stays(pass)
		pass.Close(Closed)
		h.viewer(annaID, code).out(CodePassword)
	})
}

func TestAnInviteWorksWhereNothingElseDoes(t *testing.T) {
	story(t, func(h *house) {
		h.edit(func(c *config.Config) { c.Unattended.PasswordHash, c.Attended.Mode = "", config.Never })
		h.viewer(annaID, "x").out(CodeNoWayIn)
		code := h.invited(NewPerms(View))
		pass := h.viewer(annaID, code).in()
		if pass.Perms() != NewPerms(View) {
			t.Errorf("may %s, want only to look", pass.Perms())
		}
		h.edit(func(c *config.Config) { c.Unattended.Enabled = false })
		h.stays(pass)
		pass.Close(Closed)
	})
}

func TestThreeWrongTriesBurnAnInvite(t *testing.T) {
	story(t, func(h *house) {
		code := h.invited(AllPerms)
		for range inviteTries {
			h.viewer(thiefID, "acid acorn actor adobe").out(CodePassword)
			time.Sleep(time.Second)
		}
		h.viewer(annaID, code).out(CodePassword)
		if !strings.Contains(h.log.String(), "burnt") {
			t.Error("nothing in the log")
		}
		code = h.invited(AllPerms)
		h.viewer(thiefID, "acid acorn actor adobe").out(CodePassword)
		time.Sleep(time.Second)
		h.viewer(annaID, code).in().Close(Closed) // one wrong try does not
	})
}

func TestAnInviteEnds(t *testing.T) {
	story(t, func(h *house) {
		code := h.invited(AllPerms)
		time.Sleep(10 * time.Minute)
		h.viewer(annaID, code).out(CodePassword)
		if _, _, err := h.gate.Invite(AllPerms, 2*time.Hour); err == nil {
			t.Error("an invite for two hours")
		}
		h.invited(AllPerms)
		in := h.gate.openInvite()
		time.Sleep(10 * time.Minute)
		h.gate.mu.Lock()
		defer h.gate.mu.Unlock()
		if h.gate.useInviteLocked(in) {
			t.Error("an invite that ended between its two messages let somebody in")
		}
	})
}

func TestThePasswordStillWorksBesideAnInvite(t *testing.T) {
	story(t, func(h *house) {
		h.invited(AllPerms)
		pass := h.viewer(annaID, right).in()
		if pass.Auth != ByPassword {
			t.Errorf("by %s", pass.Auth)
		}
		pass.Close(Closed)
	})
}

func TestWhatLooksLikeAnInvite(t *testing.T) {
	for text, want := range map[string]bool{
		"acid-acorn-actor-adobe": true, " Acid, acorn ACTOR adobe ": true,
		"acid acorn actor": false, "acid acorn actor adobe able": false, "correct horse battery staple": false, "": false, strings.Repeat("acid ", 50): false,
	} {
		if got := looksLikeInvite(Password(text)); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
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
