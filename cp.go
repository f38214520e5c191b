package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rac/auth"
	"rac/p2p/files"
)

// rac cp: a session that is for one copy (p2p/files). When the line is lost, the
// session goes on over another one, and the copy from where it was; what is shown
// of it stands in cp_show.go.

type cpOptions struct {
	connect connectOptions
	force   *bool
}

var cpCommand = &command{
	name: "cp", args: "SRC DST", group: groupMore,
	short: "copy files to or from another machine",
	long: `One of the two is ID:PATH or NAME:PATH, as in rac cp report.pdf office:Documents/.
PATH is within the home folder of whoever runs rac host there, or absolute; its
owner may open another folder (files_root). A folder is copied with all that is in
it. A copy that was broken off goes on when the same command is given again. A single
letter before the colon is a drive (C:\x) on every system; a local file whose name
has a colon is written ./a:b.`,
	eg: [2]string{"rac cp report.pdf office:Documents/", "rac cp 12D3KooW…:photos ."},
	setUp: func(f *flags) func(*program, []string) error {
		o := cpOptionsOf(f)
		return func(p *program, operands []string) error {
			if len(operands) != 2 || operands[0] == "" || operands[1] == "" { // as of a variable that is not set
				return fail(exitUsage, errors.New("copy what to where?"), "rac cp SRC DST, one of them ID:PATH or NAME:PATH")
			}
			c := &copying{o: o, src: operands[0], dst: operands[1]}
			machine, err := c.parse()
			if err != nil {
				return err
			}
			c.connection = &connection{program: p, o: o.connect, wants: auth.NewPerms(auth.Files), errand: c.run, over: c.sum}
			if err := c.prepare(machine); err != nil {
				return err
			}
			defer c.close()
			return c.result(c.connection.run())
		}
	},
}

func cpOptionsOf(f *flags) cpOptions {
	o := connectOptionsOf(newFlags("cp")) // those that a copy has no use for stay as they are
	force := f.bool("force", "write over files that are there already")
	o.remember = f.bool("remember", "log in automatically from now on, where the host allows it")
	o.name = f.string("name", "NAME", "remember the machine under this name")
	o.addrs = f.list("addr", "MULTIADDR", "where it is; may be given several times")
	o.relays = f.list("relay", "MULTIADDR", "a relay that knows the way; may be given several times")
	o.passwordStdin = f.bool("password-stdin", "read the password from stdin's first line, a code from the second")
	o.timeout = f.duration("timeout", 30*time.Second, "give up finding the machine after this, also when the line is lost")
	o.json = f.bool("json", "events as JSON, one a line, on stdout")
	return cpOptions{o, force}
}

// copying is one rac cp.
type copying struct {
	*connection
	o        cpOptions
	src, dst string
	put      bool    // to the other machine
	path     string  // there
	named    string  // with its machine, as it was typed
	show     *cpShow // nil before the first attempt
	idle     int     // attempts in a row that have moved nothing
}

// parse finds out which side is the other machine.
func (c *copying) parse() (machine string, err error) {
	from, fromPath, there := cutMachine(c.src)
	to, toPath, here := cutMachine(c.dst)
	switch {
	case there && here:
		return "", usagef("one of the two must be on this computer")
	case there:
		c.path, c.named = fromPath, c.src
		return from, c.hasPlace()
	case here:
		c.put, c.path, c.named = true, toPath, c.dst
		if _, err := os.Stat(c.src); err != nil {
			return "", err
		}
		return to, nil
	}
	return "", fail(exitUsage, errors.New("neither of the two is on another machine"), "write ID:PATH or NAME:PATH")
}

// hasPlace tells whether there is a folder on this computer for what is to come.
func (c *copying) hasPlace() error {
	folder := c.dst
	if info, err := os.Stat(folder); (err != nil || !info.IsDir()) && folder != "" && !os.IsPathSeparator(folder[len(folder)-1]) {
		folder = filepath.Dir(folder)
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s", folder)
	}
	return nil
}

// cutMachine reads MACHINE:PATH. What has a separator before the colon is a path
// of this computer, and so is what has a single letter there: a drive.
func cutMachine(s string) (machine, path string, ok bool) {
	machine, path, ok = strings.Cut(s, ":")
	if !ok || len(machine) < 2 || strings.ContainsAny(machine, `/\`) {
		return "", "", false
	}
	return machine, path, true
}

// maxIdle is how often a copy is tried again on a line that holds, when nothing
// comes of it.
const maxIdle = 5

// run is the session's errand.
func (c *copying) run(ctx context.Context, s *session) error {
	if c.show == nil {
		c.show = newCpShow(c.program, *c.connection.o.json)
	}
	better := s.conn().Better()
	for {
		before := c.show.moved
		err := c.attempt(ctx, s, better)
		if c.idle++; c.show.moved > before {
			c.idle = 0
		}
		var failed *files.Failed
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, errBetter):
			better = nil
		case err == nil:
			return errClosed
		case errors.As(err, &failed) && failed.Code == files.NotAllowed:
			return fail(exitForbidden, fmt.Errorf("%s: %w", c.named, err), "on that machine: rac set --files-root=FOLDER")
		case errors.As(err, &failed) && failed.Code == files.NotFound:
			return fail(exitError, fmt.Errorf("%s: %w", c.named, err))
		case errors.As(err, &failed), errors.Is(err, files.ErrSome):
			return fail(exitError, err)
		case c.idle >= maxIdle:
			return fail(exitError, fmt.Errorf("%s breaks the copy off each time: %w", s.target.ID.Short(), err), "are both sides the same version? rac version")
		default:
			s.log.Info("copy broken off", "error", err)
			return fmt.Errorf("%w: %w", errLost, err)
		}
	}
}

// attempt copies on one stream. It ends with errBetter where a better path has
// come up: a stream that is open would stay on the relay.
func (c *copying) attempt(ctx context.Context, s *session, better <-chan struct{}) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watched := make(chan struct{})
	defer func() { cancel(nil); <-watched }()
	go func() {
		defer close(watched)
		select {
		case <-better:
			cancel(errBetter)
		case <-ctx.Done():
		}
	}()
	stream, err := s.open(ctx, files.Protocol)
	if err != nil {
		return err
	}
	o := files.Options{Force: *c.o.force, Tell: c.show.tell}
	if c.put {
		err = files.Put(ctx, stream, c.src, c.path, o)
	} else {
		err = files.Get(ctx, stream, c.path, c.dst, o)
	}
	if err != nil && errors.Is(context.Cause(ctx), errBetter) {
		return errBetter
	}
	return err
}

// sum says what came of it.
func (c *copying) sum(err error) {
	if c.show != nil {
		c.show.end(err == nil)
	}
}

// result says how to go on.
func (c *copying) result(err error) error {
	const goOn = "the same command goes on where this one has stopped"
	if signalCode(c.ctx) != 0 && c.show != nil {
		c.voice.hint(goOn)
	}
	if exitCode(err) == exitLost {
		return fail(exitLost, err, goOn)
	}
	return err
}
