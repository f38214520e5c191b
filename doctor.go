package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"rac/auth"
	"rac/auth/config"
)

var doctorCommand = &command{
	name: "doctor", args: "[ID|NAME]", group: groupLook,
	short: "test rac here, or tell why a machine is not reached",
	long: `Starts a host on this machine's screen, or on the built-in console where there is
none, and a viewer beside it, and goes the whole way: the viewer is refused with a
wrong password, logs in, saves the login, logs in by it, types, and takes a
screenshot. Both have an identity and a config of their own; nothing else on this
machine is changed. Then it looks at the router, your relays and the public network.

With ID or NAME: tries every way to that machine by itself, logs in, measures the
line in both directions, and says what would help most.`,
	eg: [2]string{"rac doctor", "rac doctor office --json"},
	setUp: func(f *flags) func(*program, []string) error {
		asJSON := f.bool("json", "one JSON object a stage")
		o := doctorFlags(f, asJSON)
		return func(p *program, operands []string) error {
			if len(operands) == 1 {
				return p.checkPeer(operands[0], o)
			}
			if err := noOperands(operands); err != nil {
				return err
			}
			for _, name := range []string{"addr", "relay", "password-stdin", "timeout"} {
				if f.given(name) {
					return fail(exitUsage, fmt.Errorf("--%s is about another machine, and none is named", name), "rac doctor ID --"+name+" ...")
				}
			}
			d := &doctor{program: p, json: *asJSON}
			return d.run()
		}
	},
}

// doctor is one run of the self-test. Its host and its viewers are those of rac
// host and rac connect, each in a folder of its own.
type doctor struct {
	*program
	json    bool
	folder  string
	picture string
	host    *host
	addr    string
	net     *config.Network // what the user's own config says; nil: it cannot be read
}

func (d *doctor) run() (err error) {
	if d.folder, err = os.MkdirTemp("", "rac-doctor-"); err != nil {
		return err
	}
	d.picture = filepath.Join(d.folder, "screen.png")
	defer d.cleanUp()
	password := auth.GeneratePassword()
	wrong := auth.GeneratePassword()
	stages := []struct {
		name string
		run  func() (string, error)
	}{
		{"config and password", func() (string, error) { return d.prepare(password) }},
		{"screen and input", d.openScreen},
		{"host", d.startHost},
		{"wrong password is refused", func() (string, error) { return d.refused(wrong) }},
		{"login by password, saved", func() (string, error) { return d.logIn(password, auth.ByPassword) }},
		{"login by the saved token", func() (string, error) { return d.logIn(nil, auth.ByToken) }},
		{"typing", d.typing},
		{"exact picture", d.look},
	}
	for _, s := range stages {
		began := time.Now()
		detail, err := s.run()
		d.stage(s.name, detail, err, time.Since(began))
		if err != nil {
			d.stopHost()
			return fail(exitCode(err), fmt.Errorf("%s: %w", s.name, err))
		}
	}
	d.stopHost()
	d.lookAround()
	d.advise()
	d.finish()
	return nil
}

func (d *doctor) stage(name, detail string, err error, took time.Duration) {
	switch {
	case d.json:
		d.emit("stage", stageFields(name, detail, err, took))
	case err != nil:
		fmt.Fprintf(d.stdout, "FAIL  %-27s %11s  %v\n", name, millis(took), err)
	default:
		fmt.Fprintf(d.stdout, "ok    %-27s %11s  %s\n", name, millis(took), detail)
	}
}

// cleanUp leaves the picture and nothing else.
func (d *doctor) cleanUp() {
	os.RemoveAll(filepath.Join(d.folder, "host"))
	os.RemoveAll(filepath.Join(d.folder, "viewer"))
	os.Remove(d.folder) // unless the picture is in it
}

func (d *doctor) finish() {
	if d.json {
		d.emit("screenshot", map[string]string{"path": d.picture})
	} else {
		fmt.Fprintln(d.stdout, d.picture)
	}
}
