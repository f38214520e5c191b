package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// Each file of testdata/edit is a story: commands, the text before, the text after.
func TestEditsChangeNothingElse(t *testing.T) {
	files, err := filepath.Glob("testdata/edit/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			commands, before, after := string(a.Comment), string(a.Files[0].Data), string(a.Files[1].Data)
			checkEdit(t, "as it stands", commands, before, after)
			checkEdit(t, "a second time", commands, after, after)
			checkEdit(t, "CRLF", commands, crlf(before), crlf(after))
			checkEdit(t, "byte order mark", commands, bom+before, bom+after)
		})
	}
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func checkEdit(t *testing.T, how, commands, before, want string) {
	t.Helper()
	e, err := newEdit("config.toml", []byte(before))
	if err != nil {
		t.Fatalf("%s: %v", how, err)
	}
	for _, line := range strings.Split(commands, "\n") {
		if err := runEdit(e, strings.Fields(line)); err != nil && !errors.Is(err, ErrNotFound) {
			t.Fatalf("%s: %s: %v", how, line, err)
		}
	}
	if got := e.text; got != want {
		t.Errorf("%s: got\n%s\nwant\n%s", how, got, want)
	}
}

// runEdit makes one edit; lines that are no command are prose.
func runEdit(e *Edit, w []string) error {
	if len(w) == 0 {
		return nil
	}
	switch w[0] {
	case "set":
		s, ok := setting(w[1])
		if !ok {
			return fmt.Errorf("no setting %s", w[1])
		}
		v, err := s.Parse(w[2])
		return errors.Join(err, e.Set(w[1], v))
	case "on-session":
		return e.Set("on_session", w[1:])
	case "add":
		return e.AddTo(w[1], w[2])
	case "remove":
		return e.RemoveFrom(w[1], w[2])
	case "token":
		return e.PutToken(Token{Client: w[1], Name: w[2], Created: time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC), Sealed: w[3]})
	case "reseal":
		return e.UpdateToken(w[1], func(t *Token) { t.Sealed = w[2] })
	case "expires":
		at, _ := time.Parse(time.RFC3339, w[2]) // never: zero
		return e.UpdateToken(w[1], func(t *Token) { t.Expires = at })
	case "revoke":
		return e.RemoveToken(w[1])
	case "clear":
		_, err := e.ClearTokens()
		return err
	case "peer":
		return e.PutPeer(Peer{ID: w[1], Name: w[2], Login: w[3]})
	case "forget":
		p := *e.Config().Peer(w[1])
		p.Login = ""
		return e.PutPeer(p)
	}
	return nil
}

func edit(t *testing.T, text string) *Edit {
	t.Helper()
	e, err := newEdit("config.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestATextWithoutAFinalNewlineGrows(t *testing.T) {
	e := edit(t, "[unattended]\nenabled = true")
	for _, err := range []error{
		e.Set("unattended.token_days", 5),
		e.Set("attended.mode", Never),
		e.PutToken(Token{Client: laptop, Sealed: "x"}),
		e.UpdateToken(laptop, func(t *Token) { t.Name = "laptop" }),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := "[unattended]\nenabled = true\ntoken_days = 5\n[attended]\nmode = \"never\"\n\n" +
		"[[token]]\nclient = \"" + laptop + "\"\nsealed = \"x\"\nname = \"laptop\"\n"
	if got := strings.ReplaceAll(e.text, "\n\n[attended]", "\n[attended]"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestATokenComesAndGoesWithoutATrace(t *testing.T) {
	for _, text := range []string{example(), "# x\n", "[network]\nlan = true\n", crlf(example())} {
		e := edit(t, text)
		for _, client := range []string{laptop, office, phone} {
			if err := e.PutToken(Token{Client: client, Sealed: "x"}); err != nil {
				t.Fatal(err)
			}
		}
		for _, client := range []string{office, laptop, phone} {
			if err := e.RemoveToken(client); err != nil {
				t.Fatal(err)
			}
		}
		if got := e.text; got != text {
			t.Errorf("got\n%q\nwant\n%q", got, text)
		}
	}
}

// The name of a token comes from a stranger's machine.
func TestANameCannotBreakOutOfItsString(t *testing.T) {
	for _, name := range []string{
		"\"\nenabled = true\n", "a\\", "\\u0022", "'''", `"""`, "\x00\x1b[31m\x7f\u0085", "a\r\nb", "\xff\xfe", "#", "\u202eexe", "日本 ü", "x\u2028y",
	} {
		e := edit(t, example())
		if err := e.PutToken(Token{Client: laptop, Name: name, Sealed: "x"}); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if got, want := e.Config().Tokens[0].Name, strings.ToValidUTF8(name, "\ufffd"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if strings.ContainsAny(e.text, "\x1b\u202e\u2028\u0085") {
			t.Errorf("%q stands in the file as it came", name)
		}
	}
}

func TestAWrongValueIsRefusedAndTheTextStays(t *testing.T) {
	for _, c := range []struct {
		want string
		do   func(*Edit) error
	}{
		{`no setting "unattended.enable"; did you mean "unattended.enabled"?`, func(e *Edit) error { return e.Set("unattended.enable", true) }},
		{`unattended.enabled wants true or false`, func(e *Edit) error { return e.Set("unattended.enabled", "yes") }},
		{`attended.mode: "aks" is none of ask, never; did you mean "ask"?`, func(e *Edit) error { return e.Set("attended.mode", "aks") }},
		{`unattended.token_days: 0 is not between 1 and 3650 days`, func(e *Edit) error { return e.Set("unattended.token_days", 0) }},
		{`attended.timeout: 2h0m0s is not between 1s and 1h0m0s`, func(e *Edit) error { return e.Set("attended.timeout", 2*time.Hour) }},
		{`network.allow: "x" is not a peer ID: those look like "12D3KooW…" (rac id prints one)`, func(e *Edit) error { return e.AddTo("network.allow", "x") }},
		{`network.lan is no list`, func(e *Edit) error { return e.AddTo("network.lan", "x") }},
		{`[[token]] has no sealed`, func(e *Edit) error { return e.PutToken(Token{Client: laptop}) }},
		{`[[token]]: client: "x" is not a peer ID: those look like "12D3KooW…" (rac id prints one)`, func(e *Edit) error { return e.PutToken(Token{Client: "x", Sealed: "x"}) }},
		{`[[token]]: permissions: "all" is none of view, control, clipboard, files, forwarding`, func(e *Edit) error {
			return e.PutToken(Token{Client: laptop, Sealed: "x", Permissions: []string{"all"}})
		}},
		{`token of ` + phone + `: not in the config`, func(e *Edit) error { return e.UpdateToken(phone, func(*Token) {}) }},
	} {
		e := edit(t, example())
		if err := c.do(e); fmt.Sprint(err) != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
		if e.text != example() {
			t.Errorf("%s: the text has changed", c.want)
		}
	}
}

func TestAListWithCommentsKeepsThemWhenItIsSet(t *testing.T) {
	const a, b = "/dns/a/tcp/1/p2p/" + laptop, "/dns/b/tcp/1/p2p/" + laptop
	text := "[network]\nbootstrap = [\n  # ours\n  \"" + a + "\",\n]\n"
	e := edit(t, text)
	if err := e.Set("network.bootstrap", []string{a, b}); err != nil {
		t.Fatal(err)
	}
	want := "[network]\nbootstrap = [\n  # ours\n  \"" + a + "\",\n  \"" + b + "\",\n]\n"
	if got := e.text; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := e.Set("network.bootstrap", []string{b, a}); err == nil || !strings.Contains(err.Error(), "by hand") {
		t.Errorf("another order: got %v, want a refusal", err)
	}
	if got := e.text; got != want {
		t.Errorf("after the refusal: got\n%s\nwant\n%s", got, want)
	}
}

// comments are the comment lines of a text that are none of a string's.
func comments(e *Edit) []string {
	var all []string
	line := regexp.MustCompile(`(?m)^[ \t]*#.*$`)
	for _, m := range line.FindAllStringIndex(e.text, -1) {
		if !e.insideString(m[1]) {
			all = append(all, strings.TrimSpace(e.text[m[0]:m[1]]))
		}
	}
	return all
}

func (e *Edit) insideString(at int) bool {
	for _, it := range e.doc.items {
		if it.val.from < at && at < it.val.to && strings.ContainsRune(`"'`, rune(e.text[it.val.from])) {
			return true
		}
	}
	return false
}

func FuzzEdit(f *testing.F) {
	files, _ := filepath.Glob("testdata/edit/*.txtar")
	for _, name := range files {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, line := range strings.Split(string(a.Comment), "\n") {
			f.Add(string(a.Files[0].Data), line)
			f.Add(crlf(string(a.Files[0].Data)), line)
		}
	}
	f.Add(example(), "set network.public false")
	f.Add(example()+"[[token]]\nclient = \""+laptop+"\"\nsealed = ''''x'''''", "token "+laptop+" n s")
	f.Fuzz(func(t *testing.T, text, command string) {
		w := strings.Fields(command)
		e, err := newEdit("f", []byte(text))
		if err != nil || !plausible(w) {
			return
		}
		before, was, kept := e.Config(), e.text, comments(e)
		err = runEdit(e, w)
		if err != nil {
			if e.text != was {
				t.Fatalf("%q failed (%v) but changed the text", command, err)
			}
			return
		}
		after, err := Parse("f", []byte(e.text))
		if err != nil {
			t.Fatalf("%q on %q made %q: %v", command, text, e.text, err)
		}
		for _, key := range Changed(before, after) {
			if w[0] != "clear" && !strings.Contains(key, w[1]) && (w[0] != "on-session" || key != "on_session") {
				t.Fatalf("%q changed %s", command, key)
			}
		}
		if got := comments(e); strings.Join(got, "\n") != strings.Join(kept, "\n") {
			t.Fatalf("%q on %q: comments were %q, are %q", command, text, kept, got)
		}
		again := e.text
		if err := runEdit(e, w); err != nil && !errors.Is(err, ErrNotFound) || e.text != again {
			t.Fatalf("%q a second time: %v\n%q\n%q", command, err, again, e.text)
		}
	})
}

// plausible says whether a command has the words that runEdit takes for granted.
func plausible(w []string) bool {
	need := map[string]int{"set": 3, "on-session": 2, "add": 3, "remove": 3, "token": 4, "reseal": 3, "expires": 3, "revoke": 2, "clear": 1, "peer": 4, "forget": 2}
	return len(w) > 0 && need[w[0]] > 0 && len(w) >= need[w[0]]
}
