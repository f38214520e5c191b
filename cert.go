package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rac/auth"
	"rac/auth/config"
	"rac/p2p"
)

// rac cert: the side that signs is here, the side that has a certificate in
// cert_show.go. The key of an authority and the list of what it has signed lie in
// the state folder, as the identity does.

const (
	authorityKey    = "authority.key"
	authorityIssued = "authority.issued"
)

// certDays is for how long a certificate is good. A host forgets a revoked one only
// when its owner edits the config, so a certificate should not be good for long; a
// quarter of a year is as long as a saved login may go unused.
const certDays = 90

type certOptions struct {
	name, permissions *string
	days              *int
	json              *bool
}

var certCommand = &command{
	name: "cert", args: "new-authority | issue ID | list | install FILE | show [FILE]", group: groupWho,
	short: "certificates: signed names of peers",
	long: `A certificate says whom an ID belongs to, signed by an authority. A host with that
authority's [[authority]] block in its config shows the name as verified, and lets
the holder in without a password if the block says login = true.

new-authority makes the key, once, and prints the block for the hosts. issue prints
a certificate for an ID; list shows which were issued, with the serial numbers that
the key revoked takes. On the machine with that ID, install keeps the certificate:
from then on rac connect shows it to each host. show prints what a certificate says
and who has signed it.`,
	eg: [2]string{"rac cert new-authority --name ACME", `rac cert issue 12D3KooW… --name "Anna, ACME GmbH" > anna.cert`},
	setUp: func(f *flags) func(*program, []string) error {
		o := certOptions{
			name:        f.string("name", "NAME", "the name of the authority, or in the certificate"),
			permissions: f.string("permissions", "LIST", "issue: the most that it may give, of view,control,files"),
			json:        f.bool("json", "show: as JSON"),
		}
		f.add("days", fmt.Sprint(certDays))
		o.days = f.Int("days", certDays, "issue: the days for which it is valid")
		return func(p *program, operands []string) error {
			if len(operands) == 0 {
				return usagef("rac cert does what? It is new-authority, issue, list, install or show")
			}
			return p.cert(o, operands[0], operands[1:])
		}
	},
}

func (p *program) cert(o certOptions, verb string, operands []string) error {
	_, state, err := p.files()
	if err != nil {
		return err
	}
	switch verb {
	case "new-authority", "list":
		if err := noOperands(operands); err != nil {
			return err
		}
		if verb == "list" {
			return p.listIssued(state)
		}
		return p.newAuthority(o, state)
	case "issue":
		if len(operands) != 1 {
			return fail(exitUsage, errors.New("issue a certificate for which ID?"), "rac id prints it, on the machine of whom it is for")
		}
		return p.issueCert(o, state, operands[0])
	case "install":
		if len(operands) != 1 {
			return usagef("install which certificate? rac cert install FILE")
		}
		return p.installCert(state, operands[0])
	case "show":
		if len(operands) > 1 {
			return usagef("rac cert show shows one certificate")
		}
		return p.showCert(o, state, operands)
	}
	return usagef("rac cert %s: it is new-authority, issue, list, install or show", verb)
}

func (p *program) newAuthority(o certOptions, state string) error {
	name := *o.name
	if name == "" {
		name = hostname()
	}
	if err := config.CheckVerifiedName(name); err != nil {
		return fail(exitUsage, fmt.Errorf("--name: %w", err))
	}
	file := filepath.Join(state, authorityKey)
	a, err := auth.CreateAuthority(file)
	if errors.Is(err, fs.ErrExist) {
		hints := []string{"another key would make all its certificates worthless; for another authority: RAC_STATE=FOLDER rac cert new-authority"}
		if old, err := auth.LoadAuthority(file); err == nil {
			hints = append(hints, "its public key, as it stands in the hosts' config: "+old.Key())
		}
		return fail(exitError, fmt.Errorf("there is an authority here: %s", file), hints...)
	}
	if err != nil {
		return err
	}
	fmt.Fprint(p.stdout, a.Block(name))
	p.voice.say("the key is %s: keep a copy where nobody else gets at it", file)
	p.voice.hint("put the block above into the config of each host that is to trust it")
	return nil
}

func (p *program) issueCert(o certOptions, state, operand string) error {
	c, err := o.certificate(operand)
	if err != nil {
		return err
	}
	a, err := auth.LoadAuthority(filepath.Join(state, authorityKey))
	if errors.Is(err, fs.ErrNotExist) {
		return fail(exitError, errors.New("there is no authority here"), "rac cert new-authority makes one")
	}
	if err != nil {
		return err
	}
	text, err := a.Sign(c)
	if err != nil {
		return plain(err)
	}
	// First the list: what is not in it could not be revoked.
	if err := noteIssued(filepath.Join(state, authorityIssued), c); err != nil {
		return fmt.Errorf("nothing was issued: %w", err)
	}
	fmt.Fprintln(p.stdout, text)
	p.voice.say("%s is %s, until %s, and gets at most %s; serial number %s",
		c.Peer.Short(), c.Name, c.Until.Local().Format("2 January 2006 15:04"), strings.Join(c.Perms, ", "), c.Serial)
	p.voice.hint("on that machine: rac cert install FILE")
	return nil
}

// certificate is what the command line asks to be signed.
func (o certOptions) certificate(operand string) (c auth.Certificate, err error) {
	id, err := p2p.ParsePeerID(operand)
	if err != nil {
		return c, fail(exitUsage, err, "rac id prints it, on the machine of whom the certificate is for")
	}
	if strings.TrimSpace(*o.name) == "" {
		return c, fail(exitUsage, errors.New("whom does the certificate name?"), `--name "Anna, ACME GmbH"`)
	}
	if err := config.CheckVerifiedName(*o.name); err != nil {
		return c, fail(exitUsage, fmt.Errorf("--name: %w", err))
	}
	if *o.days < 1 || *o.days > 3650 {
		return c, usagef("--days %d: it is 1 to 3650", *o.days)
	}
	perms := auth.NewPerms(auth.View, auth.Control, auth.Clipboard, auth.Files)
	if *o.permissions != "" {
		if perms, err = auth.ParsePerms(strings.Split(*o.permissions, ",")); err != nil {
			return c, fail(exitUsage, fmt.Errorf("--permissions: %w", plain(err)))
		}
	}
	c = auth.NewCertificate(id, *o.name, time.Duration(*o.days)*24*time.Hour, perms|auth.NewPerms(auth.View))
	if c.Name != *o.name {
		return c, usagef("--name: that is too long, or has something in it that cannot be seen; it would become %q", c.Name)
	}
	return c, nil
}

// noteIssued adds a line to the list: name, ID, serial number, end.
func noteIssued(file string, c auth.Certificate) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s\t%s\t%s\t%s\n", c.Name, c.Peer, c.Serial, c.Until.Format(time.RFC3339))
	return errors.Join(err, f.Sync(), f.Close())
}

func (p *program) listIssued(state string) error {
	f, err := os.Open(filepath.Join(state, authorityIssued))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing has been issued here
	}
	if err != nil {
		return err
	}
	defer f.Close()
	out, done := p.columns("NAME\tID\tSERIAL\tUNTIL")
	defer done()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fmt.Fprintln(out, printable(lines.Text()))
	}
	return lines.Err()
}

// plain drops the name of the package from an error that is for people.
func plain(err error) error {
	return errors.New(strings.TrimPrefix(err.Error(), "auth: "))
}
