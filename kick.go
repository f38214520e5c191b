package main

// rac kick.

import (
	"errors"
	"fmt"

	"rac/auth"
)

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
