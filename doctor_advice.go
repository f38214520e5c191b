package main

// What the doctor advises: about this machine, or about the way to another one.

import (
	"fmt"
	"slices"
	"strings"

	"rac/p2p"
)

// advise is the one sentence that rac doctor ID ends with: what would help most, the
// worst first.
func (d *checkup) advise() string {
	deadRelay := slices.IndexFunc(d.outlook.Relays, func(r p2p.Sighting) bool { return r.Err != nil })
	switch direct, relayed := d.reached(true), d.reached(false); {
	case !direct && !relayed && deadRelay >= 0:
		return fmt.Sprintf("the relay %s is not reached: see that rac relay runs there, that its port is open and that this is its address as it prints it, then try again", d.outlook.Relays[deadRelay].Name)
	case !direct && !relayed && len(d.relays) == 0:
		return "see that rac host runs there; if it does and the two are in different networks, a relay of your own on any machine with a public address joins them: rac relay there, rac set --add-relay MULTIADDR on both"
	case !direct && !relayed:
		return "the relays answer and do not know the machine: see that rac host runs there and that its config names the same relays"
	case !direct:
		return d.adviseRelayed()
	case d.down.Took > 0 && d.down.Mbit() < thinLine:
		return fmt.Sprintf("the path is direct; the line is thin (%.1f Mbit/s): --quality low trades sharpness while things move for speed", d.down.Mbit())
	case deadRelay >= 0:
		return fmt.Sprintf("the path is direct; the relay %s does not answer and would be missing elsewhere", d.outlook.Relays[deadRelay].Name)
	case d.onlyTCP():
		return "the path is direct over TCP; letting UDP through would make it quicker to recover from losses"
	}
	return "nothing: the path is direct"
}

// reached tells whether a way led there, directly or by a relay.
func (d *checkup) reached(direct bool) bool {
	return slices.ContainsFunc(d.tried, func(t trial) bool { return t.err == nil && t.path.Direct == direct })
}

// thinLine is where a picture gives up sharpness while it moves, in Mbit/s.
const thinLine = 5

// adviseRelayed says what would help; why it is needed stands beside the way.
func (d *checkup) adviseRelayed() string {
	for _, t := range d.tried {
		if t.err == nil && t.path.Help != "" {
			return "the path leads through a relay: " + t.path.Help
		}
	}
	return "the path leads through a relay, which works and is slower; a port forwarded to the host at its router makes it direct"
}

// onlyTCP tells whether the machine was reached directly, and never by QUIC, though
// one of its addresses is for that or one of the two is in a network without UDP.
func (d *checkup) onlyTCP() bool {
	quic := slices.ContainsFunc(d.target.Addrs, func(a string) bool { return strings.Contains(a, "/quic") })
	blocked := d.outlook.NAT.UDP == p2p.NATBlocked || d.self != nil && d.self.UDP == string(p2p.NATBlocked)
	return (quic || blocked) && !slices.ContainsFunc(d.tried, func(t trial) bool { return t.err == nil && t.path.Transport == "quic-v1" })
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
