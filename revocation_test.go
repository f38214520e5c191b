//go:build unix

package main

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rac/screen/screentest"
)

// promise is how soon after the owner's save a session must be over. The tests
// log what it took and fail at ten times as much, since they share the machine.
const promise = time.Second

// withdrawal is one way to take back what a session rests on, or a part of it.
type withdrawal struct {
	name string
	by   string // how the viewer has come in; "": by token
	do   func(host machine)
	ends string // the reason that the viewer is told; "": it stays
	says string // what it prints then
}

// withdrawals are all of them. serial is that of the certificate.
func withdrawals(serial string) []withdrawal {
	rac := func(stdin string, args ...string) func(machine) {
		return func(host machine) { host.exits(0, stdin, args...) }
	}
	byHand := func(sed string) func(machine) {
		return func(host machine) {
			if out, err := exec.Command("sed", "-i", sed, host.config()).CombinedOutput(); err != nil {
				host.t.Fatalf("sed: %v: %s", err, out)
			}
		}
	}
	const somebodyElse = "12D3KooWKeJLtCpGqQbKLnG9vqiq9hWSEjeCQdAcT1RkMN7zHyJ7"
	return []withdrawal{
		{name: "the token block is deleted by hand", do: byHand(`/^\[\[token\]\]/,$d`), ends: "revoked"},
		{name: "the token block is made to expire by hand", do: byHand(`/^\[\[token\]\]/a expires = 2020-01-01T00:00:00Z`), ends: "revoked"},
		{name: "rac tokens revoke", do: revokeTheOnlyToken, ends: "revoked"},
		{name: "rac tokens clear", do: rac("", "tokens", "clear"), ends: "revoked"},
		{name: "the same password again", do: rac(racPassword, "passwd", "--stdin"), ends: "password_changed"},
		{name: "rac passwd --remove", do: rac("", "passwd", "--remove"), ends: "password_changed"},
		{name: "unattended access off by hand", do: byHand(`s/^enabled .*/enabled = false/`), ends: "disabled"},
		{name: "not on the allow list any more", do: rac("", "set", "--allow", somebodyElse), ends: "revoked"},
		{name: "a permission by hand", do: byHand(`s/^control .*/control = false/`), says: `"event":"perms","perms":\["view"`},
		{name: "rac kick", do: rac("", "kick"), ends: "kicked"},
		{name: "password login, unattended access off", by: "password", do: rac("", "set", "--unattended=false"), ends: "disabled"},
		{name: "password login, another password", by: "password", do: rac("an entirely new one\n", "passwd", "--stdin"), ends: "password_changed"},
		{name: "the certificate's serial number by hand", by: "certificate", do: byHand(`s/^revoked .*/revoked = ["` + serial + `"]/`), ends: "revoked"},
		{name: "the authority's right to let in by hand", by: "certificate", do: byHand(`s/^login .*/login = false/`), ends: "revoked"},
		{name: "the authority's block is deleted by hand", by: "certificate", do: byHand(`/^\[\[authority\]\]/,$d`), ends: "revoked"},
	}
}

const racPassword = "correct horse battery\n"

func revokeTheOnlyToken(host machine) {
	list, _ := host.exits(0, "", "tokens")
	name, _, _ := strings.Cut(list, "\t")
	host.exits(0, "", "tokens", "revoke", name)
}

// TestWhatIsWithdrawnEndsWithinASecondOfTheSave lets the owner change his mind in
// every way there is, each time with a viewer connected, and measures from the
// moment in which the config was saved.
func TestWhatIsWithdrawnEndsWithinASecondOfTheSave(t *testing.T) {
	display := "DISPLAY=" + screentest.Xvfb(t, 400, 300).Display
	host, viewer, anna := newMachine(t, "host"), newMachine(t, "viewer", display), newMachine(t, "anna", display)
	host.exits(0, racPassword, "passwd", "--stdin")
	_, addr := host.hosts("--allow-save-login")
	viewer.exits(0, racPassword, "connect", addr, "--remember", "--password-stdin", "--screenshot", "first.png")
	good, saved := keep(t, host.config()), keep(t, viewer.config())
	block, serial := certify(t, anna)
	good.text = append(good.text, block...)
	for _, w := range withdrawals(serial) {
		t.Run(w.name, func(t *testing.T) {
			host, viewer := host, viewer
			if w.by == "certificate" {
				viewer = anna
			}
			host.t, viewer.t = t, t
			good.restore(t)
			saved.restore(t)
			w.measure(host, viewer, addr)
		})
	}
}

// certify gives a machine a certificate, and returns its serial number and the
// block with which a host lets its holder in.
func certify(t *testing.T, m machine) (block, serial string) {
	acme := newMachine(t, "acme")
	block, _ = acme.exits(0, "", "cert", "new-authority", "--name", "ACME")
	id, _ := m.exits(0, "", "id")
	cert, _ := acme.exits(0, "", "cert", "issue", strings.TrimSpace(id), "--name", "Anna")
	file := filepath.Join(t.TempDir(), "anna.cert")
	if err := os.WriteFile(file, []byte(cert), 0o600); err != nil {
		t.Fatal(err)
	}
	m.exits(0, "", "cert", "install", file)
	list, _ := acme.exits(0, "", "cert", "list")
	return "\n" + strings.Replace(block, "login = false", "login = true", 1), strings.Split(list, "\t")[2]
}

// measure connects, withdraws, and waits for what that does to the viewer.
func (w withdrawal) measure(host, viewer machine, addr string) {
	t := host.t
	args, stdin, by := []string{"connect", addr, "--json"}, "", cmp.Or(w.by, "token")
	if by == "password" {
		args, stdin = append(args, "--remember", "--password-stdin"), racPassword
	}
	a := viewer.starts(stdin, args...)
	awaitSaying(t, "the viewer", a, `"event":"connected".*"auth":"`+by+`"`)
	pattern := w.says
	if w.ends != "" {
		pattern = `"event":"ended","exit":9,"reason":"` + w.ends + `"`
	}
	told := whenSaid(a, pattern)
	before, saved := time.Now(), modified(t, host.config())
	w.do(host)
	if now := modified(t, host.config()); now.After(saved) {
		before = now // what rac did before it wrote the file is not counted
	}
	awaitSaying(t, "the viewer", a, pattern)
	took := (<-told).Sub(before)
	t.Logf("%v after the save", took.Round(time.Millisecond))
	if took > 10*promise {
		t.Errorf("it took %v, the promise is %v", took, promise)
	}
	w.after(t, a)
}

// whenSaid gives the moment in which a program has printed something; none if it
// ends without.
func whenSaid(a *actor, pattern string) <-chan time.Time {
	re, moment := regexp.MustCompile(pattern), make(chan time.Time, 1)
	go func() { // ends with the program, at the latest
		defer close(moment)
		for over := false; !over; {
			select {
			case <-time.After(5 * time.Millisecond):
			case <-a.ended:
				over = true
			}
			if re.MatchString(a.String()) {
				moment <- time.Now()
				return
			}
		}
	}()
	return moment
}

// after holds that the viewer has ended with code 9, or is still there.
func (w withdrawal) after(t *testing.T, a *actor) {
	if w.ends == "" {
		select {
		case <-a.ended:
			t.Errorf("the viewer has ended:\n%s", a)
		default:
		}
		return
	}
	select {
	case <-a.ended:
	case <-time.After(patience):
		t.Fatalf("the viewer does not end:\n%s", a)
	}
	if code := a.cmd.ProcessState.ExitCode(); code != exitEnded {
		t.Errorf("exit %d, want %d", code, exitEnded)
	}
}

func modified(t *testing.T, file string) time.Time {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}

// kept is a file as it was.
type kept struct {
	file string
	text []byte
}

func keep(t *testing.T, file string) kept {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return kept{file, text}
}

// restore puts the file back whole: a reader sees either.
func (k kept) restore(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(k.file+".new", k.text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(k.file+".new", k.file); err != nil {
		t.Fatal(err)
	}
}
