package auth

import (
	"encoding/base32"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"rac/auth/config"
)

// RFC 6238 Appendix B, SHA-1, the last six of its eight digits.
func TestCodesOfRFC6238AppendixB(t *testing.T) {
	secret := TOTP([]byte("12345678901234567890"))
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := secret.Code(time.Unix(at, 0)); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

func TestTheURIIsWhatAppsRead(t *testing.T) {
	secret := NewTOTP()
	u, err := url.Parse(secret.URI("my den"))
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/rac:my den" {
		t.Fatalf("%v, %v", u, err)
	}
	back, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(u.Query().Get("secret"))
	if err != nil || TOTP(back) != secret {
		t.Errorf("the secret in it: %v", err)
	}
	if again, err := openTOTP(secretOf(hostID), secret.Seal(secretOf(hostID))); err != nil || again != secret {
		t.Errorf("sealed and opened: %v", err)
	}
	if _, err := openTOTP(secretOf(thiefID), secret.Seal(secretOf(hostID))); err == nil {
		t.Error("another host opens it")
	}
}

// secondFactor sets one up at the host.
func (h *house) secondFactor() (TOTP, []string) {
	secret := NewTOTP()
	codes, hashes := NewRecoveryCodes(secretOf(hostID))
	h.edit(func(c *config.Config) {
		c.Unattended.TOTPSealed, c.Unattended.RecoveryCodes = secret.Seal(secretOf(hostID)), hashes
	})
	return secret, codes
}

func TestS17TheCodeIsAskedAfterThePasswordOnly(t *testing.T) {
	story(t, func(h *house) {
		secret, _ := h.secondFactor()
		v := h.viewer(annaID, "wrong")
		v.codes = []string{secret.Code(time.Now())}
		v.out(CodePassword)
		if len(v.codes) != 1 {
			t.Error("the code was asked for after a wrong password")
		}
		v.typed = []string{right}
		v.in().Close(Closed)
		h.viewer(annaID, right).out(CodeNeedsCode)
	})
}

func TestS17ACodeIsGoodOnce(t *testing.T) {
	story(t, func(h *house) {
		secret, _ := h.secondFactor()
		code := secret.Code(time.Now())
		for _, want := range []Code{"", CodeCode} {
			v := h.viewer(annaID, right)
			v.codes = []string{code}
			if want == "" {
				v.in().Close(Closed)
			} else {
				v.out(want)
			}
		}
		time.Sleep(31 * time.Second)
		v := h.viewer(annaID, right)
		v.codes = []string{secret.Code(time.Now())}
		v.in().Close(Closed)
		v = h.viewer(annaID, right)
		v.codes = []string{secret.Code(time.Now().Add(-totpStep))} // an older one than the last
		v.out(CodeCode)
	})
}

// The host's clock ran ahead, a code was used, the clock was put right: until it
// gets there again every code is an old one. A new factor helps.
func TestAFactorSetAnewDoesNotRememberTheOldOnesCodes(t *testing.T) {
	story(t, func(h *house) {
		secret, _ := h.secondFactor()
		h.gate.o.State.useStep(h.store.c.Unattended.TOTPSealed, stepOf(time.Now().AddDate(1, 0, 0)))
		v := h.viewer(annaID, right)
		v.codes = []string{secret.Code(time.Now())}
		v.out(CodeCode)
		secret, _ = h.secondFactor()
		v = h.viewer(annaID, right)
		v.codes = []string{secret.Code(time.Now())}
		v.in().Close(Closed)
	})
}

func TestS17AClockMayBeHalfAMinuteOff(t *testing.T) {
	secret, now := NewTOTP(), time.Unix(1e9, 0)
	for off, want := range map[time.Duration]bool{-60 * time.Second: false, -30 * time.Second: true, 0: true, 30 * time.Second: true, 60 * time.Second: false} {
		if _, ok := secret.Match(secret.Code(now.Add(off)), now); ok != want {
			t.Errorf("%v off: %t", off, ok)
		}
	}
}

func TestS17ForASavedLoginAsTheOwnerLikes(t *testing.T) {
	story(t, func(h *house) {
		v := h.savedLogin(annaID)
		v.typed = nil
		secret, _ := h.secondFactor()
		v.out(CodeNeedsCode)
		v.codes = []string{secret.Code(time.Now())}
		if pass := v.in(); pass.Auth != ByToken {
			t.Errorf("by %s", pass.Auth)
		} else {
			pass.Close(Closed)
		}
		h.edit(func(c *config.Config) { c.Unattended.TOTPForSavedLogin = false })
		v.in().Close(Closed)
		if v.dropped != 0 {
			t.Error("the saved login was deleted")
		}
	})
}

func TestARecoveryCodeBurns(t *testing.T) {
	story(t, func(h *house) {
		_, codes := h.secondFactor()
		if len(codes) != 10 {
			t.Fatalf("%d codes", len(codes))
		}
		v := h.viewer(annaID, right)
		v.codes = []string{" " + strings.ToUpper(codes[3])}
		v.in().Close(Closed)
		if n := len(h.store.c.Unattended.RecoveryCodes); n != 9 {
			t.Errorf("%d are left", n)
		}
		v = h.viewer(annaID, right)
		v.codes = []string{codes[3]}
		v.out(CodeCode)
		h.store.full = errors.New("no space left on device")
		v = h.viewer(annaID, right)
		v.codes = []string{codes[4]}
		v.out(CodeCode) // it could be used again: so it is not good
	})
}

func TestCodesAreNotGuessed(t *testing.T) {
	story(t, func(h *house) {
		h.secondFactor()
		v := h.viewer(thiefID, right) // he has the password
		v.human = true
		v.codes = make([]string, 100)
		start := time.Now()
		v.out(CodeCode)
		if tried, took := len(v.questions)-1, time.Since(start); tried > 11 || took < time.Minute {
			t.Errorf("%d codes tried in %v", tried, took)
		}
		other := h.viewer("12D3KooWOtherIDOfHis", right)
		other.codes = []string{"000000"}
		if r := other.out(CodeCode); r.RetryAfter == 0 {
			t.Error("another ID has tries of its own")
		}
	})
}

func TestABrokenSecondFactorLetsNobodyIn(t *testing.T) {
	story(t, func(h *house) {
		h.edit(func(c *config.Config) { c.Unattended.TOTPSealed = "AAAA" })
		v := h.viewer(annaID, right)
		v.codes = []string{"000000"}
		v.out(CodeCode)
	})
}
