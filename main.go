// Command rac gives access to your own machines from anywhere: peer to peer,
// end to end, with nobody at the other end, no account and no server between.
//
// This file is the table of commands. What they do lives in the packages: p2p
// finds peers and opens streams to them, auth decides who may do what, screen
// and input carry the picture and the keys. The commands that wire several of
// them together stand beside this file and bear their names: host.go, connect.go,
// doctor.go.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"rac/auth/config"
)

// version is set by the linker.
var version = "dev"

func main() {
	keepMemoryPrivate()
	ctx, end := notify(context.Background())
	out := resultsTo(os.Stdout, end)
	code := run(ctx, newProgram(out), os.Args[1:])
	if err := out.lost(); err != nil && code == exitOK {
		newVoice(os.Stderr, os.Getenv).say("%v", err)
		code = exitError
	}
	os.Exit(code)
}

// notify returns a context that SIGINT, SIGTERM and SIGHUP end, with the signal as
// its cause, or end itself. A program that was started so as to outlive its
// terminal (nohup) does.
func notify(parent context.Context) (context.Context, func(error)) {
	ctx, end := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		s := <-signals
		end(signalled{s.(syscall.Signal)})
		// A second one ends the program at once; but a terminal that is closed sends
		// SIGHUP twice, through the kernel and through its shell.
		signal.Reset(os.Interrupt, syscall.SIGTERM)
	}()
	return ctx, end
}

// program is what every command has at hand.
type program struct {
	ctx    context.Context
	getenv func(string) string
	stdin  *bufio.Reader
	stdout io.Writer
	voice  *voice
	log    *slog.Logger

	// The flags that every command has.
	configFlag string
	service    bool
	args       []string // the command and all that was typed behind it

	stateDir string // not empty: instead of the usual one (rac doctor)
}

func newProgram(out io.Writer) *program {
	level := slog.LevelError
	level.UnmarshalText([]byte(os.Getenv("RAC_LOG")))
	return &program{
		getenv: os.Getenv,
		stdin:  bufio.NewReader(os.Stdin),
		stdout: out,
		voice:  newVoice(os.Stderr, os.Getenv),
		log:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}
}

// run runs one command line and returns the exit code.
func run(ctx context.Context, p *program, args []string) int {
	p.ctx = ctx
	err := p.dispatch(args)
	p.voice.endPhases()
	if code := signalCode(ctx); code != 0 {
		return code
	}
	return p.report(err)
}

func (p *program) dispatch(args []string) error {
	if len(args) == 0 {
		p.voice.show(overview())
		return usagef("which command?")
	}
	switch args[0] {
	case "-h", "--help", "-help":
		args[0] = "help"
	case "-v", "--version", "-version":
		args[0] = "version"
	}
	c, err := findCommand(args[0])
	if err != nil {
		return err
	}
	f := newFlags(c.name)
	body := c.setUp(f)
	p.addFlags(f)
	operands, err := f.parse(args[1:])
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(p.stdout, c.usage())
		return nil
	}
	if err != nil {
		return err
	}
	p.args = args
	return p.refused(c, body(p, operands))
}

// addFlags declares what every command has. Help names it once for all.
func (p *program) addFlags(f *flags) {
	f.StringVar(&p.configFlag, "config", "", "")
	f.shown["config"] = "FILE"
	f.BoolVar(&p.service, "service", false, "")
}

// report says what went wrong and returns the exit code for it.
func (p *program) report(err error) int {
	if err == nil {
		return exitOK
	}
	if text := err.Error(); text != "" {
		p.voice.say("%s", text)
	}
	var bad *config.Error
	if errors.As(err, &bad) && bad.Excerpt() != "" {
		p.voice.show(bad.Excerpt())
	}
	var f *failure
	if errors.As(err, &f) {
		for _, h := range f.hints {
			p.voice.hint(h)
		}
	}
	return exitCode(err)
}

// exitCode returns the code that belongs to an error.
func exitCode(err error) int {
	var f *failure
	var bad *config.Error
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &f):
		return f.code
	case errors.As(err, &bad):
		return exitUsage
	}
	return exitError
}

// files returns the config file that this command line selects, and the folder
// for everything that is not edited by hand.
func (p *program) files() (*config.File, string, error) {
	path, state, err := config.Path(p.configFlag, p.service)
	if err != nil {
		return nil, "", err
	}
	if p.stateDir != "" {
		state = p.stateDir
	}
	return config.Open(path), state, nil
}

// emit prints one JSON object a line, for --json.
func (p *program) emit(event string, fields any) {
	line, err := json.Marshal(fields)
	if err != nil {
		p.log.Error("cannot print an event", "event", event, "error", err)
		return
	}
	head, _ := json.Marshal(event)
	rest := strings.TrimPrefix(string(line), "{")
	if rest != "}" {
		rest = "," + rest
	}
	fmt.Fprintf(p.stdout, `{"v":1,"event":%s%s`+"\n", head, rest)
}

// The groups of the overview, in its order.
const (
	groupDaily = "every day"
	groupWho   = "who gets in"
	groupLook  = "look"
	groupMore  = "more"
)

// commands returns the table. A command's flags and body stand in its own file.
func commands() []*command {
	return []*command{
		hostCommand, connectCommand, idCommand,
		passwdCommand, tokensCommand, setCommand, certCommand,
		inviteCommand, acceptCommand, denyCommand, kickCommand,
		statusCommand, doctorCommand, serviceCommand,
		cpCommand, relayCommand,
		versionCommand, helpCommand(),
	}
}

func findCommand(name string) (*command, error) {
	var known []string
	for _, c := range commands() {
		if c.name == name {
			return c, nil
		}
		known = append(known, c.name)
	}
	if near := config.Nearest(name, known); near != "" {
		return nil, usagef("there is no command %q; did you mean rac %s?", name, near)
	}
	return nil, fail(exitUsage, fmt.Errorf("there is no command %q", name), "rac help")
}

// noOperands refuses what a command does not take.
func noOperands(operands []string) error {
	if len(operands) > 0 {
		return usagef("what is %q for? This command takes none", operands[0])
	}
	return nil
}
