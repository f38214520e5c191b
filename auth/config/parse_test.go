package config

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	laptop = "12D3KooWLaptopLaptopLaptopLaptopLaptopLaptopLaptopLa"
	office = "12D3KooWoffice1office1office1office1office1office1of"
	phone  = "12D3KooWPhonePhonePhonePhonePhonePhonePhonePhonePhon"
	hash   = "$rac-spake2p$v=1$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0c2FsdA$dzB3MHcw$TExMTA"
)

func TestEveryMistakeIsNamedWithItsPlace(t *testing.T) {
	const signerKey = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
	signer := "[[authority]]\nname = \"ACME\"\nkey = \"" + signerKey + "\"\n"
	token := "[[token]]\nclient = \"" + laptop + "\"\nsealed = \"x\"\n"
	for _, c := range []struct{ text, want string }{
		{"[unattended]\nallow_save_logn = true\n", `2:1: unknown key "allow_save_logn" in [unattended]; did you mean "allow_save_login"?`},
		{"[unatended]\nenabled = true\n", `1:2: unknown key "unatended"; did you mean "unattended"?`},
		{"allow_save_login = true\n", `1:1: unknown key "allow_save_login"; it belongs into [unattended]`},
		{"[permissions]\nforward_to = [\"*:80\", \"localhost\"]\n", `2:23: forward_to "localhost" is not HOST:PORT: those look like "localhost:22", "*:80", "192.168.7.0/24:*"`},
		{"[permissions]\nfiles_root = \"shared\"\n", `2:14: files_root "shared" is not the whole path of a folder`},
		{"[attended]\n  forwarding = true\n", `2:3: unknown key "forwarding" in [attended]; it belongs into [permissions]`},
		{"[unattended]\nEnabled = false\n", `2:1: unknown key "Enabled" in [unattended]; did you mean "enabled"?`},
		{"[unattended]\nwholly = 1\n", `2:1: unknown key "wholly" in [unattended]`},
		{"unattended.enabeld = false\n", `1:1: unknown key "enabeld" in [unattended]; did you mean "enabled"?`},
		{"unattended = { enabeld = false }\n", `1:16: unknown key "enabeld" in [unattended]; did you mean "enabled"?`},
		{"[a.b.c]\nd = 1\n", `1:2: unknown key "a"`},
		{token + "permision = [\"view\"]\n", `4:1: unknown key "permision" in [token]; did you mean "permissions"?`},

		{"[unattended]\nenabled = \"no\"\n", `2:11: enabled wants true or false, not a string`},
		{"[unattended]\nenabled = 0\n", `2:11: enabled wants true or false, not a number`},
		{"[unattended]\npassword_hash = 5\n", `2:17: password_hash wants a string such as "…", not a number`},
		{"[unattended]\ntoken_days = \"90\"\n", `2:14: token_days wants a number, not a string`},
		{"[network]\nallow = \"" + laptop + "\"\n", `2:9: allow wants a list of strings such as ["…"], not a string`},
		{"[network]\nallow = [\"" + laptop + "\", 7]\n", `2:66: allow wants a string here, not a number`},
		{"unattended = 3\n", `1:1: unattended is a table: write [unattended]`},
		{"[[unattended]]\nenabled = true\n", `1:3: unattended is a table: write [unattended]`},
		{"[token]\nclient = \"x\"\n", `1:2: token is a list of blocks: write [[token]] with two brackets`},
		{token + "created = \"yesterday\"\n", `4:11: created wants a date such as 2026-11-22T07:00:00Z, not a string`},
		{token + "created = 07:32:00\n", `4:11: created wants a date such as 2026-11-22T07:00:00Z, not a time of the day`},

		{"[unattended]\npassword_hash = \"swordfish\"\n", `2:17: password_hash is not a hash made by rac: set it with rac passwd, or paste a line of rac passwd --hash-only`},
		{"[unattended]\ntoken_days = 0\n", `2:14: token_days 0 is not between 1 and 3650 days`},
		{"[attended]\nmode = \"aks\"\n", `2:8: mode "aks" is none of ask, never; did you mean "ask"?`},
		{"[attended]\ntimeout = \"half an hour\"\n", `2:11: timeout "half an hour" is not a duration such as "30s" or "2m"`},
		{"[attended]\ntimeout = \"0s\"\n", `2:11: timeout 0s is not between 1s and 1h0m0s`},
		{"[attended]\ntimeout = 30\n", `2:11: timeout wants a duration such as "30s", not a number`},
		{"[network]\nallow = [\n  \"" + laptop + "\", # mine\n  \"12D3KooWshort\",\n]\n", `4:3: allow "12D3KooWshort" is not a peer ID: it has 13 characters, not 52, or one that no ID has`},
		{"[network]\nallow = [\"laptop\"]\n", `2:10: allow "laptop" is not a peer ID: those look like "12D3KooW…" (rac id prints one)`},
		{"[network]\nrelays = [\"192.0.2.7:4001\"]\n", `2:11: relays "192.0.2.7:4001" is not a multiaddr: those look like "/ip4/192.0.2.7/tcp/4001"`},
		{"[network]\nrelays = [\"/ip4/192.0.2.7/tcp/4001\"]\n", `2:11: relays "/ip4/192.0.2.7/tcp/4001" does not end in "/p2p/ID"`},
		{token + "permissions = [\"contrl\"]\n", `4:16: permissions "contrl" is none of view, control, clipboard, files, forwarding; did you mean "control"?`},
		{"[[token]]\nclient = \"" + laptop + "\"\n", `1:3: this [[token]] has no sealed`},
		{"[[peer]]\nname = \"office\"\n", `1:3: this [[peer]] has no id`},
		{token + token, `5:10: a second [[token]] for ` + laptop},
		{"[[peer]]\nid = \"" + laptop + "\"\n[[peer]]\nid = \"" + laptop + "\"\n", `4:6: a second [[peer]] for ` + laptop},
		{"[[peer]]\nid = \"" + laptop + "\"\nname = \"a\"\n[[peer]]\nid = \"" + office + "\"\nname = \"a\"\n", `6:8: a second [[peer]] with the name "a"`},
		{"[[peer]]\nid = \"" + laptop + "\"\nname = \"" + office + "\"\n", `3:8: name is a peer ID; a name must not look like one`},

		{"[[authority]]\nname = \"ACME — verified by Bank\"\nkey = \"" + signerKey + "\"\n", `2:8: name "ACME — verified by Bank" has "—" in it, which stands between a name and the authority that has verified it`},
		{"[[authority]]\nname = \"ACME\"\nkey = \"A6EHv\"\n", `3:7: key is not the key of an authority: rac cert new-authority prints one, 44 characters that end in =`},
		{signer + "revoked = [\"0123456789ABCDEF\", \"12\"]\n", `4:32: revoked "12" is not a serial number: those have 16 digits from 0 to f (rac cert show prints one)`},
		{signer + "permissions = [\"all\"]\n", `4:16: permissions "all" is none of view, control, clipboard, files, forwarding`},
		{signer + "[[authority]]\nname = \"ACME GmbH\"\nkey = \"" + signerKey + "\"\n", `6:7: a second [[authority]] with the key ` + signerKey},

		{"[unattended\nenabled = true\n", `1:12: expected '.' or ']' to end table name, but got '\n' instead`},
		{"[unattended]\nenabled = yes\n", `2:11: expected value but found "yes" instead`},
		{"[unattended]\nenabled = true\nenabled = false\n", `3:1: Key 'unattended.enabled' has already been defined`},
		{"[network]\r\nallow = [\r\n", `2:11: unexpected EOF; expected value`},
		{"[network]\nallow = [" + strings.Repeat("[", 40) + "\n", `2:25: is nested too deep`},
		{"[network]\nlan = 99999999999999999999\n", `2:7: 99999999999999999999 is out of range for int64`},
		{"\xff\xfe[\x00u\x00", `is saved as UTF-16; save it as UTF-8`},
		{"grüße = 1\n", `1:3: is not valid TOML: is a quote or a bracket missing?`},
		{"\ufeff[unattended]\nenabled = 1\n", `2:11: enabled wants true or false, not a number`},
	} {
		_, err := Parse("c.toml", []byte(c.text))
		got := fmt.Sprint(err)
		want := "c.toml:" + c.want
		if !strings.ContainsAny(c.want[:1], "0123456789") {
			want = "c.toml: " + c.want
		}
		if got != want {
			t.Errorf("%q:\n got %s\nwant %s", c.text, got, want)
		}
	}
}

func TestTheFirstMistakeIsNamedFirst(t *testing.T) {
	text := "[network]\nlan = 1\npublic = 1\n[attended]\nmode = 1\ntimeout = 1\nbanner = 1\n"
	for range 20 { // maps have no order
		if _, err := Parse("f", []byte(text)); !strings.HasPrefix(fmt.Sprint(err), "f:2:7:") {
			t.Fatalf("got %v, want the fault in line 2", err)
		}
	}
}

func TestAnErrorShowsTheLineWithACaret(t *testing.T) {
	_, err := Parse("f", []byte("[permissions]\n\tcontrol = \"ja\" # gruß\n"))
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %T, want *Error", err)
	}
	want := "\tcontrol = \"ja\" # gruß\n\t          ^"
	if got := e.Excerpt(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// People type the password itself into the file, under many names.
func TestNoErrorRepeatsASecret(t *testing.T) {
	token := "[[token]]\nclient = \"" + laptop + "\"\n"
	for _, text := range []string{
		"[unattended]\npassword_hash = \"hunter2\"\n",
		"[unattended]\npassword_hash = \"hunter2\n",
		"[unattended]\npassword_hash = hunter2\n",
		"[unattended]\npassword_hash = 'hunter2\n",
		"[unattended]\npassword_hash = \"\\\"hunter2\n",
		"[unattended]\npassword_hash = 0hunter2\n",
		"[unattended]\npassword_hash = \"\"\"\nhunter2\n",
		"[unattended]\npassword_hash = \"hunter2\\q\"\n",
		"[unattended]\npassword_hash = [\"hunter2\"]\n",
		"[unattended]\npasword_hash = \"hunter2\"\n",
		"[unattended]\npassword = \"hunter2\"\n",
		"unattended = { password = \"hunter2\" }\n",
		"unattended = { enabled = true, password = \"hunter2\", enabled = 1 }\n",
		"password = hunter2\n",
		"[unattended]\ntotp_sealed = 1.hunter2\n",
		"[unattended]\nrecovery_codes = [\"hunter2\", 5]\n",
		"[unattended]\nrecovery_codes = [\n\"hunter2\"\n, 5]\n",
		"[unattended]\nrecovery_codes = [\n\"hunter2\n, 5]\n",
		"[unattended]\nrecovery_codes = [\n\"ok\", hunter2]\n",
		"[unattended]\npassword = [\n\"ok\", hunter2]\n",
		token + "sealed = [\"hunter2\"]\n",
		token + "sealed = 2026-hunter2\n",
		"[[peer]]\nid = \"" + laptop + "\"\nlogin = {hunter2 = 1}\n",
		"[[peer]]\nid = \"" + laptop + "\"\nlogin = \"hunter2\" garbage\n",
	} {
		_, err := Parse("f", []byte(text))
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: got %v, want an *Error", text, err)
			continue
		}
		if all := fmt.Sprintf("%v %s %+v", e, e.Excerpt(), *e); strings.Contains(all, "hunter") {
			t.Errorf("%q: the error tells the secret: %s", text, all)
		}
	}
}

func TestANumberForAPasswordIsNotRepeatedEither(t *testing.T) {
	_, err := Parse("f", []byte("[unattended]\npassword_hash = 12345678901234567890\n"))
	if err == nil || strings.Contains(err.Error(), "123") {
		t.Errorf("got %v, want an error without the number", err)
	}
}

func TestPrintingAConfigTellsNoSecret(t *testing.T) {
	c := mustParse(t, "[unattended]\npassword_hash = \""+hash+"\"\nrecovery_codes = [\"spake\"]\n"+
		"[[token]]\nclient = \""+laptop+"\"\nsealed = \"spake\"\n[[peer]]\nid = \""+office+"\"\nlogin = \"spake\"\n")
	var log strings.Builder
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("x", "c", c, "u", c.Unattended, "t", c.Tokens[0], "ts", c.Tokens, "p", c.Peers[0], "ps", c.Peers)
	for _, v := range []any{c, *c, c.Unattended, c.Tokens, c.Tokens[0], &c.Tokens[0], c.Peers, c.Peers[0]} {
		fmt.Fprintf(&log, "%v %+v %#v %s\n", v, v, v, v)
	}
	if strings.Contains(log.String(), "spake") {
		t.Errorf("printed a secret: %s", log.String())
	}
	row, _ := setting("unattended.password_hash")
	if got := row.Show(c); got != "(set)" {
		t.Errorf("rac set shows the hash as %q, want (set)", got)
	}
}

func TestEverySpellingOfTOMLIsRead(t *testing.T) {
	for _, text := range []string{
		"[unattended]\nenabled=false\n[network]\nallow=['" + laptop + "']",
		"unattended.enabled = false\nnetwork.allow = [\"" + laptop + "\"]\n",
		"unattended = { enabled = false }\nnetwork = { allow = [ \"" + laptop + "\", ], }\n",
		"\"unattended\" . 'enabled' = false\n[ \"netw\\u006frk\" ]\nallow = [\n# one\n\"\"\"\\\n   " + laptop + "\"\"\"\n]\n",
		"\ufeff[unattended]\r\nenabled = false # no\r\n\r\n[network]\r\nallow = [\r\n  '''" + laptop + "''', # mine\r\n]\r\n",
	} {
		c, err := Parse("f", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		d := Default()
		d.Unattended.Enabled, d.Network.Allow = false, []string{laptop}
		if diff := Changed(&d, c); len(diff) > 0 {
			t.Errorf("%q: %q are not as written", text, diff)
		}
	}
}

func TestADateWithoutAZoneIsThisMachines(t *testing.T) {
	c := mustParse(t, "[[token]]\nclient = \""+laptop+"\"\nsealed = \"x\"\nexpires = 2027-03-01\ncreated = 2026-11-22T07:00:00+02:00\n")
	if want := time.Date(2027, 3, 1, 0, 0, 0, 0, time.Local); !c.Tokens[0].Expires.Equal(want) {
		t.Errorf("expires %v, want %v", c.Tokens[0].Expires, want)
	}
	if want := time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC); !c.Tokens[0].Created.Equal(want) {
		t.Errorf("created %v, want %v", c.Tokens[0].Created, want)
	}
}

func TestOriginNamesTheLine(t *testing.T) {
	c := mustParse(t, "[unattended]\n# no\nenabled = false\n")
	if got := c.Origin("unattended.enabled"); got != "config.toml:3" {
		t.Errorf("got %s, want config.toml:3", got)
	}
	if got := c.Origin("network.lan"); got != "default" {
		t.Errorf("got %s, want default", got)
	}
}

func TestBracketsWithoutEndDoNotEndTheProgram(t *testing.T) {
	for _, s := range []string{"[", "x=[", "x={a=", "x.", `x="`, "x=[[1],"} {
		text := strings.Repeat(s, maxSize/len(s))
		if strings.HasPrefix(s, "x=") {
			text = "x=" + strings.Repeat(s[2:], maxSize/len(s))
		}
		if _, err := Parse("f", []byte(text)); err == nil {
			t.Errorf("a megabyte of %q was accepted", s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(example())
	f.Add("unattended = { enabled = false, }\n[[token]]\nclient = \"" + laptop + "\"\nsealed=''''x'''''\n")
	f.Add("\ufeffnetwork.allow = [\r\n\"" + laptop + "\", # a\r\n]\r\n")
	f.Add("a.b.c = [[1], {x.y = 'z'}]\n[a.\"b.d\"]\ne = 1979-05-27 07:32:00Z\n[[f]]\n[[f.g]]\nh={}\n[f.i]\nj=-0.1e+5 #\n")
	f.Add("peer = [{id = \"" + laptop + "\", addrs = [\"/ip4/1.2.3.4\"]}]\n")
	files, _ := filepath.Glob("testdata/edit/*.txtar")
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Parse("f", []byte(text)); err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Line > strings.Count(text, "\n")+1 {
				t.Errorf("%q: bad error %#v", text, err)
			}
		}
		d, lost := scan(text)
		if lost != nil && errors.Is(lost.error, errDeep) {
			return
		}
		tree, err := decode("f", text)
		if err != nil {
			return
		}
		if lost != nil {
			t.Fatalf("%q: the library reads it, the scanner stops at %d: %v", text, lost.at, lost.error)
		}
		// What the library has read, the scanner has found, and nothing else.
		read, found := map[string]bool{}, map[string]bool{}
		leaves("", tree, read)
		for _, it := range d.items {
			if it.kind != header && !strings.ContainsRune("[{", rune(text[it.val.from])) {
				found[it.path] = true
			}
		}
		if !maps.Equal(read, found) {
			t.Fatalf("%q: the library has read %v, the scanner found %v", text, read, found)
		}
	})
}

// leaves notes the path of every value that holds no others.
func leaves(path string, v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for key, v := range v {
			leaves(join(path, key), v, into)
		}
	case []map[string]any:
		for i, v := range v {
			leaves(fmt.Sprintf("%s[%d]", path, i), v, into)
		}
	case []any:
		for i, v := range v {
			leaves(fmt.Sprintf("%s[%d]", path, i), v, into)
		}
	default:
		into[path] = true
	}
}
