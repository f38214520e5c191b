package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"rac/auth"
	"rac/auth/config"
)

// rac service: the host, or the relay, as a service that systemd starts with the
// computer (the unit is in service_unit.go, the program's file in
// service_binary.go).

type serviceOptions struct{ relay, json *bool }

var serviceCommand = &command{
	name: "service", args: "install|uninstall|status|print [-- FLAGS]", group: groupMore,
	short: "start with the computer, and show its login screen",
	long: `install makes rac host a service of systemd: it starts with the computer, shows what
is on its screen from the login screen on, and is started again whenever it ends.
Its settings are root's: sudo rac passwd --service. Flags behind -- go to
rac host (or rac relay), as in: rac service install -- --virtual 1920x1080.
uninstall leaves settings and identity in place. print shows the unit.`,
	eg: [2]string{"sudo rac service install", "rac service print --relay"},
	setUp: func(f *flags) func(*program, []string) error {
		o := serviceOptions{
			relay: f.bool("relay", "rac relay instead of rac host, as a user without rights"),
			json:  f.bool("json", "status as one JSON object"),
		}
		return func(p *program, operands []string) error {
			if len(operands) == 0 {
				return usagef("rac service what? install, uninstall, status or print")
			}
			s := &service{program: p, unit: hostUnit(operands[1:])}
			if *o.relay {
				s.unit = relayUnit(operands[1:])
			}
			if err := s.unit.check(); err != nil {
				return err
			}
			return s.do(operands[0], *o.json)
		}
	},
}

// service is one run of rac service.
type service struct {
	*program
	unit unit
}

func (s *service) do(what string, asJSON bool) error {
	switch what {
	case "print":
		fmt.Fprint(s.stdout, s.unit.text(programPath))
		return nil
	case "status":
		return s.status(asJSON)
	case "install":
		return s.asRoot(s.install)
	case "uninstall":
		return s.asRoot(s.uninstall)
	}
	return usagef("rac service %s: it is install, uninstall, status or print", what)
}

// unitFolder is for the units of this computer's administrator (systemd.unit(5)).
const unitFolder = "/etc/systemd/system"

func (s *service) unitFile() string { return filepath.Join(unitFolder, s.unit.name) }

// asRoot does what takes root's rights, or says what has them; on a desktop they
// are offered.
func (s *service) asRoot(do func() error) error {
	if !booted() {
		return s.noSystemd()
	}
	if os.Geteuid() == 0 {
		return do()
	}
	lacking := &rightsError{unitFolder, fs.ErrPermission}
	path, _, err := config.Path("", true)
	if err != nil {
		return err
	}
	return s.offerRights(config.Open(path), fail(exitError, lacking, asAdmin(commandLine(s.args))))
}

// booted tells whether systemd runs this computer (sd_booted(3)).
func booted() bool {
	info, err := os.Stat("/run/systemd/system")
	return err == nil && info.IsDir()
}

// noSystemd says what to do where rac writes no service by itself.
func (s *service) noSystemd() error {
	return fail(exitError, errors.New("this computer is not run by systemd, and rac makes no other service"),
		"have it start this with the computer, as root: "+s.unit.line(programPath),
		"with these variables: "+strings.Join(s.unit.env, " "),
		"rac service print shows a unit to start from; SIGTERM ends it in good order")
}

// install writes the unit and starts the service. One that is there already is
// brought up to date: its viewers come back by themselves.
func (s *service) install() error {
	program, err := s.placeProgram()
	if err != nil {
		return err
	}
	if !s.unit.relay {
		if err := s.makeFiles(); err != nil {
			return err
		}
	}
	if err := os.WriteFile(s.unitFile(), []byte(s.unit.text(program)), 0o644); err != nil {
		return err
	}
	for _, args := range [][]string{{"daemon-reload"}, {"enable", s.unit.name}, {"restart", s.unit.name}} {
		if err := s.systemctl(args...); err != nil {
			return err
		}
	}
	s.voice.say("%s runs, and starts with this computer", s.unit.name)
	if s.unit.relay {
		s.voice.hint("its ID and addresses: journalctl -u " + s.unit.name)
		return nil
	}
	return s.introduce()
}

// makeFiles makes the settings for a person to edit, and the folder of the state.
func (s *service) makeFiles() error {
	path, state, err := config.Path("", true)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(state, 0o700); err != nil {
		return err
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return config.Open(path).Edit(func(*config.Edit) error { return nil })
}

// startTime is how long a host may take until it tells its ID.
const startTime = 15 * time.Second

// introduce prints the ID of the host that has just been started, and what else
// its owner wants to do.
func (s *service) introduce() error {
	for end := time.Now().Add(startTime); ; {
		r, err := s.ask()
		if err == nil {
			fmt.Fprintf(s.stdout, "ID %s\n", r.ID)
			if r.Unattended == "no password" {
				s.voice.hint("there is no password: sudo rac passwd --service")
			}
			s.voice.hint("on your machine: rac connect " + r.ID)
			return nil
		}
		if time.Now().After(end) {
			return fail(exitError, fmt.Errorf("it does not answer: %w", err), "journalctl -u "+s.unit.name)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-s.ctx.Done():
			return s.ctx.Err()
		}
	}
}

// ask asks the service's host how it stands, as every user may.
func (s *service) ask() (r report, err error) {
	_, state, err := config.Path("", true)
	if err != nil {
		return r, err
	}
	reply, err := auth.Command{Do: "status"}.Ask(socketFor("status", state))
	if err != nil {
		return r, err
	}
	return readReport(reply)
}

// uninstall ends the service and takes its unit away, and nothing else.
func (s *service) uninstall() error {
	if _, err := os.Stat(s.unitFile()); errors.Is(err, fs.ErrNotExist) {
		return fail(exitError, fmt.Errorf("there is no service: %s does not exist", s.unitFile()))
	}
	if err := s.systemctl("disable", "--now", s.unit.name); err != nil {
		return err
	}
	if err := os.Remove(s.unitFile()); err != nil {
		return err
	}
	if err := s.systemctl("daemon-reload"); err != nil {
		return err
	}
	s.voice.say("%s is gone", s.unit.name)
	s.voice.say("left as they are: %s, and the program %s", strings.Join(s.unit.files, ", "), programPath)
	s.voice.hint("with the identity goes the ID: a new one has to be told to everybody")
	return nil
}

// systemctl has systemd do something.
func (s *service) systemctl(args ...string) error {
	out, err := exec.CommandContext(s.ctx, "systemctl", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("systemctl %s: %w: %s", strings.Join(args, " "), err, printable(strings.TrimSpace(string(out))))
	}
	return nil
}
