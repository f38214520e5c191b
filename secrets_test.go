//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base32"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rac/auth"
	"rac/auth/config"
	"rac/p2p"
	"rac/p2p/wire"
	"rac/screen/screentest"
)

// TestNoSecretIsLeftAnywhere lives through a day of two computers at the most
// talkative log level, keeps everything that can be seen of it (what the programs
// print, their arguments and environment while they run, every byte of every file)
// and searches that for the secrets, as they are and in the usual encodings.
func TestNoSecretIsLeftAnywhere(t *testing.T) {
	d := &day{
		T: t, host: newMachine(t, "host", "RAC_LOG=debug"),
		viewer:   newMachine(t, "viewer", "RAC_LOG=debug", "DISPLAY="+screentest.Xvfb(t, 400, 300).Display),
		stranger: newMachine(t, "stranger", "RAC_LOG=debug"),
	}
	d.setUp()
	d.saveALogin()
	d.guess()
	d.look()
	d.invite()
	d.certify()
	d.secondFactor()
	d.takeTheTicket()
	d.breakTheConfig()
	d.endOfDay()
	d.search()
}

const (
	dayPassword = "Marrow-tin-9-orchard-lamp"
	dayGuess    = "Marrow-tin-8-orchard-lamp"
)

// day is what happens, what is seen of it, and what must not be.
type day struct {
	*testing.T
	host, viewer, stranger machine
	hosting                *actor
	addr                   string
	totp                   auth.TOTP
	recovery               []string

	seen    []sight
	secrets []secret
}

func (d *day) setUp() {
	d.hide("the password", dayPassword, "")
	d.hide("a wrong password", dayGuess, "")
	d.does(d.host, 0, dayPassword+"\n", "passwd", "--stdin")
	d.does(d.host, 0, "", "set", "--allow-save-login", "--attended-timeout=1s")
	cfg := load(d.T, d.host)
	fields := strings.Split(cfg.Unattended.PasswordHash, "$")
	for _, field := range fields[len(fields)-2:] {
		d.hide("the password's verifier", field, `^file host/config\.toml$`)
	}
	d.hosting, d.addr = d.host.hosts()
}

func load(t *testing.T, m machine) *config.Config {
	t.Helper()
	cfg, err := config.Open(m.config()).Load()
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// saveALogin logs in by password, and again by the token, which is taken out of
// its seal to be searched for.
func (d *day) saveALogin() {
	d.does(d.viewer, 0, dayPassword+"\n", "connect", d.addr, "--remember", "--password-stdin", "--screenshot", "one.png")
	d.does(d.viewer, 0, "", "connect", d.addr, "--screenshot", "two.png")
	token := d.token()
	d.hide("the token", string(token[:]), "")
	for _, m := range []machine{d.host, d.viewer} {
		d.hide("the identity's key", string(seedOf(d.T, m, "identity.key")), `^file `+filepath.Base(m.dir)+`/state/identity\.key$`)
		id := identity(d.T, m)
		for _, label := range []string{"rac token seal host v1", "rac token seal client v1", "rac totp seal v1"} {
			d.hide("a key that is made from the identity's", string(id.Secret(label)), "")
		}
	}
}

func identity(t *testing.T, m machine) *p2p.Identity {
	t.Helper()
	id, err := p2p.LoadIdentity(filepath.Join(m.state(), "identity.key"))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func seedOf(t *testing.T, m machine, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(m.state(), file))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(ed25519.PrivateKey).Seed()
}

// token opens the viewer's saved login, as only its identity can.
func (d *day) token() auth.Secret {
	d.Helper()
	host := identity(d.T, d.host).ID()
	token, err := auth.OpenLogin(identity(d.T, d.viewer).Secret, host, load(d.T, d.viewer).Peer(string(host)).Login)
	if err != nil {
		d.Fatal(err)
	}
	return token
}

// guess tries a wrong password, from stdin and from a file.
func (d *day) guess() {
	d.does(d.stranger, 4, dayGuess+"\n", "connect", d.addr, "--password-stdin", "--screenshot", "no.png")
	file := filepath.Join(d.TempDir(), "password")
	if err := os.WriteFile(file, []byte(dayGuess+"\n"), 0o600); err != nil {
		d.Fatal(err)
	}
	m := d.stranger
	m.extra = append(slices.Clone(m.extra), "RAC_PASSWORD_FILE="+file)
	d.does(m, 4, "", "connect", d.addr, "--screenshot", "no.png")
}

// look keeps a viewer connected and looks at both programs from outside.
func (d *day) look() {
	a := d.viewer.starts("", "connect", d.addr, "--json")
	byPassword := d.viewer.starts(dayPassword+"\n", "connect", d.addr, "--json", "--password-stdin", "--remember")
	awaitSaying(d.T, "the viewer", a, `"event":"connected"`)
	awaitSaying(d.T, "the viewer", byPassword, `"event":"saved"`)
	for name, a := range map[string]*actor{"rac host": d.hosting, "rac connect": a, "rac connect by password": byPassword} {
		for _, file := range []string{"cmdline", "environ"} {
			data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", a.cmd.Process.Pid, file))
			if err != nil || len(data) == 0 {
				d.Fatalf("%s: %v", file, err)
			}
			d.see(file+" of "+name, data)
		}
	}
	for _, line := range []string{"status", "status --json", "tokens", "tokens --json", "set", "set --check", "id --json"} {
		d.does(d.host, 0, "", strings.Fields(line)...)
	}
	d.viewer.stop(a)
	d.viewer.stop(byPassword)
	d.see("output of the viewer", []byte(a.String()))
	d.see("output of the viewer by password", []byte(byPassword.String()))
	token := d.token()
	d.hide("the second token", string(token[:]), "")
}

func (d *day) invite() {
	words := strings.TrimSpace(d.does(d.host, 0, "", "invite"))
	d.hide("an invite", words, `^stdout of rac invite$`)
	d.does(d.stranger, 0, words+"\n", "connect", d.addr, "--password-stdin", "--screenshot", "three.png")
	words = strings.TrimSpace(d.does(d.host, 0, "", "invite"))
	d.hide("an invite that nobody used", words, `^stdout of rac invite$`)
}

// certify makes an authority and has it sign for somebody.
func (d *day) certify() {
	d.does(d.host, 0, "", "cert", "new-authority", "--name", "ACME")
	d.hide("the authority's key", string(seedOf(d.T, d.host, "authority.key")), `^file host/state/authority\.key$`)
	d.does(d.host, 0, "", "cert", "issue", string(identity(d.T, d.stranger).ID()), "--name", "Anna")
	d.does(d.host, 0, "", "cert", "list")
}

// secondFactor sets it up as a program does: the URI comes on stdout, the code
// goes to stdin.
func (d *day) secondFactor() {
	const line = "passwd --two-factor on --stdin"
	cmd := d.host.command(d.Context(), "", strings.Fields(line)...)
	cmd.Stdin = nil
	stdin, err := cmd.StdinPipe()
	if err != nil {
		d.Fatal(err)
	}
	a := &actor{cmd: cmd, ended: make(chan struct{})}
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = a, &errs
	if err := cmd.Start(); err != nil {
		d.Fatal(err)
	}
	uri, err := url.Parse(awaitSaying(d.T, line, a, `^(otpauth:.*)$`)[1])
	if err != nil {
		d.Fatal(err)
	}
	copy(d.totp[:], must(d.T)(base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(uri.Query().Get("secret"))))
	fmt.Fprintln(stdin, d.totp.Code(time.Now()))
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		d.Fatalf("rac %s: %v\n%s", line, err, &errs)
	}
	d.see("stdout of rac "+line, []byte(a.String()))
	d.see("stderr of rac "+line, errs.Bytes())
	d.hide("the second factor", string(d.totp[:]), "^stdout of rac "+line)
	d.recovery = regexp.MustCompile(`(?m)^[a-z0-9]{5}-[a-z0-9]{5}$`).FindAllString(a.String(), -1)
	for _, code := range d.recovery {
		d.hide("a recovery code", code, "^stdout of rac "+line)
	}
	d.does(d.stranger, 0, dayPassword+"\n"+d.recovery[0]+"\n", "connect", d.addr, "--password-stdin", "--screenshot", "four.png")
	d.does(d.stranger, 4, dayPassword+"\n"+d.recovery[0]+"\n", "connect", d.addr, "--password-stdin", "--screenshot", "no.png")
}

func must(t *testing.T) func([]byte, error) []byte {
	return func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

// takeTheTicket is a login by the saved login in this process: only who is in a
// session sees its ticket.
func (d *day) takeTheTicket() {
	var log lockedBuffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	id := identity(d.T, d.viewer)
	node, err := p2p.Start(d.Context(), p2p.Options{Identity: id, Role: p2p.Connector, Log: logger})
	if err != nil {
		d.Fatal(err)
	}
	defer node.Close()
	target, err := p2p.ParseTarget(d.addr)
	if err != nil {
		d.Fatal(err)
	}
	conn, err := node.Dial(d.Context(), target)
	if err != nil {
		d.Fatal(err)
	}
	stream, err := conn.Open(d.Context(), auth.Protocol)
	if err != nil {
		d.Fatal(err)
	}
	pass, err := auth.LogIn(d.Context(), stream, auth.Prover{
		Self: id.ID(), Host: target.ID, Name: "a test",
		SavedLogin: func() (auth.Secret, bool) { return d.token(), true },
		Code:       func(context.Context, auth.Question) (string, error) { return d.recovery[1], nil },
	})
	if err != nil {
		d.Fatal(err)
	}
	var ticket tape
	if err := pass.Attach(&ticket); err != nil {
		d.Fatal(err)
	}
	logger.Debug("a session", "pass", pass)
	d.hide("the ticket", ticket.String(), "")
	d.does(d.host, 0, "", "status", "--json")
	pass.Close(auth.Closed)
	d.see("log of the login in this process", []byte(log.String()))
}

// tape is a stream that keeps what is written to it.
type tape struct {
	wire.Stream
	bytes.Buffer
}

func (t *tape) Write(p []byte) (int, error) { return t.Buffer.Write(p) }
func (t *tape) Read(p []byte) (int, error)  { return t.Buffer.Read(p) }

// breakTheConfig: a fault is shown with its line, in which a secret may stand.
func (d *day) breakTheConfig() {
	good := keep(d.T, d.host.config())
	for _, key := range []string{"password_hash", "totp_sealed", "sealed"} {
		broken := regexp.MustCompile(`(?m)^(`+key+` *= *"[^"]*)"`).ReplaceAll(good.text, []byte("$1"))
		if bytes.Equal(broken, good.text) {
			d.Fatalf("there is no line %s", key)
		}
		(kept{good.file, broken}).restore(d.T)
		d.does(d.host, 2, "", "set", "--check")
		d.does(d.host, 2, "", "tokens")
		awaitSaying(d.T, "the host", d.hosting, fmt.Sprintf("config error: .*:%d:", 1+bytes.Count(good.text[:bytes.Index(good.text, []byte("\n"+key))+1], []byte("\n"))))
	}
	good.restore(d.T)
}
