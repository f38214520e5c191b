package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"rac/auth"
	"rac/auth/config"
)

// The commands that talk to the running host: status, accept, deny, kick and
// invite.

const controlSocket = "control.sock"

// tell sends a command to the running host.
func (p *program) tell(c auth.Command) (auth.Reply, error) {
	file, state, err := p.files()
	if err != nil {
		return auth.Reply{}, err
	}
	socket := socketFor(c.Do, state)
	reply, err := c.Ask(socket)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return reply, p.mayUse(file, socket, err)
	case errors.Is(err, auth.ErrNoHost):
		return reply, p.noHost(c.Do)
	}
	return reply, err
}

// noHost says that no host is running, and where another one may be.
func (p *program) noHost(do string) error {
	hint := "rac host starts one"
	if service, _, err := config.Path("", true); err == nil && !p.service && present(service) {
		hint = "the service's: rac " + do + " --service"
	}
	return fail(exitError, errors.New("no rac host is running here (for this user and this state folder)"), hint)
}

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

var acceptCommand = &command{
	name: "accept", args: "[ID]", group: groupWho,
	short: "say yes to a request that waits at this machine",
	long: `Says yes to the request that waits for an answer, or to that of ID. This is refused
while somebody controls the machine through rac: he could have typed it.`,
	eg: [2]string{"rac accept", "rac accept --view-only"},
	setUp: func(f *flags) func(*program, []string) error {
		viewOnly := f.bool("view-only", "only to look")
		return func(p *program, operands []string) error { return p.answer("accept", operands, *viewOnly) }
	},
}

var denyCommand = &command{
	name: "deny", args: "[ID]", group: groupWho,
	short: "say no to a request that waits at this machine",
	long:  "Says no to the request that waits for an answer, or to that of ID.",
	eg:    [2]string{"rac deny", "rac deny 12D3KooW…"},
	setUp: func(*flags) func(*program, []string) error {
		return func(p *program, operands []string) error { return p.answer("deny", operands, false) }
	},
}

func (p *program) answer(do string, operands []string, viewOnly bool) error {
	if len(operands) > 1 {
		return usagef("rac %s answers one request", do)
	}
	c := auth.Command{Do: do, ViewOnly: viewOnly}
	if len(operands) == 1 {
		c.ID = operands[0]
	}
	_, err := p.tell(c)
	return err
}

var kickCommand = &command{
	name: "kick", args: "[ID|all]", group: groupWho,
	short: "end live sessions",
	long: `Ends the session of that name (see rac status), all sessions of a peer ID, or all.
Without a name it ends the only one. Kicked is not revoked: whoever has a password
or a saved login may come back.`,
	eg: [2]string{"rac kick", "rac kick all"},
	setUp: func(*flags) func(*program, []string) error {
		return func(p *program, operands []string) error {
			if len(operands) > 1 {
				return usagef("rac kick ends one session, or all")
			}
			return p.kick(operands)
		}
	},
}

func (p *program) kick(operands []string) error {
	reply, err := p.tell(auth.Command{Do: "status"})
	if err != nil {
		return err
	}
	which := ""
	switch there := reply.Sessions; {
	case len(there) == 0:
		return fail(exitError, errors.New("nobody is connected"))
	case len(operands) == 1:
		which = operands[0]
	case len(there) > 1:
		return fail(exitError, fmt.Errorf("there are %d sessions: which?", len(there)), "rac status names them; rac kick all ends all")
	default:
		which = there[0].ID
	}
	reply, err = p.tell(auth.Command{Do: "kick", ID: which})
	if err != nil {
		return err
	}
	p.voice.say("ended: %d", reply.Kicked)
	return nil
}

const inviteFor = 10 * time.Minute

func inviteAdvice(until time.Time) string {
	return fmt.Sprintf("good for one session, until %s; give it only to somebody whom you called", until.Format("15:04"))
}

var inviteCommand = &command{
	name: "invite", group: groupWho,
	short: "make a code of four words that lets somebody in once",
	long: `Prints four words that somebody types at the password prompt of rac connect. They are
good for one session, and burn after three wrong tries.`,
	eg: [2]string{"rac invite", "rac invite --view-only --for 5m"},
	setUp: func(f *flags) func(*program, []string) error {
		viewOnly := f.bool("view-only", "only to look")
		period := f.duration("for", inviteFor, "how long the code is good, an hour at most")
		return func(p *program, operands []string) error {
			if err := noOperands(operands); err != nil {
				return err
			}
			if *period <= 0 || *period > time.Hour {
				return usagef("--for %v: a code is good for one hour at most", *period)
			}
			reply, err := p.tell(auth.Command{Do: "invite", ViewOnly: *viewOnly, For: *period})
			if err != nil {
				return err
			}
			fmt.Fprintln(p.stdout, reply.Code)
			p.voice.say("%s", inviteAdvice(reply.Until))
			return nil
		}
	},
}
