package config

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write config.example.toml")

const examplePath = "../../config.example.toml"

func TestTheExampleIsMadeFromTheTableOfSettings(t *testing.T) {
	if *update {
		if err := os.WriteFile(examplePath, []byte(example()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != example() {
		t.Error("config.example.toml is not what the table says: go test ./auth/config -update")
	}
}

func TestTheExampleMeansTheDefault(t *testing.T) {
	c := mustParse(t, example())
	d := Default()
	if diff := Changed(&d, c); len(diff) > 0 {
		t.Errorf("the example changes %q", diff)
	}
	e, err := newEdit("example", []byte(example()))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range Settings() {
		if s.Show(&d) != s.Default && !s.Secret {
			t.Errorf("%s is %s by default, the table says %s", s.Key, s.Show(&d), s.Default)
		}
		if s.Help == "" || strings.Contains(s.Help, "\n") {
			t.Errorf("%s: help is %q, want one line", s.Key, s.Help)
		}
		table, key := cutTable(s.Key)
		if table == "" || s.Kind == Text {
			continue
		}
		if _, shown := e.doc.find(s.Key); !shown && s.sample == "" {
			t.Errorf("the example has no %s in [%s]", key, table)
		}
	}
}

func TestEverySampleInTheExampleCanBeUncommented(t *testing.T) {
	sample := regexp.MustCompile(`(?m)^# (\[\[|[a-z_]+ *= )`)
	text := sample.ReplaceAllString(example(), "$1")
	c := mustParse(t, text)
	if len(c.Tokens) != 1 || len(c.Authorities) != 1 || len(c.Peers) != 1 || len(c.OnSession) != 2 {
		t.Errorf("got %d tokens, %d authorities, %d peers, on_session %q, want 1, 1, 1 and two words",
			len(c.Tokens), len(c.Authorities), len(c.Peers), c.OnSession)
	}
	if got := c.Tokens[0].Permissions; len(got) != 1 || got[0] != "control" {
		t.Errorf("the sample token permits %q, want control", got)
	}
}

func mustParse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse("config.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
