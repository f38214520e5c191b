package main

import (
	"strings"
	"testing"

	"rac/p2p"
)

func TestTheDoctorsAdviceDoesNotRepeatItsReason(t *testing.T) {
	path := p2p.Path{Why: "no direct connection came up: this side is behind a firewall", Help: "port 20123 forwarded to the host would help"}
	d := &checkup{outlook: &p2p.Outlook{}, tried: []trial{{name: "relay", path: path, detail: "relayed: " + path.Why}}}
	if got := d.advise(); strings.Contains(got, path.Why) || !strings.Contains(got, path.Help) {
		t.Errorf("it advises %q: want what would help, and not again why", got)
	}
}
