package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"rac/auth"
	"rac/auth/config"
	"rac/p2p"
)

// rac passwd --two-factor: a code of an app on a telephone, which the host asks for
// after the password.

// codeTries is how often the first code may be mistyped.
const codeTries = 3

// farSteps is how far off, in steps of 30 s, a clock is looked for: ten minutes.
const farSteps = 20

func (p *program) twoFactor(file *config.File, state string, o passwdOptions) error {
	switch {
	case *o.generate || *o.remove || *o.hashOnly:
		return usagef("--two-factor goes with none of --generate, --remove and --hash-only")
	case *o.twoFactor == "off":
		return p.twoFactorOff(file)
	case *o.twoFactor == "on" && *o.stdin:
		return p.twoFactorOn(file, state, p.showURI, p.codeFromStdin)
	case *o.twoFactor == "on":
		t, err := openTerminal()
		if err != nil {
			return fail(exitUsage, err, "rac passwd --two-factor on --stdin prints the app's URI on stdout and reads its code from stdin")
		}
		defer t.Close()
		return p.twoFactorOn(file, state, func(secret auth.TOTP, uri string) error { return p.showCode(t, secret, uri) },
			func() (string, error) { return t.ask(p.ctx, "The code that the app shows now: ", false) })
	}
	return usagef("--two-factor %s: it is on or off", *o.twoFactor)
}

// twoFactorOn shows a new secret and writes it when a code has come back: an app
// that has not taken it would lock its owner out.
func (p *program) twoFactorOn(file *config.File, state string, show func(auth.TOTP, string) error, ask func() (string, error)) error {
	cfg, err := file.Load()
	if err != nil {
		return err
	}
	id, err := p2p.LoadIdentity(filepath.Join(state, "identity.key"))
	if err != nil {
		return p.mayWrite(file, err)
	}
	secret, account := auth.NewTOTP(), hostname()
	if account == "" {
		account = id.ID().Short()
	}
	if err := show(secret, secret.URI(account)); err != nil {
		return err
	}
	if err := p.confirmCode(secret, ask); err != nil {
		return err
	}
	codes, hashes := auth.NewRecoveryCodes(id.Secret)
	if err := p.saveTwoFactor(file, secret.Seal(id.Secret), hashes); err != nil {
		return err
	}
	p.tellTwoFactor(cfg, codes)
	return nil
}

func (p *program) saveTwoFactor(file *config.File, sealed string, hashes []string) error {
	err := file.Edit(func(e *config.Edit) error {
		if err := e.Set("unattended.totp_sealed", sealed); err != nil {
			return err
		}
		return e.Set("unattended.recovery_codes", hashes)
	})
	return p.mayWrite(file, err)
}

// tellTwoFactor says what holds from now on. before is the config as it was.
func (p *program) tellTwoFactor(before *config.Config, codes []string) {
	p.voice.say("two-factor is on: after the password a code is asked for")
	if before.Unattended.TOTPSealed != "" {
		p.voice.say("the old entry in the app and the old recovery codes are worthless now")
	}
	p.voice.say("recovery codes, for the day on which the telephone is lost: each is good once, and they are shown only now")
	for _, code := range codes {
		fmt.Fprintln(p.stdout, code)
	}
	if before.Unattended.TOTPForSavedLogin {
		p.voice.say("saved logins are asked for a code, too; to change that: rac set --totp-for-saved-login=false")
	}
	p.voice.say("saved logins and live sessions stay; rac tokens clear ends the saved logins and what rests on them, rac kick all every session")
	if before.Unattended.PasswordHash == "" {
		p.voice.say("there is no password yet, so nobody is asked for anything: rac passwd")
	}
}

func (p *program) twoFactorOff(file *config.File) error {
	cfg, err := file.Load()
	if err != nil {
		return err
	}
	if cfg.Unattended.TOTPSealed == "" && len(cfg.Unattended.RecoveryCodes) == 0 {
		p.voice.say("two-factor was off; nothing was changed")
		return nil
	}
	if err := p.saveTwoFactor(file, "", []string{}); err != nil {
		return err
	}
	p.voice.say("two-factor is off: the password alone lets in")
	p.voice.say("the entry in the app and the recovery codes are worthless now")
	return nil
}

// showCode shows the secret on the person's own terminal, wherever stdout goes.
func (p *program) showCode(t *terminal, secret auth.TOTP, uri string) error {
	lines, err := qrLines(uri, colours(t.out, p.getenv))
	if err != nil {
		return err
	}
	fmt.Fprint(t.out, "Scan this with the app for codes on your telephone.\r\n")
	if width, _, err := term.GetSize(int(fd(t.out))); err == nil && width > 0 && width < 2*len(lines)-1 {
		lines = []string{fmt.Sprintf("(The window is too narrow for the QR code, which has %d columns.)", 2*len(lines)-1)}
	}
	fmt.Fprintf(t.out, "%s\r\n%s\r\nOr type in this key: %s\r\n", strings.Join(lines, "\r\n"), uri, inGroups(secret.Text()))
	return nil
}

func inGroups(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (p *program) showURI(_ auth.TOTP, uri string) error {
	_, err := fmt.Fprintln(p.stdout, uri)
	return err
}

func (p *program) codeFromStdin() (string, error) {
	code, err := readLine(p.stdin)
	if errors.Is(err, io.EOF) {
		return "", usagef("there is no code on stdin; nothing was changed")
	}
	return code, err
}

// confirmCode asks until the app and this computer agree.
func (p *program) confirmCode(secret auth.TOTP, ask func() (string, error)) error {
	for try := 1; ; try++ {
		code, err := ask()
		if err != nil {
			return err
		}
		now := time.Now()
		remark, err := judgeCode(secret, strings.ReplaceAll(strings.TrimSpace(code), " ", ""), now)
		switch {
		case err == nil && remark != "":
			p.voice.say("%s", remark)
			return nil
		case err == nil:
			return nil
		case try == codeTries:
			return fmt.Errorf("%w; nothing was changed", err)
		}
		p.voice.say("%v; once more", err)
	}
}

const step = 30 * time.Second

// judgeCode compares a code with those of now and of other moments. A remark means
// that it is right and that a clock is not.
func judgeCode(secret auth.TOTP, code string, now time.Time) (remark string, err error) {
	if code == secret.Code(now) {
		return "", nil
	}
	for n := time.Duration(1); n <= farSteps; n++ {
		for _, off := range []time.Duration{-n * step, n * step} {
			if code == secret.Code(now.Add(off)) {
				return judgeClock(off, now)
			}
		}
	}
	return "", errors.New("that is not the code")
}

// judgeClock is for a code that is right at another moment, off from now.
func judgeClock(off time.Duration, now time.Time) (remark string, err error) {
	sinceStep := time.Duration(now.UnixNano() % int64(step))
	switch {
	case off == -step && sinceStep < step/2:
		return "", nil // it changed while it was being typed
	case off == -step || off == step:
		return "the clocks of the app and of this computer differ by about half a minute: codes work, but only just. Set the one that is wrong", nil
	}
	at := now.Add(off).Truncate(step)
	return "", fmt.Errorf("that code is of %s, and this computer's clock says %s: set the clock that is wrong", at.Format("15:04:05"), now.Format("15:04:05"))
}
