package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rac/auth"
	"rac/auth/config"
	"rac/p2p"
	"rac/p2p/wire"
)

// identityCert is the certificate of this machine's identity, in the state folder.
// rac connect shows it to each host that it logs in to.
const identityCert = "identity.cert"

// longestCert is more than any certificate has, in bytes.
const longestCert = 8 << 10

// readCert reads a certificate as text; "-" is stdin.
func (p *program) readCert(file string) (string, error) {
	in := io.Reader(p.stdin)
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, longestCert))
	return strings.TrimSpace(string(text)), err
}

// signers are the authorities that this machine knows: key → name.
func (p *program) signers(state string) (keys []string, names map[string]string) {
	names = make(map[string]string)
	if a, err := auth.LoadAuthority(filepath.Join(state, authorityKey)); err == nil {
		keys, names[a.Key()] = append(keys, a.Key()), "the authority on this machine"
	}
	file, _, err := p.files()
	if err != nil {
		return keys, names
	}
	cfg, err := file.Load()
	if err != nil {
		return keys, names
	}
	for _, a := range cfg.Authorities {
		keys, names[a.Key] = append(keys, a.Key), a.Name
	}
	return keys, names
}

func (p *program) showCert(o certOptions, state string, operands []string) error {
	file := filepath.Join(state, identityCert)
	if len(operands) == 1 {
		file = operands[0]
	}
	text, err := p.readCert(file)
	if errors.Is(err, fs.ErrNotExist) && len(operands) == 0 {
		return fail(exitError, errors.New("this machine has no certificate"), "who has an authority makes one: rac cert issue ID, with the ID that rac id prints")
	}
	if err != nil {
		return err
	}
	keys, names := p.signers(state)
	c, key, err := auth.ReadCertificate(text, keys...)
	if err != nil && !errors.Is(err, auth.ErrUnknownAuthority) {
		return plain(err)
	}
	if *o.json {
		p.emit("certificate", map[string]any{
			"name": c.Name, "id": c.Peer, "serial": c.Serial, "from": c.From, "until": c.Until,
			"perms": c.Perms, "valid": c.Holds(c.Peer, time.Now()) == nil, "authority": names[key],
		})
		return nil
	}
	p.printCert(c, names[key])
	return nil
}

// printCert shows what a certificate says. by is who has signed it; "": nobody who
// is known here.
func (p *program) printCert(c auth.Certificate, by string) {
	validity := validityOf(c, time.Now())
	if by == "" {
		by = "nobody who is known here: this may all be made up"
	}
	for _, line := range [][2]string{
		{"name", c.Name}, {"ID", string(c.Peer)}, {"words", auth.Words(c.Peer)}, {"serial", c.Serial},
		{"from", c.From.Local().Format(time.RFC3339)}, {"until", c.Until.Local().Format(time.RFC3339)},
		{"validity", validity}, {"gives", "at most " + strings.Join(c.Perms, ", ")}, {"signed by", by},
	} {
		fmt.Fprintf(p.stdout, "%-9s  %s\n", line[0], printable(line[1]))
	}
}

func validityOf(c auth.Certificate, now time.Time) string {
	if err := c.Holds(c.Peer, now); err != nil {
		return strings.TrimPrefix(plain(err).Error(), "the certificate ")
	}
	if left := c.Until.Sub(now); left < 48*time.Hour {
		return fmt.Sprintf("valid for another %v", max(left, 0).Round(time.Minute))
	}
	return fmt.Sprintf("valid for another %d days", int(c.Until.Sub(now).Hours()/24))
}

// installCert keeps a certificate for this machine's identity. Whether its
// authority is one that the hosts trust is theirs to say.
func (p *program) installCert(state, from string) error {
	text, err := p.readCert(from)
	if err != nil {
		return err
	}
	id, err := p2p.LoadIdentity(filepath.Join(state, "identity.key"))
	if err != nil {
		return err
	}
	c, _, err := auth.ReadCertificate(text)
	if err != nil && !errors.Is(err, auth.ErrUnknownAuthority) {
		return plain(err)
	}
	if c.Peer != id.ID() {
		return fail(exitError, fmt.Errorf("that certificate is for %s, and this machine is %s", c.Peer, id.ID()), "rac cert issue "+string(id.ID())+" makes one for this machine")
	}
	if err := c.Holds(id.ID(), time.Now()); err != nil {
		return plain(err)
	}
	file := filepath.Join(state, identityCert)
	if err := config.ReplaceFile(file, []byte(text+"\n"), 0o600); err != nil {
		return err
	}
	p.voice.say("rac connect now shows each host that this is %s, until %s", c.Name, c.Until.Local().Format("2 January 2006"))
	p.voice.hint("to show it no more, delete " + file)
	return nil
}

// ownCert returns the certificate that rac connect shows; "": there is none, or
// none that a host would take, which is said.
func (p *program) ownCert(state string, self wire.PeerID) string {
	file := filepath.Join(state, identityCert)
	text, err := p.readCert(file)
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	var c auth.Certificate
	if err == nil {
		c, _, err = auth.ReadCertificate(text)
	}
	if err == nil || errors.Is(err, auth.ErrUnknownAuthority) { // the hosts know whom they trust
		err = c.Holds(self, time.Now())
	}
	if err != nil {
		p.voice.say("the certificate in %s is not shown to the host: %v", file, plain(err))
		return ""
	}
	return text
}
