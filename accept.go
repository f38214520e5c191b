package main

import "rac/auth"

// rac accept and rac deny: the answer to a request, from another shell.

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
