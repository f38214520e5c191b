package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"rac/auth/config"
)

// Exit codes: the contract with scripts.
const (
	exitOK        = 0
	exitError     = 1 // anything else; not allowed to change this config
	exitUsage     = 2 // usage or config error
	exitNotFound  = 3 // host not found or not reachable
	exitLogin     = 4 // login refused: wrong password, dead token, throttled
	exitRefused   = 5 // refused, or nobody answered, at the host's console
	exitForbidden = 6 // the host does not permit it
	exitLost      = 7 // a session was up and the link could not be resumed
	exitDisplay   = 8 // no display, or no usable capture or input backend
	exitEnded     = 9 // ended by the host
	exitHangup    = 129
	exitInt       = 130
	exitPipe      = 141
	exitTerm      = 143
)

// exitCodes says what the codes mean, for docs/commands.md.
func exitCodes() []struct {
	code           int
	meaning, retry string
} {
	return []struct {
		code           int
		meaning, retry string
	}{
		{exitOK, "done; the session was closed by the user", "–"},
		{exitError, "any other error; not allowed to change this config", "no"},
		{exitUsage, "usage or config error", "no"},
		{exitNotFound, "host not found, or not reachable within --timeout", "yes"},
		{exitLogin, "login refused: wrong password, dead saved login and nobody to ask, wrong code, too many tries", "later"},
		{exitRefused, "refused, or nobody answered, at the host", "later"},
		{exitForbidden, "the host does not permit it: not on its allow list, no way in, permission missing", "no"},
		{exitLost, "a session was up, the line was lost and could not be resumed", "yes"},
		{exitDisplay, "no display, or no usable way to capture or to type", "no"},
		{exitEnded, "ended by the host: revoked, disabled, kicked, stopped", "no"},
		{exitHangup, "ended by SIGHUP: its terminal was closed", "–"},
		{exitInt, "ended by SIGINT", "–"},
		{exitPipe, "nobody reads its results any more (rac host | head -1)", "–"},
		{exitTerm, "ended by SIGTERM", "–"},
	}
}

// failure is an error that decides the exit code and knows what to do next.
type failure struct {
	code  int
	err   error
	hints []string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// fail returns a failure with hints: each is a line that begins "rac: hint:".
func fail(code int, err error, hints ...string) error {
	return &failure{code, err, hints}
}

func usagef(format string, args ...any) error {
	return fail(exitUsage, fmt.Errorf(format, args...))
}

// command is one line of the table in main.go.
type command struct {
	name  string
	args  string // its operands, as in usage lines
	group string
	short string // one line, for rac --help
	long  string // paragraphs, for rac help COMMAND
	eg    [2]string
	// setUp declares the flags and returns what runs after they were parsed.
	setUp func(*flags) func(*program, []string) error
}

// flags are the flags of one command. Beyond package flag: flags may stand after
// operands, "--" ends them, and an unknown one names the nearest.
type flags struct {
	*flag.FlagSet
	order []string
	shown map[string]string // name → what help shows for its value
}

func newFlags(name string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError), shown: make(map[string]string)}
	f.SetOutput(io.Discard)
	return f
}

func (f *flags) add(name, value string) {
	f.order = append(f.order, name)
	f.shown[name] = value
}

func (f *flags) bool(name, help string) *bool {
	f.add(name, "")
	return f.Bool(name, false, help)
}

func (f *flags) string(name, value, help string) *string {
	f.add(name, value)
	return f.String(name, "", help)
}

func (f *flags) duration(name string, value time.Duration, help string) *time.Duration {
	f.add(name, value.String())
	return f.Duration(name, value, help)
}

// list declares a flag that may be given several times.
func (f *flags) list(name, value, help string) *[]string {
	f.add(name, value)
	all := new([]string)
	f.Func(name, help, func(s string) error { *all = append(*all, s); return nil })
	return all
}

// given tells whether the user has set a flag.
func (f *flags) given(name string) bool {
	found := false
	f.Visit(func(g *flag.Flag) { found = found || g.Name == name })
	return found
}

// notEmpty refuses flags that were given with nothing in them.
func (f *flags) notEmpty(names ...string) error {
	for _, name := range names {
		if f.given(name) && f.Lookup(name).Value.String() == "" {
			return usagef("--%s needs a value: --%s %s", name, name, f.shown[name])
		}
	}
	return nil
}

// parse sets the flags and returns the operands.
func (f *flags) parse(args []string) (operands []string, err error) {
	args = f.joined(args)
	for {
		if err := f.Parse(args); err != nil {
			return nil, f.explain(err)
		}
		rest := f.Args()
		if len(rest) == 0 {
			return operands, nil
		}
		if used := len(args) - len(rest); used > 0 && args[used-1] == "--" {
			return append(operands, rest...), nil
		}
		operands, args = append(operands, rest[0]), rest[1:]
	}
}

// joined writes "--control false" as "--control=false": package flag takes no
// separate value for a flag that may stand alone.
func (f *flags) joined(args []string) []string {
	var all []string
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return append(all, args[i:]...)
		}
		name, isFlag := strings.CutPrefix(args[i], "--")
		if isFlag && f.shown[name] == "=true|false" && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			all = append(all, args[i]+"="+args[i+1])
			i++
			continue
		}
		all = append(all, args[i])
	}
	return all
}

// explain puts package flag's errors into rac's words.
func (f *flags) explain(err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		name = strings.TrimLeft(name, "-")
		var known []string
		f.VisitAll(func(g *flag.Flag) { known = append(known, g.Name) })
		if near := config.Nearest(name, known); near != "" {
			return usagef("unknown flag --%s; did you mean --%s?", name, near)
		}
		return fail(exitUsage, fmt.Errorf("unknown flag --%s", name), "rac help "+f.Name())
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return usagef("--%s needs a value: --%s %s", name, name, strings.TrimPrefix(f.shown[name], "="))
	}
	text, unread := strings.CutSuffix(text, ": parse error")
	if shown := strings.TrimPrefix(f.shown[text[strings.LastIndex(text, " -")+2:]], "="); unread && shown != "" {
		text += "; it is written as in " + shown
	}
	text = strings.NewReplacer("for flag -", "for --", "for -", "for --").Replace(text)
	return usagef("%s", text)
}

// parseMonitor reads --monitor: 0 is all of them.
func parseMonitor(s string) (int, error) {
	if s == "" || s == "all" {
		return 0, nil
	}
	var n int
	if _, err := fmt.Sscanf(s, "%d", &n); err != nil || n < 1 || n > 64 || fmt.Sprint(n) != s {
		return 0, usagef("--monitor %q: it is all, or the number of a monitor from 1", s)
	}
	return n, nil
}

// wrap cuts text into lines of at most width characters.
func wrap(text string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Fields(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}

// Help fits a screen of 80 columns: what a flag does stands in the right two
// thirds of it.
const (
	helpWidth  = 80
	helpIndent = 28
)

// usage returns the help of one command.
func (c *command) usage() string {
	f := newFlags(c.name)
	c.setUp(f)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", strings.Join(wrap("Usage: rac "+c.name+" "+c.args, helpWidth), "\n       "))
	for paragraph := range strings.SplitSeq(c.long, "\n\n") {
		fmt.Fprintf(&b, "\n%s\n", strings.Join(wrap(paragraph, helpWidth), "\n"))
	}
	if len(f.order) > 0 {
		b.WriteString("\nFlags:\n")
	}
	for _, name := range f.order {
		b.WriteString(f.help(name))
	}
	fmt.Fprintf(&b, "\nExamples:\n  %s\n  %s\n", c.eg[0], c.eg[1])
	return b.String()
}

// help is what the help of a command says of one flag.
func (f *flags) help(name string) string {
	left := strings.TrimSpace("--" + name + " " + f.shown[name])
	if strings.HasPrefix(f.shown[name], "=") {
		left = "--" + name + f.shown[name]
	}
	margin := "\n" + strings.Repeat(" ", helpIndent)
	what := strings.Join(wrap(f.Lookup(name).Usage, helpWidth-helpIndent), margin)
	if len(left) > helpIndent-4 {
		return "  " + left + margin + what + "\n"
	}
	return fmt.Sprintf("%-*s%s\n", helpIndent, "  "+left, what)
}

// hostname is what this computer calls itself; "" if it does not know.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}
