package main

// rac status: the running host and its sessions, and whether the record of sessions
// is whole.

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"rac/auth"
)

var statusCommand = &command{
	name: "status", group: groupLook,
	short: "show the running host and its sessions",
	long: `Shows what the running host shares, whether unattended access is open, who is
connected and who waits for an answer. With --service it tells this of the service's
host; every user of the computer may ask.`,
	eg: [2]string{"rac status", "rac status --verify-log"},
	setUp: func(f *flags) func(*program, []string) error {
		asJSON := f.bool("json", "as one JSON object")
		verify := f.bool("verify-log", "check that nobody has changed the record of sessions")
		return func(p *program, operands []string) error {
			switch err := noOperands(operands); {
			case err != nil:
				return err
			case *verify:
				return p.verifyLog()
			}
			return p.status(*asJSON)
		}
	},
}

func (p *program) verifyLog() error {
	_, state, err := p.files()
	if err != nil {
		return err
	}
	file := filepath.Join(state, "sessions.jsonl")
	lines, err := auth.VerifyRecord(file)
	if err != nil {
		return err
	}
	p.voice.say("%s: %d lines, none changed or taken out", file, lines)
	return nil
}

func (p *program) status(asJSON bool) error {
	reply, err := p.tell(auth.Command{Do: "status"})
	if err != nil {
		return err
	}
	r, err := readReport(reply)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(p.stdout).Encode(struct {
			report
			Sessions []auth.SessionInfo `json:"sessions"`
			Waiting  *auth.Request      `json:"waiting"`
		}{r, append([]auth.SessionInfo{}, reply.Sessions...), reply.Waiting})
	}
	p.printStatus(r, reply)
	return nil
}

func (p *program) printStatus(r report, reply auth.Reply) {
	line := func(format string, args ...any) {
		fmt.Fprintln(p.stdout, printable(fmt.Sprintf(format, args...)))
	}
	line("ID           %s", r.ID)
	for _, a := range r.Addrs {
		line("address      %s", a)
	}
	for _, relay := range r.Relays {
		state := "a place is held"
		if !relay.Held {
			state = "no place: " + relay.Error
		}
		line("relay        %s: %s", relay.Relay, state)
	}
	line("shares       %s", r.Screen)
	line("unattended   %s", r.Unattended)
	line("attended     %s", r.Attended)
	line("saved logins %d%s", r.SavedLogins, map[bool]string{true: " (suspended)"}[r.Unattended != "on" && r.SavedLogins > 0])
	for _, s := range reply.Sessions {
		state := ""
		if s.Lost {
			state = ", line lost"
		}
		line("session      %s: %s by %s, %s, since %s%s: %s", s.ID, whoIs(s.Peer, s.Name, s.Verified), s.Auth, s.Path, s.Since.Format("15:04:05"), state, s.Perms)
	}
	if w := reply.Waiting; w != nil {
		line("waiting      %s (%s) asks to be let in: rac accept or rac deny", called(w.Name, w.Verified), w.Peer)
	}
}
