package main

// rac invite, and what is said of a code to whoever hands it on.

import (
	"fmt"
	"time"

	"rac/auth"
)

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
