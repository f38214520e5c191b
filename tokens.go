package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"rac/auth"
	"rac/auth/config"
	"rac/p2p/wire"
)

// rac tokens: the saved logins that this host has given out.

var tokensCommand = &command{
	name: "tokens", args: "[list | revoke NAME|ID... | clear]", group: groupWho,
	short: "list and revoke the saved logins of this host",
	long: `list prints one line for each saved login: name, ID, created, expires, last used.
revoke ends one, clear ends all; a session that rests on one ends within a second.
Deleting the [[token]] block from the config does the same.`,
	eg: [2]string{"rac tokens", "rac tokens revoke laptop"},
	setUp: func(f *flags) func(*program, []string) error {
		asJSON := f.bool("json", "list as JSON")
		return func(p *program, operands []string) error {
			file, state, err := p.files()
			if err != nil {
				return err
			}
			verb := "list"
			if len(operands) > 0 {
				verb, operands = operands[0], operands[1:]
			}
			switch verb {
			case "list":
				if err := noOperands(operands); err != nil {
					return err
				}
				return p.listTokens(file, state, *asJSON)
			case "revoke":
				return p.revokeTokens(file, operands)
			case "clear":
				if err := noOperands(operands); err != nil {
					return err
				}
				return p.clearTokens(file)
			}
			return usagef("rac tokens %s: it is list, revoke or clear", verb)
		}
	},
}

// tokenLine is one saved login as it is listed.
type tokenLine struct {
	Name     string     `json:"name"`
	ID       string     `json:"id"`
	Created  time.Time  `json:"created"`
	Expires  *time.Time `json:"expires"`   // null: never
	LastUsed *time.Time `json:"last_used"` // null: not yet
}

func tokenLines(cfg *config.Config, state *auth.State) []tokenLine {
	lines := []tokenLine{}
	for _, t := range cfg.Tokens {
		line := tokenLine{Name: printable(t.Name), ID: t.Client, Created: t.Created.UTC()}
		used := state.LastUsed(wire.PeerID(t.Client))
		if used.Before(t.Created) {
			used = time.Time{} // that was the one before it, of the same client
		}
		if !used.IsZero() {
			used = used.UTC().Truncate(time.Second)
			line.LastUsed = &used
		}
		if end := expiry(cfg, t, used); !end.IsZero() {
			line.Expires = &end
		}
		lines = append(lines, line)
	}
	return lines
}

// expiry is when a token dies if it is not used: at its fixed end, or when it
// will have been unused for too long.
func expiry(cfg *config.Config, t config.Token, used time.Time) time.Time {
	end := t.Expires
	if used.Before(t.Created) {
		used = t.Created
	}
	if days := cfg.Unattended.TokenDays; days > 0 {
		if idle := used.AddDate(0, 0, days); end.IsZero() || idle.Before(end) {
			end = idle
		}
	}
	return end.UTC()
}

func (p *program) listTokens(file *config.File, state string, asJSON bool) error {
	cfg, err := file.Load()
	if err != nil {
		return err
	}
	s, err := auth.ReadState(filepath.Join(state, "state.json"))
	if err != nil { // the host will begin a new one; to look must change nothing
		p.voice.say("when a saved login was last used is not known: %v", err)
	}
	lines := tokenLines(cfg, s)
	if asJSON {
		return json.NewEncoder(p.stdout).Encode(lines)
	}
	p.printTokens(lines)
	if len(lines) > 0 && !cfg.Unattended.Enabled {
		p.voice.say("all suspended: unattended access is switched off")
	}
	return nil
}

// printTokens prints fields between tabs, for programs; on a terminal a header
// and aligned columns.
func (p *program) printTokens(lines []tokenLine) {
	if len(lines) == 0 {
		return
	}
	out, done := p.columns("NAME\tID\tCREATED\tEXPIRES\tLAST-USED")
	defer done()
	for _, l := range lines {
		name := strings.ReplaceAll(l.Name, "\t", " ")
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", name, l.ID, l.Created.Format(time.RFC3339), orNever(l.Expires), orNever(l.LastUsed))
	}
}

// columns returns stdout for lines with fields between tabs. On a terminal they
// are aligned below a header, when done is called.
func (p *program) columns(header string) (out io.Writer, done func()) {
	if r, ok := p.stdout.(*results); !ok || !term.IsTerminal(int(r.to.Fd())) {
		return p.stdout, func() {}
	}
	w := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, header)
	return w, func() { w.Flush() }
}

func orNever(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.Format(time.RFC3339)
}

func (p *program) revokeTokens(file *config.File, which []string) error {
	if len(which) == 0 {
		return usagef("revoke which? rac tokens lists them")
	}
	err := file.Edit(func(e *config.Edit) error {
		for _, name := range which {
			client, err := findToken(e.Config(), name)
			if err != nil {
				return err
			}
			if err := e.RemoveToken(client); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return p.mayWrite(file, err)
	}
	p.voice.say("revoked: %s", strings.Join(which, ", "))
	return nil
}

// findToken returns the client that a name or an ID means.
func findToken(cfg *config.Config, name string) (string, error) {
	if cfg.Token(name) != nil {
		return name, nil
	}
	var found, names []string
	for _, t := range cfg.Tokens {
		if t.Name == name {
			found = append(found, t.Client)
		}
		names = append(names, t.Name)
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		if near := config.Nearest(name, names); near != "" && !slices.Contains(names, name) {
			return "", fmt.Errorf("no saved login is called %q; did you mean %q?", name, near)
		}
		return "", fail(exitError, fmt.Errorf("no saved login is called %q", name), "rac tokens lists them")
	}
	return "", fail(exitError, fmt.Errorf("%d saved logins are called %q", len(found), name), "name it by its ID: "+strings.Join(found, " or "))
}

func (p *program) clearTokens(file *config.File) error {
	var n int
	err := file.Edit(func(e *config.Edit) (err error) {
		n, err = e.ClearTokens()
		return err
	})
	if err != nil {
		return p.mayWrite(file, err)
	}
	p.voice.say("%d saved logins cleared: these clients have to type the password again", n)
	p.voice.hint("change the password too (rac passwd): who knows it still gets in")
	return nil
}
