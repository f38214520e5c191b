package auth

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rac/auth/config"
)

// The vector: Ed25519 seed 00 01 … 1f.
func vectorKey() ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = byte(i)
	}
	return ed25519.NewKeyFromSeed(seed)
}

func vectorCert() Certificate {
	return Certificate{
		Serial: "0123456789abcdef", Peer: realID, Name: "Anna, ACME GmbH",
		From: time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC), Until: time.Date(2027, 11, 22, 7, 0, 0, 0, time.UTC),
		Perms: []string{"view", "control"},
	}
}

const (
	vectorPublic = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
	vectorText   = "rac-cert-v1.eyJzZXJpYWwiOiIwMTIzNDU2Nzg5YWJjZGVmIiwicGVlciI6IjEyRDNLb29XTGpZQ3VHVVBBNGp0Mlh2SHl6S0NuTml3cUtBenUzR3pENlJFNHJEMkptWmsiLCJuYW1lIjoiQW5uYSwgQUNNRSBHbWJIIiwiZnJvbSI6IjIwMjYtMTEtMjJUMDc6MDA6MDBaIiwidW50aWwiOiIyMDI3LTExLTIyVDA3OjAwOjAwWiIsInBlcm1zIjpbInZpZXciLCJjb250cm9sIl19.4iyJVy5psBi7DncYeCfax0KUgan3gKgE8B9cHQ8SizSUOjeeguRTjjOr5b8ek512v36z2OlUEvxKmFyChyLsAg"
)

func TestTheCertificateVector(t *testing.T) {
	text, err := vectorCert().Sign(vectorKey())
	if err != nil {
		t.Fatal(err)
	}
	if text != vectorText {
		t.Errorf("signed: %s, want %s", text, vectorText)
	}
	if got := base64.StdEncoding.EncodeToString(vectorKey().Public().(ed25519.PublicKey)); got != vectorPublic {
		t.Errorf("public key %s, want %s", got, vectorPublic)
	}
	c, authority, err := ReadCertificate(text+"\n", "", "AAAA", vectorPublic)
	if err != nil || authority != vectorPublic || c.Name != "Anna, ACME GmbH" || c.Peer != realID {
		t.Errorf("read: %+v, %s, %v", c, authority, err)
	}
}

func TestADamagedOrForeignCertificateIsNotBelieved(t *testing.T) {
	text, err := vectorCert().Sign(vectorKey())
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := newAuthorityKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ReadCertificate(text, other); err == nil {
		t.Error("another authority's key fits")
	}
	for i := range text {
		damaged := []byte(text)
		damaged[i] ^= 1
		if _, _, err := ReadCertificate(string(damaged), vectorPublic); err == nil {
			t.Fatalf("with a changed character %d it is believed", i)
		}
	}
	for name, c := range map[string]func(*Certificate){
		"no serial": func(c *Certificate) { c.Serial = "" }, "no name": func(c *Certificate) { c.Name = "" }, "no peer": func(c *Certificate) { c.Peer = "" },
		"a name that turns the line": func(c *Certificate) { c.Name = "Anna\u202e" }, "a permission of its own": func(c *Certificate) { c.Perms = []string{"root"} },
		"no word on permissions":      func(c *Certificate) { c.Perms = nil },
		"an end before the beginning": func(c *Certificate) { c.Until = c.From },
	} {
		cert := vectorCert()
		c(&cert)
		if _, err := cert.Sign(vectorKey()); err == nil {
			t.Errorf("signed with %s", name)
		}
	}
}

// TestS19ANameCannotBringItsOwnAuthority: what is shown is "NAME — verified by
// AUTHORITY". A certificate that another program has signed is held to it, too.
func TestS19ANameCannotBringItsOwnAuthority(t *testing.T) {
	for _, name := range []string{"Anna — verified by Bank", "Anna —", "Anna - Verified by Bank"} {
		c := vectorCert()
		c.Name = name
		if _, err := c.Sign(vectorKey()); err == nil {
			t.Errorf("%q is signed", name)
		}
		payload, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		enc := base64.RawURLEncoding
		text := certPrefix + "." + enc.EncodeToString(payload) + "." + enc.EncodeToString(ed25519.Sign(vectorKey(), certMessage(payload)))
		if _, _, err := ReadCertificate(text, vectorPublic); err == nil || errors.Is(err, ErrUnknownAuthority) {
			t.Errorf("%q is believed: %v", name, err)
		}
	}
	for _, name := range []string{"Anna-Lena, ACME GmbH", "Anna–Lena"} {
		c := vectorCert()
		c.Name = name
		if _, err := c.Sign(vectorKey()); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// certified trusts ACME, and gives a peer its certificate.
func (h *house) certified(v *viewer, login bool, perms ...string) (*Certificate, func() (*Pass, error)) {
	h.t.Helper()
	key, public, err := newAuthorityKey()
	if err != nil {
		h.t.Fatal(err)
	}
	h.edit(func(c *config.Config) {
		c.Authorities = []config.Authority{{Name: "ACME", Key: public, Login: login, Permissions: perms}}
	})
	c := NewCertificate(v.id, "Anna, ACME GmbH", 24*time.Hour, NewPerms(View, Control, Files))
	text, err := c.Sign(key)
	if err != nil {
		h.t.Fatal(err)
	}
	return &c, func() (*Pass, error) {
		p := v.prover()
		p.Cert = text
		return LogIn(h.ctx, h.line(v.id), p)
	}
}

func TestS19ThePersonSeesAVerifiedName(t *testing.T) {
	story(t, func(h *house) {
		h.edit(func(c *config.Config) { c.Unattended.PasswordHash = "" })
		_, logIn := h.certified(h.viewer(annaID), false)
		go func() { h.person.answers <- AllowView }()
		pass, err := logIn()
		if err != nil {
			t.Fatal(err)
		}
		if got := h.person.requests()[0].Verified; got != "Anna, ACME GmbH — verified by ACME" {
			t.Errorf("the person sees %q", got)
		}
		pass.Close(Closed)
		v := h.viewer(thiefID) // shows Anna's certificate
		go func() { h.person.answers <- Refuse }()
		p := v.prover()
		p.Cert = vectorText
		LogIn(h.ctx, h.line(thiefID), p)
		if got := h.person.requests()[1].Verified; got != "" {
			t.Errorf("the thief is verified as %q", got)
		}
	})
}

func TestS19ACertificateIsItsPeersOnly(t *testing.T) {
	story(t, func(h *house) {
		_, logIn := h.certified(h.viewer(annaID), true)
		pass, err := logIn()
		if err != nil {
			t.Fatal(err)
		}
		pass.Close(Closed)
		key, public, _ := newAuthorityKey()
		h.edit(func(c *config.Config) { c.Authorities = []config.Authority{{Name: "ACME", Key: public, Login: true}} })
		cert := NewCertificate(annaID, "Anna", time.Hour, AllPerms)
		text, _ := cert.Sign(key)
		thief := h.viewer(thiefID)
		p := thief.prover()
		p.Cert = text
		if _, err := LogIn(h.ctx, h.line(thiefID), p); err == nil {
			t.Error("the thief is in with Anna's certificate")
		}
	})
}

func TestS19AnAuthorityWithLoginLetsInWithItsCeiling(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*config.Config, string)
		want Reason
	}{
		"the authority is gone":   {func(c *config.Config, _ string) { c.Authorities = nil }, Revoked},
		"it may no longer let in": {func(c *config.Config, _ string) { c.Authorities[0].Login = false }, Revoked},
		"the serial is revoked": {func(c *config.Config, serial string) {
			c.Authorities[0].Revoked = []string{"0000000000000000", strings.ToUpper(serial)}
		}, Revoked},
		"unattended off": {func(c *config.Config, _ string) { c.Unattended.Enabled = false }, Disabled},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(h *house) {
				cert, logIn := h.certified(h.viewer(annaID), true, "control", "clipboard")
				h.edit(func(c *config.Config) { c.Network.Allow = []string{"12D3KooWOther"} }) // the authority stands for her
				pass, err := logIn()
				if err != nil {
					t.Fatal(err)
				}
				if want := NewPerms(View, Control); pass.Auth != ByCertificate || pass.Perms() != want {
					t.Errorf("by %s, may %s, want %s", pass.Auth, pass.Perms(), want)
				}
				h.edit(func(cfg *config.Config) {
					cfg.Authorities = append([]config.Authority(nil), cfg.Authorities...)
					c.edit(cfg, cert.Serial)
				})
				h.ended(pass, c.want)
				if again, err := logIn(); err == nil {
					again.Close(Closed)
					t.Error("the next login is let in")
				}
			})
		})
	}
}

func TestS19ACertificateExpiresAndForgivesAClock(t *testing.T) {
	story(t, func(h *house) {
		_, logIn := h.certified(h.viewer(annaID), true)
		time.Sleep(24*time.Hour + certSlack - time.Minute)
		pass, err := logIn()
		if err == nil {
			pass.Close(Closed)
		} else {
			t.Errorf("within the slack: %v", err)
		}
		time.Sleep(2 * time.Minute)
		if _, err := logIn(); err == nil {
			t.Error("an expired certificate lets in")
		}
	})
}

// She is not on the list: her certificate stands for her, whatever she logs in
// with, and no longer than it lasts.
func TestS19ASessionThatACertificateVouchesForEndsWithIt(t *testing.T) {
	for _, by := range []Method{ByCertificate, ByAccept} {
		story(t, func(h *house) {
			_, logIn := h.certified(h.viewer(annaID), by == ByCertificate)
			h.edit(func(c *config.Config) { c.Network.Allow = []string{"12D3KooWOther"} })
			if by == ByAccept {
				h.edit(func(c *config.Config) { c.Unattended.PasswordHash = "" })
				go func() { h.person.answers <- AllowControl }()
			}
			pass, err := logIn()
			if err != nil || pass.Auth != by {
				t.Fatalf("by %s: %v", by, err)
			}
			time.Sleep(24*time.Hour + certSlack - time.Minute)
			h.stays(pass)
			time.Sleep(2 * time.Minute)
			h.ended(pass, Revoked)
		})
	}
}

func TestS19TheRecordNamesWhoWasVerified(t *testing.T) {
	story(t, func(h *house) {
		_, logIn := h.certified(h.viewer(annaID), true)
		pass, err := logIn()
		if err != nil {
			t.Fatal(err)
		}
		pass.Close(Closed)
		h.edit(func(c *config.Config) {
			c.Authorities[0].Login, c.Unattended.PasswordHash = false, ""
		})
		go func() { h.person.answers <- Refuse }()
		logIn()
		seen := map[Kind]bool{}
		synctest.Wait()
		for _, e := range h.events {
			seen[e.Kind] = true
			if e.Verified != "Anna, ACME GmbH — verified by ACME" {
				t.Errorf("%s names %q", e.Kind, e.Verified)
			}
		}
		if len(seen) != 4 {
			t.Errorf("events: %v", seen)
		}
	})
}

func TestWhoIsNotOnTheListAndHasNoCertificateIsTurnedDown(t *testing.T) {
	story(t, func(h *house) {
		h.certified(h.viewer(annaID), true)
		h.edit(func(c *config.Config) { c.Network.Allow = []string{"12D3KooWOther"} })
		h.viewer(thiefID, right).out(CodeNotAllowed)
	})
}

func FuzzCertificate(f *testing.F) {
	f.Add(vectorText)
	f.Add("rac-cert-v1.e30.AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		c, _, err := ReadCertificate(text, vectorPublic)
		if err == nil && !bytes.Equal([]byte(strings.TrimSpace(text)), []byte(vectorText)) {
			t.Errorf("believed: %q (%+v)", text, c)
		}
	})
}

func TestANameThatIsCutBehindAWordCanStillBeSigned(t *testing.T) {
	name := clean(strings.Repeat("a", maxName-1)+" and more", maxName)
	if name != clean(name, maxName) {
		t.Errorf("cleaned again, %q is another text", name)
	}
	key, _, err := newAuthorityKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewCertificate(annaID, strings.Repeat("a", maxName-1)+" and more", time.Hour, AllPerms).Sign(key); err != nil {
		t.Error(err)
	}
}
