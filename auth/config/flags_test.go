package config

import (
	"flag"
	"io"
	"strings"
	"testing"
)

// These are the flags of the contract; scripts use them.
func TestEveryFlagSetsItsKey(t *testing.T) {
	relay := "/ip4/192.0.2.7/tcp/4001/p2p/" + office
	for _, c := range []struct{ args, key, want string }{
		{"--unattended=false", "unattended.enabled", "false"},
		{"--unattended=false --unattended", "unattended.enabled", "true"},
		{"--allow-save-login", "unattended.allow_save_login", "true"},
		{"--totp-for-saved-login=false", "unattended.totp_for_saved_login", "false"},
		{"--token-days 7", "unattended.token_days", "7"},
		{"--token-days=7", "unattended.token_days", "7"},
		{"--attended never", "attended.mode", `"never"`},
		{"--attended-timeout=90s", "attended.timeout", `"1m30s"`},
		{"--control=false", "permissions.control", "false"},
		{"--clipboard=false", "permissions.clipboard", "false"},
		{"--files=false", "permissions.files", "false"},
		{"--forwarding", "permissions.forwarding", "true"},
		{"--files-root=/srv/shared", "permissions.files_root", `"/srv/shared"`},
		{"--files-root=", "permissions.files_root", `""`},
		{"--forward-to=db.lan:5432", "permissions.forward_to", `["db.lan:5432"]`},
		{"--forward-to=", "permissions.forward_to", "[]"},
		{"--lock-on-end=true", "permissions.lock_on_end", "true"},
		{"--allow " + laptop + " --allow " + phone, "network.allow", `["` + laptop + `", "` + phone + `"]`},
		{"--allow " + laptop + " --disallow " + laptop, "network.allow", "[]"},
		{"--disallow anything", "network.allow", "[]"},
		{"--add-relay " + relay, "network.relays", `["` + relay + `"]`},
		{"--add-relay " + relay + " --remove-relay=" + relay, "network.relays", "[]"},
		{"--bootstrap /dns/a/tcp/1/p2p/" + phone + " --bootstrap " + relay, "network.bootstrap", `["/dns/a/tcp/1/p2p/` + phone + `", "` + relay + `"]`},
		{"--bootstrap " + relay + " --bootstrap=", "network.bootstrap", "[]"},
		{"--lan=false", "network.lan", "false"},
		{"--public=false", "network.public", "false"},
	} {
		fs := flag.NewFlagSet("set", flag.ContinueOnError)
		changes := Flags(fs)
		if err := fs.Parse(strings.Fields(c.args)); err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		e := edit(t, example())
		if err := changes.Apply(e); err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		s, _ := setting(c.key)
		if got := s.Show(e.Config()); got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.args, c.key, got, c.want)
		}
	}
}

func TestAFlagWithAWrongValueIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	for _, args := range []string{
		"--unattended=perhaps", "--token-days=0", "--token-days=x", "--attended=always",
		"--attended-timeout=30", "--allow bob", "--allow=", "--add-relay 192.0.2.7:4001", "--password x",
	} {
		fs := flag.NewFlagSet("set", flag.ContinueOnError)
		fs.SetOutput(io.Discard)
		Flags(fs)
		if err := fs.Parse(strings.Fields(args)); err == nil {
			t.Errorf("%s was taken", args)
		}
	}
}

func TestNoFlagTakesASecret(t *testing.T) {
	for _, s := range Settings() {
		if s.Secret && s.Flag != "" {
			t.Errorf("--%s sets the secret %s", s.Flag, s.Key)
		}
		if s.Flag != "" && !strings.HasPrefix(s.Usage(), "--"+s.Flag) {
			t.Errorf("%s: usage is %q", s.Key, s.Usage())
		}
	}
}

func TestNearestFindsWhatWasMeant(t *testing.T) {
	known := []string{"host", "connect", "id", "passwd", "tokens", "set", "doctor", "unattended", "allow-save-login"}
	for word, want := range map[string]string{
		"conect": "connect", "cnonect": "connect", "hots": "host", "pasword": "passwd", "token": "tokens", "docter": "doctor",
		"allow-save-logn": "allow-save-login", "alow_save_login": "allow-save-login", "unatended": "unattended",
		"xyzzy": "", "": "", "z": "", "completely-else": "", "ids": "id",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
