package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"rac/auth"
	"rac/auth/config"
)

// rac passwd: the password for unattended access. The second factor is in
// passwd_twofactor.go.

type passwdOptions struct {
	stdin, generate, remove, hashOnly *bool
	twoFactor                         *string
}

var passwdCommand = &command{
	name: "passwd", group: groupWho,
	short: "set the password for unattended access",
	long: `Asks for the password twice and writes a verifier of it to the config; the
password itself is stored nowhere. Any change, also to the same password, ends all
saved logins. The first time it also asks whether clients may save the login.`,
	eg: [2]string{"rac passwd", "rac passwd --two-factor on"},
	setUp: func(f *flags) func(*program, []string) error {
		o := passwdOptions{
			stdin:     f.bool("stdin", "read the password from stdin's first line"),
			generate:  f.bool("generate", "make a good password and print it"),
			remove:    f.bool("remove", "no password: no unattended access at all"),
			hashOnly:  f.bool("hash-only", "write nothing: print the password_hash line to paste or to deploy"),
			twoFactor: f.string("two-factor", "on|off", "whether a code of a phone's app is asked for after the password; the password stays as it is. With --stdin: the app's URI goes to stdout, its code comes from stdin"),
		}
		return func(p *program, operands []string) error {
			if err := noOperands(operands); err != nil {
				return err
			}
			file, state, err := p.files()
			if err != nil {
				return err
			}
			if !*o.hashOnly {
				if err := p.mayGivePassword(file); err != nil {
					return err
				}
			}
			if f.given("two-factor") {
				return p.twoFactor(file, state, o)
			}
			return p.passwd(file, o)
		}
	},
}

func (p *program) passwd(file *config.File, o passwdOptions) error {
	switch {
	case *o.remove && (*o.stdin || *o.generate || *o.hashOnly), *o.stdin && *o.generate:
		return usagef("--stdin, --generate and --remove exclude each other")
	case *o.remove:
		return p.removePassword(file)
	case !*o.stdin && !*o.generate && !*o.hashOnly:
		return p.askNewPassword(file)
	}
	password, err := p.newPassword(o)
	if err != nil {
		return err
	}
	defer password.Clear()
	hash, err := p.hash(password)
	if err != nil {
		return err
	}
	if *o.hashOnly {
		fmt.Fprintf(p.stdout, "password_hash = %q\n", hash)
	} else if err := p.savePassword(file, hash); err != nil {
		return err
	}
	if *o.generate {
		// The only time that it is shown.
		fmt.Fprintln(p.stdout, string(password))
	}
	return nil
}

// newPassword gets the password without a question, or with one for --hash-only.
func (p *program) newPassword(o passwdOptions) (auth.Password, error) {
	switch {
	case *o.generate:
		return auth.GeneratePassword(), nil
	case *o.stdin:
		line, err := readLine(p.stdin)
		if errors.Is(err, io.EOF) {
			return nil, usagef("there is no password on stdin")
		}
		return auth.Password(line), err
	}
	return p.typeTwice()
}

// hash checks a new password and returns its verifier.
func (p *program) hash(password auth.Password) (string, error) {
	warning, err := auth.CheckPassword(password)
	if err != nil {
		return "", fail(exitUsage, err, "rac passwd --generate makes a good one")
	}
	if warning != "" {
		p.voice.say("%s", warning)
	}
	return auth.NewPasswordHash(password)
}

// askNewPassword is rac passwd on a terminal.
func (p *program) askNewPassword(file *config.File) error {
	cfg, err := file.Load()
	if err != nil {
		return err
	}
	first := cfg.Unattended.PasswordHash == ""
	password, err := p.typeTwice()
	if err != nil {
		return err
	}
	defer password.Clear()
	hash, err := p.hash(password)
	if err != nil {
		return err
	}
	if err := p.savePassword(file, hash); err != nil || !first {
		return err
	}
	return p.askSaveLogin(file)
}

func (p *program) typeTwice() (auth.Password, error) {
	t, err := openTerminal()
	if err != nil {
		return nil, fail(exitUsage, err, "rac passwd --stdin reads the password from stdin")
	}
	defer t.Close()
	one, err := t.ask(p.ctx, "New password for unattended access: ", true)
	if err != nil {
		return nil, err
	}
	if _, err := auth.CheckPassword(auth.Password(one)); err != nil {
		return nil, fail(exitUsage, err, "rac passwd --generate makes a good one")
	}
	two, err := t.ask(p.ctx, "Again: ", true)
	if err != nil {
		return nil, err
	}
	if one != two {
		return nil, errors.New("the two are not the same; nothing was changed")
	}
	return auth.Password(one), nil
}

// askSaveLogin asks, the first time, what the config's default would decide.
func (p *program) askSaveLogin(file *config.File) error {
	t, err := openTerminal()
	if err != nil {
		return nil
	}
	defer t.Close()
	answer, err := t.ask(p.ctx, "May clients save the login, so as not to type the password each time? [y/N] ", false)
	if err != nil {
		return err
	}
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(answer)), "y") {
		if err := file.Edit(func(e *config.Edit) error { return e.Set("unattended.allow_save_login", true) }); err != nil {
			return p.mayWrite(file, err)
		}
	}
	p.voice.say("to change that later: rac set --allow-save-login=true or =false")
	return nil
}

func (p *program) savePassword(file *config.File, hash string) error {
	tokens, err := p.writeHash(file, hash)
	if err != nil {
		return err
	}
	p.voice.say("the password is set")
	p.sayCleared(tokens)
	if cfg, err := file.Load(); err == nil && !cfg.Unattended.Enabled {
		p.voice.say("unattended access is still switched off: rac set --unattended=true")
	}
	return nil
}

func (p *program) removePassword(file *config.File) error {
	tokens, err := p.writeHash(file, "")
	if err != nil {
		return err
	}
	p.voice.say("there is no password any more: nobody gets in unattended")
	p.sayCleared(tokens)
	return nil
}

// writeHash writes the verifier and drops the saved logins, which are dead from
// that moment.
func (p *program) writeHash(file *config.File, hash string) (tokens int, err error) {
	err = file.Edit(func(e *config.Edit) (err error) {
		if err := e.Set("unattended.password_hash", hash); err != nil {
			return err
		}
		tokens, err = e.ClearTokens()
		return err
	})
	if err != nil {
		return 0, p.mayWrite(file, err)
	}
	return tokens, nil
}

func (p *program) sayCleared(tokens int) {
	switch {
	case tokens == 1:
		p.voice.say("one saved login was ended with the old password")
	case tokens > 1:
		p.voice.say("%d saved logins were ended with the old password", tokens)
	}
}
