package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rac/auth"
	"rac/auth/config"
	"rac/input"
	"rac/p2p"
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

// doctorText is what is typed, to be seen in the screenshot.
const doctorText = "echo rac doctor: typed by a remote keyboard, ä ß €"

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

// sub returns a program whose files are in a folder of the doctor's, which
// says nothing and is asked nothing.
func (d *doctor) sub(name string, stdin string) *program {
	return &program{
		ctx:        d.ctx,
		getenv:     func(key string) string { return map[string]string{"DISPLAY": d.getenv("DISPLAY")}[key] },
		stdin:      bufio.NewReader(strings.NewReader(stdin)),
		stdout:     io.Discard,
		voice:      &voice{w: io.Discard},
		log:        d.log,
		configFlag: filepath.Join(d.folder, name, config.FileName),
		stateDir:   filepath.Join(d.folder, name),
	}
}

func (d *doctor) prepare(password auth.Password) (string, error) {
	if err := os.MkdirAll(filepath.Join(d.folder, "viewer"), 0o700); err != nil {
		return "", err
	}
	p := d.sub("host", string(password)+"\n")
	f := newFlags("host")
	o := hostOptionsOf(f)
	if _, err := f.parse([]string{"--listen", "/ip4/127.0.0.1/tcp/0", "--listen", "/ip4/127.0.0.1/udp/0/quic-v1", "--lan=false", "--public=false", "--attended=never", "--allow-save-login=true"}); err != nil {
		return "", err
	}
	d.host = &host{program: p, o: o, quiet: true}
	file, _, err := p.files()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(file.Path()), 0o700); err != nil {
		return "", err
	}
	stdin := true
	off := false
	if err := p.passwd(file, passwdOptions{stdin: &stdin, generate: &off, remove: &off, hashOnly: &off}); err != nil {
		return "", err
	}
	_, err = d.host.prepare()
	return "in a folder of their own", err
}

func (d *doctor) openScreen() (string, error) {
	var err error
	d.host.screen, err = d.host.openScreen(d.ctx)
	if err != nil {
		return "", err
	}
	return d.host.screen.shown() + "; " + d.host.screen.backends(), nil
}

func (d *doctor) startHost() (string, error) {
	var err error
	if d.host.id, err = p2p.LoadIdentity(filepath.Join(d.host.state, "identity.key")); err != nil {
		return "", err
	}
	cfg, err := d.host.file.Load()
	if err != nil {
		return "", err
	}
	if err := d.host.start(cfg); err != nil {
		return "", err
	}
	for _, a := range d.host.node().Addrs() {
		if strings.Contains(a, "/tcp/") {
			d.addr = a
			return a, nil
		}
	}
	return "", errors.New("the host listens on no TCP address")
}

// connect prepares a viewer with these flags and dials.
func (d *doctor) connect(password auth.Password, args ...string) (*session, func(), error) {
	f := newFlags("connect")
	o := connectOptionsOf(f)
	if password != nil {
		args = append(args, "--password-stdin")
	}
	if _, err := f.parse(append(args, "--screenshot", d.picture)); err != nil {
		return nil, nil, err
	}
	c := &connection{program: d.sub("viewer", string(password)+"\n"), o: o}
	if err := c.prepare(d.addr); err != nil {
		return nil, nil, err
	}
	close, err := c.startNode()
	if err != nil {
		return nil, nil, err
	}
	s, err := c.start()
	if err != nil {
		close()
		return nil, nil, err
	}
	return s, close, nil
}

func (d *doctor) refused(wrong auth.Password) (string, error) {
	s, close, err := d.connect(wrong)
	if err == nil {
		defer close()
		s.pass().Close(auth.Closed)
		return "", errors.New("a wrong password was let in")
	}
	if exitCode(err) != exitLogin {
		return "", err
	}
	return "", nil
}

func (d *doctor) logIn(password auth.Password, want auth.Method) (string, error) {
	var args []string
	if want == auth.ByPassword {
		args = append(args, "--remember")
	}
	s, close, err := d.connect(password, args...)
	if err != nil {
		return "", err
	}
	defer close()
	defer s.pass().Close(auth.Closed)
	if s.pass().Auth != want {
		return "", fmt.Errorf("let in by %s, not by %s", s.pass().Auth, want)
	}
	return s.conn().Path().String(), nil
}

// typing types into the console of its own. On a display with a person's
// programs it presses and releases Shift, which changes nothing there.
func (d *doctor) typing() (string, error) {
	s, close, err := d.connect(nil)
	if err != nil {
		return "", err
	}
	defer close()
	defer s.pass().Close(auth.Closed)
	ctx, cancel := context.WithTimeout(d.ctx, 10*time.Second)
	defer cancel()
	stream, err := s.open(ctx, input.Protocol)
	if err != nil {
		return "", err
	}
	defer stream.Close()
	if d.host.screen.console == nil {
		return "Shift pressed and released; nothing is typed into your programs", input.Send(ctx, stream, pressShift())
	}
	return "a line in the console's shell", input.SendText(ctx, stream, doctorText+"\n")
}

func pressShift() <-chan input.Event {
	const leftShift = 0xe1 // HID usage
	events := make(chan input.Event, 2)
	events <- input.Key{Usage: leftShift, Down: true}
	events <- input.Key{Usage: leftShift}
	close(events)
	return events
}

func (d *doctor) look() (string, error) {
	s, close, err := d.connect(nil)
	if err != nil {
		return "", err
	}
	defer close()
	began := time.Now()
	if err := s.run(); err != nil {
		return "", err
	}
	w, h := s.still.Size()
	return fmt.Sprintf("%d×%d, at rest after %s", w, h, millis(time.Since(began))), nil
}

func (d *doctor) stopHost() {
	if d.host == nil {
		return
	}
	if d.host.node() != nil {
		d.host.stop()
	}
	if d.host.screen != nil {
		d.host.screen.Close()
	}
}

// cleanUp leaves the picture and nothing else.
func (d *doctor) cleanUp() {
	os.RemoveAll(filepath.Join(d.folder, "host"))
	os.RemoveAll(filepath.Join(d.folder, "viewer"))
	os.Remove(d.folder) // unless the picture is in it
}

// advise says what would not work on this machine, with the fix.
func (d *doctor) advise() {
	notes := []string{}
	if d.host.screen.console != nil {
		notes = append(notes, "no display: rac host shares a shell; to share a desktop set DISPLAY or use --display, or --virtual 1920x1080 (needs Xvfb)")
	} else {
		notes = append(notes, "login screen: rac host runs in your session and ends with it; as a service it shows the login screen, too: sudo rac service install")
	}
	notes = append(notes, "reboot: rac host does not start by itself: sudo rac service install (systemd)")
	if note := d.noteOnNetworks(); note != "" {
		notes = append(notes, note)
	}
	for _, n := range notes {
		if d.json {
			d.emit("note", map[string]string{"text": n})
		} else {
			fmt.Fprintf(d.stdout, "note  %s\n", n)
		}
	}
}

// noteOnNetworks says from which other networks a host here is not found.
func (d *doctor) noteOnNetworks() string {
	const add = "rac set --add-relay MULTIADDR"
	switch {
	case d.net == nil || len(d.net.Relays) > 0:
		return ""
	case d.net.Public:
		return "other networks: the ID is enough, but about three pairs of networks in ten need a relay of yours (rac relay): " + add
	}
	return "other networks: with public = false and no relay this machine is found on its own network and by forwarded addresses only: " + add
}

func (d *doctor) finish() {
	if d.json {
		d.emit("screenshot", map[string]string{"path": d.picture})
	} else {
		fmt.Fprintln(d.stdout, d.picture)
	}
}
