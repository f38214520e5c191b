package main

import (
	"regexp"
	"testing"

	"rac/p2p/p2ptest"
	"rac/screen/screentest"
)

// The viewer's router lets no UDP through: the doctor says so, shows which address of
// the relay leads nowhere, and that it is no disaster.
func TestTheDoctorFindsOutThatUDPIsBlocked(t *testing.T) {
	blocked := p2ptest.Router{NAT: p2ptest.Restricted, NoUDP: true}
	n := newNATStage(t, pair{a: blocked, b: p2ptest.Router{NAT: p2ptest.Open}}, screentest.Xvfb(t, 640, 480).Display)
	said, _ := n.viewer.exits(0, "", "doctor", n.host)
	for _, want := range []string{
		`ok    NAT +UDP is blocked; TCP: a router`,
		`ok    relay \S+ .* answers`,
		`--    by local network .*switched off here`,
		`--    by relay \S+, UDP `,
		`ok    by relay \S+, TCP .*direct, .* tcp`,
		`--    by public network .*switched off here`,
		`ok    the host's network .*NAT: none: .*places on relays: 1;`,
		`ok    largest packet +\d+ bytes`,
		`ok    throughput down .* Mbit/s`,
		`ok    throughput up .* Mbit/s`,
		`advice  the path is direct over TCP; letting UDP through`,
	} {
		if !regexp.MustCompile(want).MatchString(said) {
			t.Errorf("it does not say %q, but:\n%s", want, said)
		}
	}
}
