package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"rac/auth"
	"rac/auth/config"
	"rac/p2p"
	"rac/screen"
	"rac/screen/window"
)

// rac connect, in this order: the flags and the config (here), whom it means
// (connect_target.go), the login (connect_login.go, connect_ask.go), the session
// (connect_session.go) with its streams on one line (connect_line.go), and what is done
// in it without a window (connect_still.go, connect_forward.go). When the line is lost,
// or there is a better one, connect_resume.go says how the session goes on,
// connect_seek.go looks for the host, and connect_stage.go lets the new picture take
// over from the old one.

type connectOptions struct {
	remember, forget, viewOnly, fullscreen, passwordStdin, json *bool
	name, monitor, scale, quality, screenshot, text             *string
	addrs, relays, forward                                      *[]string
	noWindow                                                    *bool
	timeout                                                     *time.Duration
}

var connectCommand = &command{
	name: "connect", args: "ID|NAME|MULTIADDR", group: groupDaily,
	short: "show another machine's screen and work on it",
	long: `Finds the machine by its ID, logs in and shows its screen in a window. NAME is a
[[peer]] of the config. Without a usable saved login the password is asked for,
and the person at the machine, if there is one, is asked at the same time.`,
	eg: [2]string{"rac connect 12D3KooW… --remember", "rac connect office --screenshot office.png < /dev/null"},
	setUp: func(f *flags) func(*program, []string) error {
		o := connectOptionsOf(f)
		return func(p *program, operands []string) error {
			if len(operands) > 1 {
				return usagef("connect to one machine; what is %q for?", operands[1])
			}
			if len(operands) == 0 {
				return fail(exitUsage, errors.New("connect to which machine?"), "rac connect ID, as rac host prints it")
			}
			if err := f.notEmpty("type", "screenshot", "name"); err != nil { // as of a variable that is not set
				return err
			}
			c := &connection{program: p, o: o}
			defer c.close()
			if err := c.prepare(operands[0]); err != nil || c.win == nil && !c.scripted() && c.errand == nil {
				return err
			}
			return c.run()
		}
	},
}

func connectOptionsOf(f *flags) connectOptions {
	o := connectOptions{
		remember:      f.bool("remember", "log in automatically from now on, where the host allows it"),
		forget:        f.bool("forget", "forget the saved login first"),
		name:          f.string("name", "NAME", "remember the machine under this name"),
		addrs:         f.list("addr", "MULTIADDR", "where it is; may be given several times"),
		relays:        f.list("relay", "MULTIADDR", "a relay that knows the way; may be given several times"),
		viewOnly:      f.bool("view-only", "look only: send no keys and no pointer"),
		monitor:       f.string("monitor", "all|N", "show one monitor, not the whole desktop"),
		scale:         f.string("scale", "1|fit|N", "size of the picture (1 if it fits, else fit)"),
		fullscreen:    f.bool("fullscreen", "fill the screen"),
		quality:       f.string("quality", "auto|lossless|low", "what a slow line may cost: auto shows moving pictures coarsely and makes them exact at rest, lossless never does and takes longer, low is coarser and waits until nothing moves (auto)"),
		screenshot:    f.string("screenshot", "FILE", "no window: write the picture as PNG and end"),
		text:          f.string("type", "TEXT", "no window: type this and end"),
		forward:       f.list("forward", "LOCAL:HOST:PORT", "port LOCAL of this computer leads to HOST:PORT as the host reaches it; 0: any free port; ADDRESS:LOCAL:…: other computers here can use it, too; may be given several times"),
		noWindow:      f.bool("no-window", "with --forward: forward only, until Ctrl-C"),
		passwordStdin: f.bool("password-stdin", "read the password from stdin's first line, a code from the second"),
		json:          f.bool("json", "events as JSON, one a line, on stdout"),
	}
	o.timeout = f.duration("timeout", 30*time.Second, "give up finding the machine after this")
	return o
}

// connection is one rac connect.
type connection struct {
	*program
	o      connectOptions
	file   *config.File
	id     *p2p.Identity
	cert   string // to be shown to the host; "": none
	target p2p.Target
	relays []string
	net    config.Network
	want   screen.Want
	window window.Options
	win    *window.Window // nil without one
	still  *screen.Still  // instead of a window
	node   *p2p.Node

	// errand is what a session is for that shows no screen: it runs on each line
	// that the session has, one after the other, and returns errClosed when all is
	// done, errLost when the line is to blame. wants is what it needs.
	errand func(context.Context, *session) error
	wants  auth.Perms
	over   func(error) // is told of its end; may be nil

	forwards []*forward // listen from prepare on
}

// prepare checks everything that can be wrong before anything is dialled.
func (c *connection) prepare(operand string) error {
	file, state, err := c.files()
	if err != nil {
		return err
	}
	c.file = file
	cfg, err := file.Load()
	if err != nil {
		return err
	}
	if c.target, err = c.resolve(cfg, operand); err != nil {
		return err
	}
	if err := c.mayBeCalled(cfg); err != nil {
		return err
	}
	if err := c.options(cfg); err != nil {
		return err
	}
	if c.id, err = p2p.LoadIdentity(filepath.Join(state, "identity.key")); err != nil {
		return err
	}
	if c.target.ID == c.id.ID() {
		return fail(exitUsage, fmt.Errorf("%s is this computer itself", c.target.ID.Short()), "rac doctor proves on this one machine that everything works")
	}
	if *c.o.forget {
		if err := c.forget(); err != nil {
			return err
		}
	}
	if err := c.openForwards(); err != nil {
		return err
	}
	if err := c.openWindow(); err != nil {
		if *c.o.forget {
			return nil // where nothing can be shown, forgetting was all that was meant
		}
		return err
	}
	c.cert = c.ownCert(state, c.id.ID())
	return nil
}

// scripted tells whether this connect has no window.
func (c *connection) scripted() bool { return *c.o.screenshot != "" || *c.o.text != "" }

// inHaste tells whether a lost line is waited for no longer than --timeout: a
// script must end. Who has a window or forwarded ports wants them back.
func (c *connection) inHaste() bool {
	return c.scripted() || c.errand != nil && len(c.forwards) == 0
}

func (c *connection) options(cfg *config.Config) (err error) {
	if c.want.Monitor, err = parseMonitor(*c.o.monitor); err != nil {
		return err
	}
	if c.want.Quality, err = parseQuality(*c.o.quality); err != nil {
		return err
	}
	c.window = window.Options{Fullscreen: *c.o.fullscreen, ViewOnly: *c.o.viewOnly, Log: c.log}
	if c.window.Scale, err = window.ParseScale(*c.o.scale); err != nil {
		return fail(exitUsage, err)
	}
	if *c.o.noWindow && len(*c.o.forward) == 0 {
		return usagef("--no-window is for --forward")
	}
	if *c.o.timeout <= 0 {
		return usagef("--timeout %v leaves no time", *c.o.timeout)
	}
	for _, r := range *c.o.relays {
		if err := p2p.ValidateRelay(r); err != nil {
			return fail(exitUsage, err)
		}
	}
	if *c.o.viewOnly && *c.o.text != "" {
		return usagef("--view-only and --type exclude each other")
	}
	if err := mayReplace(*c.o.screenshot); err != nil {
		return fmt.Errorf("--screenshot: %w", err)
	}
	c.net = cfg.Network
	c.relays = append(*c.o.relays, cfg.Network.Relays...)
	if c.scripted() {
		c.still = screen.NewStill()
	}
	return nil
}

func parseQuality(s string) (screen.Quality, error) {
	switch s {
	case "", "auto":
		return screen.Auto, nil
	case "lossless":
		return screen.Lossless, nil
	case "low":
		return screen.Low, nil
	}
	return 0, usagef("--quality %q: it is auto, lossless or low", s)
}

// openWindow makes the window, which stays unseen until there is a picture: where
// it cannot be had nothing is dialled.
func (c *connection) openWindow() (err error) {
	if c.scripted() || c.errand != nil {
		return nil
	}
	c.win, err = window.Open(c.ctx, c.window)
	if err != nil && len(c.forwards) > 0 {
		c.voice.say("no window: %v", err)
		c.forwardOnly()
		return nil
	}
	if err != nil {
		return fail(exitDisplay, err, "without a window: --screenshot FILE, --type TEXT")
	}
	return nil
}

// forget deletes the saved login from the config.
func (c *connection) forget() error {
	cfg, err := c.file.Load()
	if err != nil {
		return err
	}
	peer := cfg.Peer(string(c.target.ID))
	if peer == nil || peer.Login == "" {
		c.voice.say("there is no saved login for %s", c.target.ID.Short())
		return nil
	}
	without := *peer
	without.Login = ""
	if err := c.file.Edit(func(e *config.Edit) error { return e.PutPeer(without) }); err != nil {
		return err
	}
	c.voice.say("forgot the saved login for %s", c.target.ID.Short())
	return nil
}

// run connects, logs in and stays until the session's end.
func (c *connection) run() error {
	close, err := c.startNode()
	if err != nil {
		return err
	}
	defer close()
	s, err := c.start()
	if err != nil {
		return err
	}
	return s.run()
}

func (c *connection) close() {
	c.closeForwards()
	if c.win != nil {
		c.win.Close()
	}
}

func (c *connection) startNode() (close func(), err error) {
	c.node, err = p2p.Start(c.ctx, p2p.Options{
		Identity: c.id, Role: p2p.Connector, LAN: c.net.LAN, Public: c.net.Public, Bootstrap: c.net.Bootstrap, Relays: c.relays, Log: c.log,
	})
	if err != nil {
		return nil, err
	}
	return func() { c.node.Close() }, nil
}

// phase tells how far the connection has come.
func (c *connection) phase(name string) {
	if *c.o.json {
		c.emit("phase", map[string]string{"name": name})
	} else {
		c.voice.phase(name)
	}
}

// dial returns a connection to the host, within --timeout. To tell how it goes
// is the caller's, by p2p.WithPhases.
func (c *connection) dial(ctx context.Context) (*p2p.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, *c.o.timeout)
	defer cancel()
	conn, err := c.node.Dial(ctx, c.target)
	if errors.Is(err, p2p.ErrLimited) && c.ctx.Err() == nil {
		return nil, fail(exitNotFound, err, "a relay of your own carries everything: rac relay on any machine with a public address, then rac set --add-relay MULTIADDR on both sides")
	}
	if err != nil && c.ctx.Err() == nil {
		return nil, fail(exitNotFound, err, "is rac host running there? rac doctor tells what works on either side")
	}
	return conn, err
}
