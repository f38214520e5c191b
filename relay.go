package main

import (
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"rac/p2p"
)

// rac relay: a server that your machines meet at, and that carries their bytes
// where no direct way can be found.

type relayOptions struct {
	listen, announce, allow *[]string
	json                    *bool
}

var relayCommand = &command{
	name: "relay", group: groupMore,
	short: "a meeting place for your machines, on your server",
	long: `Runs on a machine that can be reached from the internet, such as a small rented
server. Machines behind NATs find each other there; where they cannot connect
directly, it carries their bytes, which it cannot read. It prints its ID, then its
addresses, one a line: give one of them to both sides by rac set --add-relay. Open
its port and the next one (4001 and 4002, TCP and UDP) in the firewall. Without
--allow everybody who knows the address can use it, at your cost.`,
	eg: [2]string{"rac relay", "rac relay --announce /ip4/203.0.113.7/tcp/4001 --allow 12D3KooW…"},
	setUp: func(f *flags) func(*program, []string) error {
		o := relayOptions{
			listen:   f.list("listen", "MULTIADDR", "listen here, in place of the usual addresses; may be given several times"),
			announce: f.list("announce", "MULTIADDR", "how the internet reaches this machine, where its own addresses are private"),
			allow:    f.list("allow", "ID", "be a relay for this host only; may be given several times"),
			json:     f.bool("json", "events and statistics as JSON, one a line"),
		}
		return func(p *program, operands []string) error {
			if err := noOperands(operands); err != nil {
				return err
			}
			return p.relay(o)
		}
	},
}

func (p *program) relay(o relayOptions) error {
	debug.SetGCPercent(collectAt) // a cheap server has little memory
	opts, err := p.relayOptions(o)
	if err != nil {
		return err
	}
	r, err := p2p.StartRelay(opts)
	if err != nil {
		return err
	}
	if *o.json {
		p.emit("ready", map[string]any{"id": r.ID(), "addrs": r.Addrs()})
	} else {
		p.announceRelay(r, len(opts.Allow) == 0)
	}
	p.count(r, *o.json)
	return r.Close()
}

// relayOptions checks what was typed and opens the relay's keys, which are not
// the host's: both may run on one machine.
func (p *program) relayOptions(o relayOptions) (p2p.RelayOptions, error) {
	opts := p2p.RelayOptions{Listen: *o.listen, Announce: *o.announce, Log: p.log}
	for _, a := range *o.listen {
		if err := p2p.ValidateListen(a); err != nil {
			return opts, fail(exitUsage, err)
		}
	}
	for _, a := range *o.announce {
		if err := p2p.ValidateAnnounce(a); err != nil {
			return opts, fail(exitUsage, err)
		}
	}
	for _, s := range *o.allow {
		id, err := p2p.ParsePeerID(s)
		if err != nil {
			return opts, fail(exitUsage, err)
		}
		opts.Allow = append(opts.Allow, id)
	}
	_, state, err := p.files()
	if err != nil {
		return opts, err
	}
	if opts.Identity, err = p2p.LoadIdentity(filepath.Join(state, "relay.key")); err != nil {
		return opts, err
	}
	opts.Observer, err = p2p.LoadIdentity(filepath.Join(state, "relay-observer.key"))
	return opts, err
}

// announceRelay prints what to give to the machines that shall use the relay.
func (p *program) announceRelay(r *p2p.Relay, open bool) {
	addrs := r.Addrs()
	fmt.Fprintf(p.stdout, "ID %s\n", r.ID())
	for _, a := range addrs {
		fmt.Fprintf(p.stdout, "READY %s\n", a)
	}
	if !r.Public() {
		p.voice.say("no address of this machine is public: from the internet it is reached only if its ports are forwarded")
		p.voice.hint("name the public address: rac relay --announce /ip4/PUBLIC-IP/tcp/4001")
	}
	if len(addrs) > 0 {
		p.voice.say("on both sides: rac set --add-relay %s", addrs[0])
	}
	if open {
		p.voice.say("anybody who knows this address can be reached through it, at your cost; --allow ID keeps it for your own hosts")
	}
}

const (
	countPause  = time.Second // between two lines, however much happens
	countPeriod = time.Minute // a line even if nothing happens
)

// count tells how many use the relay, when that has changed and now and then,
// until the program is told to end.
func (p *program) count(r *p2p.Relay, asJSON bool) {
	last := p2p.RelayStats{Reserved: -1}
	tell := time.NewTimer(countPeriod)
	defer tell.Stop()
	for {
		select {
		case <-tell.C:
		case <-r.Changed():
		case <-p.ctx.Done():
			return
		}
		if now := r.Stats(); asJSON {
			p.emit("stats", map[string]any{"reservations": now.Reserved, "circuits": now.Circuits, "bytes": now.Carried,
				"refused": now.Refused, "uptime_s": int64(now.Uptime.Seconds())})
		} else if now.Reserved != last.Reserved || now.Circuits != last.Circuits {
			last = now
			fmt.Fprintf(p.stdout, "%d reserved, %d connected through here, %s carried\n", now.Reserved, now.Circuits, bytesText(now.Carried))
		}
		tell.Reset(countPeriod)
		select {
		case <-time.After(countPause):
		case <-p.ctx.Done():
			return
		}
	}
}

// bytesText is n for people.
func bytesText(n int64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	v, i := float64(n), 0
	for ; v >= 1000 && i < len(units)-1; i++ {
		v /= 1000
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") + " " + units[i]
}
