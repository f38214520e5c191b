package main

// What rac doctor says of the network that this computer is in.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"rac/auth/config"
	"rac/p2p"
)

// findings prints what a doctor finds, a line each; JSON objects with --json.
type findings struct {
	to   *program
	json bool
}

// row prints one finding. What does not work here is no failure of rac: it is
// marked "--", and event is "network" or "way" in JSON.
func (f *findings) row(event, name, detail string, err error, took time.Duration, more map[string]any) {
	if f.json {
		fields := stageFields(name, detail, err, took)
		for k, v := range more {
			fields[k] = v
		}
		f.to.emit(event, fields)
		return
	}
	mark, spent := "ok", ""
	if err != nil {
		mark, detail = "--", err.Error()
	}
	if event == "way" { // not what answers there, but what it leads to
		name = "by " + name
	}
	if took > 0 {
		spent = millis(took)
	}
	fmt.Fprintf(f.to.stdout, "%-5s %-27s %11s  %s\n", mark, printable(name), spent, printable(detail))
}

// stageFields are what JSON says of each thing that a doctor has tried.
func stageFields(name, detail string, err error, took time.Duration) map[string]any {
	fields := map[string]any{"name": name, "ok": err == nil, "ms": float64(took.Microseconds()) / 1000, "detail": detail}
	if err != nil {
		fields["detail"], fields["error"] = "", printable(err.Error())
	}
	return fields
}

func millis(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// advice prints the one sentence that matters most.
func (f *findings) advice(text string) {
	if f.json {
		f.to.emit("advice", map[string]string{"text": text})
	} else {
		fmt.Fprintf(f.to.stdout, "advice  %s\n", printable(text))
	}
}

// look looks around with what the user's config says, which may not be there. A
// machine without an identity gets one for the moment.
func (p *program) look(ctx context.Context, cfg *config.Config, relays []string) (*p2p.Outlook, error) {
	_, state, err := p.files()
	if err != nil {
		return nil, err
	}
	var id *p2p.Identity
	path := filepath.Join(state, "identity.key")
	if _, err := os.Stat(path); err == nil {
		if id, err = p2p.LoadIdentity(path); err != nil {
			return nil, err
		}
	}
	return p2p.Look(ctx, p2p.Options{Identity: id, Relays: relays, Public: cfg.Network.Public, Bootstrap: cfg.Network.Bootstrap, Log: p.log})
}

// errPublicOff is why neither the public network nor a router is asked.
var errPublicOff = errors.New("switched off here (rac set --public=true)")

// showOutlook prints what look has found, a line each.
func (f *findings) showOutlook(o *p2p.Outlook) {
	f.row("network", "NAT", natText(string(o.NAT.UDP), string(o.NAT.TCP)), nil, 0, map[string]any{"udp": o.NAT.UDP, "tcp": o.NAT.TCP, "seen": o.NAT.Seen})
	if o.Router != nil {
		f.row("network", "router forwards ports", "by "+o.Router.Name+": a host behind it is reached directly", o.Router.Err, o.Router.Took, nil)
	}
	for _, r := range o.Relays {
		f.row("network", "relay "+r.Name, "answers", r.Err, r.Took, nil)
	}
	if o.Public != nil {
		f.row("network", "public network", "answers", o.Public.Err, o.Public.Took, nil)
	}
}

// natText says in words what kind of NAT there is.
func natText(udp, tcp string) string {
	words := map[string]string{
		"":          "not known: only your own relay with a public address tells it",
		"none":      "none: others see this computer's own address; a firewall may be there",
		"nat":       "a router (NAT), of which kind one observer cannot tell",
		"cone":      "a router (NAT) that lets holes be punched",
		"symmetric": "a router that gives each connection another port (a symmetric NAT): holes can be punched to few",
		"blocked":   "UDP is blocked",
	}
	switch {
	case udp == tcp || tcp == "":
		return words[udp]
	case udp == "blocked":
		return words[udp] + "; TCP: " + words[tcp]
	case udp == "":
		return "TCP: " + words[tcp]
	}
	return fmt.Sprintf("UDP: %s; TCP: %s", words[udp], words[tcp])
}

// lookAround adds the network to the self-test. What does not answer there is no
// fault of rac on this machine.
func (d *doctor) lookAround() {
	file, _, err := d.program.files()
	if err != nil {
		return
	}
	cfg, err := file.Load()
	if err != nil {
		return // a config that cannot be read is told where it is needed
	}
	d.net = &cfg.Network
	if o, err := d.program.look(d.ctx, cfg, cfg.Network.Relays); err == nil {
		f := &findings{d.program, d.json}
		f.showOutlook(o)
		if !cfg.Network.Public {
			f.row("network", "public network, router", "", errPublicOff, 0, nil)
		}
	}
}
