package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// serviceReport is what rac service status tells.
type serviceReport struct {
	Unit      string `json:"unit"`
	Installed bool   `json:"installed"`
	Enabled   bool   `json:"enabled"` // it starts with the computer
	Running   bool   `json:"running"`
	State     string `json:"state"` // systemd's: active (running), failed (exit-code), …
	ID        string `json:"id,omitempty"`
	Screen    string `json:"screen,omitempty"`
	Access    string `json:"unattended,omitempty"`
}

// status tells whether the service is installed and runs; exit 1 if it does not.
func (s *service) status(asJSON bool) error {
	if !booted() {
		return s.noSystemd()
	}
	r, err := s.look()
	if err != nil {
		return err
	}
	if asJSON {
		if err := json.NewEncoder(s.stdout).Encode(r); err != nil {
			return err
		}
	} else {
		s.print(r)
	}
	switch {
	case !r.Installed:
		return fail(exitError, errors.New("the service is not installed"), sudo(s.installs()))
	case !r.Running:
		return fail(exitError, errors.New("the service does not run"), "journalctl -u "+s.unit.name)
	}
	return nil
}

func (s *service) installs() string {
	if s.unit.relay {
		return "rac service install --relay"
	}
	return "rac service install"
}

// look asks systemd, and the host itself.
func (s *service) look() (serviceReport, error) {
	r := serviceReport{Unit: s.unit.name}
	out, err := exec.CommandContext(s.ctx, "systemctl", "show", "--property=LoadState,ActiveState,SubState,UnitFileState", s.unit.name).Output()
	if err != nil {
		return r, fmt.Errorf("systemctl show %s: %w", s.unit.name, err)
	}
	is := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		is[key] = value
	}
	r.Installed, r.Enabled = is["LoadState"] == "loaded", is["UnitFileState"] == "enabled"
	r.Running, r.State = is["SubState"] == "running", fmt.Sprintf("%s (%s)", is["ActiveState"], is["SubState"])
	if r.Running && !s.unit.relay {
		if host, err := s.ask(); err == nil { // one that has just started does not answer yet
			r.ID, r.Screen, r.Access = host.ID, host.Screen, host.Unattended
		}
	}
	return r, nil
}

func (s *service) print(r serviceReport) {
	line := func(name, value string) { fmt.Fprintf(s.stdout, "%-12s %s\n", name, printable(value)) }
	installed := "no"
	switch {
	case r.Enabled:
		installed = "yes, starts with the computer"
	case r.Installed:
		installed = "yes, does not start with the computer"
	}
	line("service", r.Unit)
	line("installed", installed)
	line("state", r.State)
	if r.ID != "" {
		line("ID", r.ID)
		line("shares", r.Screen)
		line("unattended", r.Access)
	}
}
