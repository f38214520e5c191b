package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"rac/auth"
	"rac/screen/window"
)

// asker gets the password and the codes: from stdin or a file if the user said
// so, else from the person at the terminal, else by a dialog beside the window.
type asker struct {
	*session
	terminal *terminal
	dialog   bool     // there is a display and no terminal
	code     string   // what the dialog got
	lines    []string // what was read from stdin
	asked    bool     // typed is what the person has answered
	typed    auth.Typed
}

func (a *asker) open() {
	if a.getenv("RAC_PASSWORD_FILE") != "" || *a.o.passwordStdin {
		return
	}
	if t, err := openTerminal(); err == nil {
		t.voice = a.voice // the host may have something to say meanwhile
		a.terminal = t
	}
	a.dialog = a.terminal == nil && a.win != nil
}

func (a *asker) close() {
	a.forget()
	if a.terminal != nil {
		a.terminal.Close()
	}
}

// person tells whether somebody is there to answer.
func (a *asker) person() bool { return a.terminal != nil || a.dialog }

// Password gets a password, and whether the login is to be saved. What was typed
// before the host turned out to be busy is given once more.
func (a *asker) Password(ctx context.Context, q auth.Question) (auth.Typed, error) {
	if !a.asked || q.Attempt > 1 {
		typed, err := a.ask(ctx, q)
		if err != nil {
			return typed, err
		}
		a.forget()
		a.asked, a.typed = true, typed
	}
	again := a.typed
	again.Password = slices.Clone(a.typed.Password) // who gets it clears it
	return again, nil
}

func (a *asker) forget() {
	a.typed.Password.Clear()
	a.asked = false
}

func (a *asker) ask(ctx context.Context, q auth.Question) (auth.Typed, error) {
	if *a.o.remember && !q.MaySave && q.Attempt <= 1 {
		a.voice.say("this host does not let clients save the login; you will be asked each time")
	}
	if a.dialog {
		return a.showDialog(ctx, q, false)
	}
	text, err := a.secret(ctx, passwordOrigin, q.Attempt > 1, a.prompt(q))
	if err != nil {
		return auth.Typed{}, err
	}
	typed := auth.Typed{Password: auth.Password(text), Remember: *a.o.remember && q.MaySave}
	if a.terminal != nil && q.MaySave && !typed.Remember {
		answer, err := a.terminal.ask(ctx, "Log in automatically from now on? [y/N] ", false)
		if err != nil {
			return auth.Typed{}, err
		}
		typed.Remember = strings.HasPrefix(strings.ToLower(strings.TrimSpace(answer)), "y")
	}
	return typed, nil
}

// Code gets a code of the second factor, or a recovery code.
func (a *asker) Code(ctx context.Context, q auth.Question) (string, error) {
	if a.dialog {
		_, err := a.showDialog(ctx, q, true)
		return a.code, err
	}
	prompt := "Code of the second factor: "
	again := q.Last == auth.CodeCode // the attempts before it were at the password
	if again {
		prompt = sentenceOf(&auth.Refused{Code: q.Last, RetryAfter: q.Wait}) + " " + prompt
	}
	// Shown while it is typed: it is long if it is a recovery code, and good once.
	return a.secret(ctx, codeOrigin, again, prompt)
}

// prompt says whose password is wanted. What became of the last one notice has
// told, but not that the next one has to wait.
func (a *asker) prompt(q auth.Question) string {
	var said []string
	if q.Last != "" && q.Wait > 0 {
		said = append(said, sentenceOf(&auth.Refused{Code: q.Last, RetryAfter: q.Wait}))
	}
	if q.Asking {
		said = append(said, "The person at the machine is being asked, too.")
	}
	return strings.Join(append(said, fmt.Sprintf("Password for %s: ", a.target.ID.Short())), " ")
}

// sentenceOf makes a sentence of an error.
func sentenceOf(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// origin is where a secret is, if nobody is to be asked for it.
type origin struct {
	variable string // names a file
	line     int    // of stdin, from 0
	hidden   bool   // when it is typed
}

var (
	passwordOrigin = origin{"RAC_PASSWORD_FILE", 0, true}
	codeOrigin     = origin{"RAC_TOTP_FILE", 1, false}
)

// secret returns one line from where the user keeps it. What a pipe or a file
// holds is not tried twice: it would be wrong again and count as a guess.
func (a *asker) secret(ctx context.Context, from origin, again bool, prompt string) (string, error) {
	switch file := a.getenv(from.variable); {
	case again && a.terminal == nil:
		return "", auth.ErrNoPassword
	case file != "":
		line, err := lineOf(file)
		if err != nil {
			err = fmt.Errorf("%s: %w", from.variable, err)
		}
		return line, err
	case *a.o.passwordStdin:
		return a.stdinLine(from.line)
	case a.terminal != nil:
		a.voice.endPhases()
		return a.terminal.ask(ctx, prompt, from.hidden)
	}
	return "", auth.ErrNoPassword
}

// stdinLine returns line n of stdin. The code is the second also after a saved
// login, which left the password unread: that must not go to the host as a code.
func (a *asker) stdinLine(n int) (string, error) {
	for len(a.lines) <= n {
		line, err := readLine(a.stdin)
		if errors.Is(err, io.EOF) {
			return "", auth.ErrNoPassword
		}
		if err != nil {
			return "", err
		}
		a.lines = append(a.lines, line)
	}
	return a.lines[n], nil
}

// showDialog asks in a window. Closing it is the user's way to give up.
func (a *asker) showDialog(ctx context.Context, q auth.Question, code bool) (auth.Typed, error) {
	form := window.PasswordForm{
		Host: a.target.ID.Short(), Words: auth.Words(a.target.ID), MaySave: q.MaySave, TOTP: code,
		SaveReason: "this host does not let clients save the login",
	}
	if q.Last != "" {
		form.Retry = sentenceOf(&auth.Refused{Code: q.Last, RetryAfter: q.Wait})
	}
	o := a.window
	o.Title = "rac: password for " + a.target.ID.Short()
	secret, save, typed, err := window.AskPassword(ctx, o, form)
	switch {
	case ctx.Err() != nil:
		return auth.Typed{}, context.Cause(ctx)
	case errors.Is(err, window.ErrClosed):
		return auth.Typed{}, fail(exitInt, errors.New("cancelled"))
	case err != nil:
		return auth.Typed{}, err
	}
	a.code = typed
	return auth.Typed{Password: auth.Password(secret), Remember: q.MaySave && (save || *a.o.remember)}, nil
}

// lineOf returns the first line of a file.
func lineOf(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}
