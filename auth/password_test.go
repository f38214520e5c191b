package auth

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestTheSamePasswordGivesAnotherHashEachTime(t *testing.T) {
	one := hashed(t, right)
	two, err := NewPasswordHash(Password(right))
	if err != nil {
		t.Fatal(err)
	}
	if one == two {
		t.Error("the same hash twice: tokens would survive (S34)")
	}
	if !strings.HasPrefix(one, "$rac-spake2p$v=1$m=65536,t=3,p=4$") || strings.Contains(one, "=$") {
		t.Errorf("the form is %s", one)
	}
	for _, text := range []string{one, two} {
		h, err := parsePasswordHash(text)
		if err != nil {
			t.Fatal(err)
		}
		w0, w1 := remembered(h.kdf, Password(right))
		if string(w0) != string(h.w0) || timesBase(w1).Equal(h.l) != 1 {
			t.Error("the hash is not that of its password")
		}
	}
	if _, err := NewPasswordHash(nil); err == nil {
		t.Error("an empty password has a hash")
	}
}

func TestABrokenHashIsRefusedWithAReason(t *testing.T) {
	good := hashed(t, right)
	f := strings.Split(good, "$")
	with := func(i int, s string) string {
		g := append([]string(nil), f...)
		g[i] = s
		return strings.Join(g, "$")
	}
	for name, text := range map[string]string{
		"empty": "", "a password": "hunter2", "argon2 of another": "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
		"version": with(2, "v=2"), "weak": with(3, "m=8,t=1,p=1"), "huge": with(3, "m=99999999,t=3,p=4"), "junk": with(3, "m=65536,t=3,p=4x"),
		"zeros": with(3, "m=065536,t=3,p=4"), "salt": with(4, "c2FsdA"), "w0 short": with(5, f[5][:20]), "w0 too large": with(5, strings.Repeat("/", 42)+"8"),
		"w0 zero": with(5, strings.Repeat("A", 43)), "no point": with(6, strings.Repeat("A", 44)), "padding": with(6, f[6]+"="), "more": good + "$x", "long": good + strings.Repeat("A", 500),
	} {
		if _, err := parsePasswordHash(text); err == nil {
			t.Errorf("%s: %s is taken", name, text)
		}
	}
}

func FuzzPasswordHash(f *testing.F) {
	f.Add(hashed(f, right))
	f.Add("$rac-spake2p$v=1$m=65536,t=3,p=4$$$")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parsePasswordHash(text)
		if err == nil && h.String() != text {
			t.Errorf("%q is read as %q", text, h)
		}
	})
}

func TestS16WhichPasswordsAreGoodEnough(t *testing.T) {
	for p, want := range map[string]string{
		"": "refused", "1234567": "refused", "short": "refused", "passwort": "refused", "Password1!": "refused", "P4ssw0rd": "refused",
		"12345678": "refused", "1234567890": "refused", "87654321": "refused", "abcdefgh": "refused", "aaaaaaaaaaaa": "refused",
		"abcabcabcabc": "refused", "qwertyuiop": "refused", "iloveyou123": "refused", "anydesk2024": "refused", "\xff\xfe1234567890": "refused",
		"tr4ktor7": "warned", "Wolkenbr": "warned", "kranich-17": "warned", "Ärgernis": "warned", // 8 characters, not bytes
		"kranich und 3 wölfe": "good", "xK9#mP2$vL5n": "good",
	} {
		warning, err := CheckPassword(Password(p))
		got := "good"
		if err != nil {
			got = "refused"
		} else if warning != "" {
			got = "warned"
		}
		if got != want {
			t.Errorf("%q is %s, want %s", p, got, want)
		}
	}
}

func TestAGeneratedPasswordIsGoodAndNew(t *testing.T) {
	one, two := GeneratePassword(), GeneratePassword()
	if string(one) == string(two) || len(one) != 23 || strings.Count(string(one), "-") != 3 {
		t.Errorf("%s, %s", string(one), string(two))
	}
	if warning, err := CheckPassword(one); warning != "" || err != nil {
		t.Errorf("%s: %s, %v", string(one), warning, err)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	type holder struct {
		T Ticket
		P Password
	}
	h := holder{Ticket{'t', 'k', 't'}, Password("hunter2")}
	var text strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		fmt.Fprintf(&text, verb+verb+verb, h, h.T, h.P)
	}
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "h", h, "t", h.T, "p", h.P)
	slog.New(slog.NewJSONHandler(&text, nil)).Info("x", "h", h, "t", h.T, "p", h.P)
	json.NewEncoder(&text).Encode(h)
	h.P.Clear()
	for _, leak := range []string{"hunter2", "68756e74657232", "746b74", "116 107 116", h.T.encode()} {
		if strings.Contains(text.String(), leak) {
			t.Errorf("%q is in %s", leak, text.String())
		}
	}
	if string(h.P) != "\x00\x00\x00\x00\x00\x00\x00" {
		t.Error("Clear leaves the password")
	}
}
