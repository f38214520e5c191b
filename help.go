package main

// rac help and rac version. What help says of a command stands with the command;
// docs/commands.md is made of it.

import (
	"fmt"
	"runtime"
	"strings"
)

// overview is rac --help: one line a command, all on a screen of 80 columns and 24
// lines, of which the prompt takes one.
func overview() string {
	var b strings.Builder
	b.WriteString("rac: your own machines from anywhere, peer to peer\n")
	b.WriteString("  on the machine to reach:  rac passwd && rac host\n")
	b.WriteString("  on yours:                 rac connect ID --remember\n\n")
	for _, group := range []string{groupDaily, groupWho, groupLook, groupMore} {
		title := group
		for _, c := range commands() {
			if c.group == group {
				fmt.Fprintf(&b, "%-12s rac %-8s %s\n", title, c.name, c.short)
				title = ""
			}
		}
	}
	b.WriteString("With each: --config FILE, or --service for the system's. More: rac help COMMAND\n")
	return b.String()
}

// helpCommand is made by a function since it looks into the table that it is in.
func helpCommand() *command {
	return &command{
		name: "help", args: "[COMMAND]", group: groupMore,
		short: "tell more about a command",
		long:  "Tells what a command does, with its flags and two examples. Without COMMAND: all\ncommands, one line each.",
		eg:    [2]string{"rac help", "rac help connect"},
		setUp: func(*flags) func(*program, []string) error {
			return func(p *program, operands []string) error {
				switch len(operands) {
				case 0:
					fmt.Fprint(p.stdout, overview())
					return nil
				case 1:
				default:
					return usagef("rac help explains one command at a time")
				}
				c, err := findCommand(operands[0])
				if err == nil {
					fmt.Fprint(p.stdout, c.usage())
				}
				return err
			}
		},
	}
}

var versionCommand = &command{
	name: "version", group: groupMore,
	short: "print the version",
	long:  "Prints rac's version and what it was built with and for.",
	eg:    [2]string{"rac version", "rac version | cut -d' ' -f2"},
	setUp: func(*flags) func(*program, []string) error {
		return func(p *program, operands []string) error {
			if err := noOperands(operands); err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "rac %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		}
	},
}
