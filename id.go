package main

import (
	"fmt"
	"path/filepath"

	"rac/auth"
	"rac/p2p"
	"rac/p2p/wire"
)

// rac id: who this machine is, for people and for programs.

var idCommand = &command{
	name: "id", group: groupDaily,
	short: "print this machine's ID",
	long: `Prints the ID, which is this machine's address and no secret. The words say the same
in a form that two people can compare by telephone; the QR code holds the ID alone.`,
	eg: [2]string{"rac id", "rac id --words --qr"},
	setUp: func(f *flags) func(*program, []string) error {
		words := f.bool("words", "as words")
		asQR := f.bool("qr", "as a QR code, in the terminal; the ID stands below it")
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
			if *asJSON {
				p.emit("id", map[string]string{"id": string(id.ID()), "words": auth.Words(id.ID())})
				return nil
			}
			return p.printID(id.ID(), *words, *asQR)
		}
	},
}

func (p *program) printID(id wire.PeerID, words, asQR bool) error {
	if asQR {
		if err := p.printQR(string(id)); err != nil {
			return err
		}
	}
	if asQR || !words {
		fmt.Fprintln(p.stdout, id)
	}
	if words {
		fmt.Fprintln(p.stdout, auth.Words(id))
	}
	return nil
}
