package main

import (
	"fmt"
	"path/filepath"

	"rac/auth"
	"rac/p2p"
)

var idCommand = &command{
	name: "id", group: groupDaily,
	short: "print this machine's ID",
	long: `Prints the ID, which is this machine's address and no secret. The words say the same
in a form that two people can compare by telephone.`,
	eg: [2]string{"rac id", "rac id --words"},
	setUp: func(f *flags) func(*program, []string) error {
		words := f.bool("words", "as words")
		asJSON := f.bool("json", "as JSON")
		return func(p *program, operands []string) error {
			if err := noOperands(operands); err != nil {
				return err
			}
			_, state, err := p.files()
			if err != nil {
				return err
			}
			id, err := p2p.LoadIdentity(filepath.Join(state, "identity.key"))
			if err != nil {
				return err
			}
			switch {
			case *asJSON:
				p.emit("id", map[string]string{"id": string(id.ID()), "words": auth.Words(id.ID())})
			case *words:
				fmt.Fprintln(p.stdout, auth.Words(id.ID()))
			default:
				fmt.Fprintln(p.stdout, id.ID())
			}
			return nil
		}
	},
}
