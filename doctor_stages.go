package main

// The stages of rac doctor on this machine, in their order.

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

// doctorText is what is typed, to be seen in the screenshot.
const doctorText = "echo rac doctor: typed by a remote keyboard, ä ß €"

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
