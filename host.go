package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"rac/auth"
	"rac/auth/config"
	"rac/input"
	"rac/p2p"
	"rac/p2p/files"
	"rac/p2p/probe"
	"rac/p2p/tunnel"
	"rac/p2p/wire"
	"rac/screen"
)

// rac host, in this order: the flags and what must hold before it starts (here), the
// screen it shows (host_screen.go; a service's: host_seat.go), where it is found
// (host_network.go), whom it asks about requests (host_ask.go), what it watches while it
// runs (host_watch.go), and what it tells about (host_events.go, host_banner.go).

type hostOptions struct {
	settings                  *settingFlags
	setPassword, clearTokens  *bool
	display, monitor, virtual *string
	listen                    *[]string
	invite, json              *bool
}

var hostCommand = &command{
	name: "host", args: "", group: groupDaily,
	short: "let this machine be reached",
	long: `Shares this machine's screen with whoever knows the unattended password (rac passwd),
has a saved login, or is accepted by somebody at this machine. It prints its ID
first, by which the others reach it. Where there is no display it shares a shell in
the built-in console. The flags from --unattended on are settings: they are written to
the config file, as by rac set.`,
	eg: [2]string{"rac host", "rac host --allow-save-login=true --display :0"},
	setUp: func(f *flags) func(*program, []string) error {
		o := hostOptionsOf(f)
		return func(p *program, operands []string) error {
			if err := noOperands(operands); err != nil {
				return err
			}
			h := &host{program: p, o: o}
			return h.run()
		}
	},
}

func hostOptionsOf(f *flags) hostOptions {
	o := hostOptions{
		setPassword: f.bool("set-password", "ask for a new unattended password first"),
		clearTokens: f.bool("clear-tokens", "forget all saved logins first"),
		display:     f.string("display", ":0", "the X display to show, in place of $DISPLAY; seat0: what the computer itself shows, from the login screen on (needs root)"),
		monitor:     f.string("monitor", "all|N", "show one monitor only"),
		virtual:     f.string("virtual", "WxH", "start a display of this size (Xvfb) and show it"),
		listen:      f.list("listen", "MULTIADDR", "listen here, in place of the usual addresses; may be given several times"),
		invite:      f.bool("invite", "also print a code of four words that lets somebody in once (rac invite)"),
		json:        f.bool("json", "events as JSON, one a line"),
	}
	o.settings = addSettingFlags(f)
	return o
}

// host is one rac host.
type host struct {
	*program
	o        hostOptions
	file     *config.File
	state    string
	id       *p2p.Identity
	screen   *hostScreen
	injector *input.Shared
	gate     *auth.Gate
	desk     *auth.Desk
	record   *auth.Record
	presence presence
	banners  *banners
	work     sync.WaitGroup // the control socket and the banners
	end      context.CancelFunc
	locker   locker
	tunnels  *tunnel.Host
	quiet    bool       // rac doctor's: tells nothing, asks nobody
	out      sync.Mutex // one line at a time on stdout
}

// collectAt is for debug.SetGCPercent, in place of 100: in a flood, half of what a
// host held was waiting for the collector, which has little to do otherwise.
const collectAt = 50

func (h *host) run() error {
	debug.SetGCPercent(collectAt)
	cfg, err := h.prepare()
	if err != nil {
		return err
	}
	unlock, err := h.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if h.id, err = p2p.LoadIdentity(filepath.Join(h.state, "identity.key")); err != nil {
		return err
	}
	if h.screen, err = h.openScreen(h.ctx); err != nil {
		return err
	}
	defer h.screen.Close()
	if err := h.start(cfg); err != nil {
		return err
	}
	h.announce(cfg)
	if *h.o.invite {
		if err := h.inviteSomebody(); err != nil {
			h.stop()
			return err
		}
	}
	err = h.watch()
	h.stop()
	return err
}

// lock sees to it that one host runs on this state folder, and one on this config.
func (h *host) lock() (unlock func(), err error) {
	state, err := config.Lock(filepath.Join(h.state, "host.lock"))
	if err != nil {
		return nil, err
	}
	path := h.file.Path()
	file, err := config.Lock(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".host"))
	if err != nil {
		state.Close()
		return nil, err
	}
	return func() { file.Close(); state.Close() }, nil
}

// prepare reads the config, changes it as the flags say, and refuses what
// cannot work.
func (h *host) prepare() (*config.Config, error) {
	for _, a := range *h.o.listen {
		if err := p2p.ValidateListen(a); err != nil {
			return nil, fail(exitUsage, err)
		}
	}
	var err error
	if h.file, h.state, err = h.files(); err != nil {
		return nil, err
	}
	if err := h.o.settings.apply(h.program, h.file, *h.o.setPassword, *h.o.clearTokens); err != nil {
		return nil, err
	}
	if _, err := os.Stat(h.file.Path()); errors.Is(err, os.ErrNotExist) {
		// The file that a person will want to edit is there from the start.
		if err := h.file.Edit(func(*config.Edit) error { return nil }); err != nil {
			return nil, err
		}
	}
	cfg, err := h.file.Load()
	if err != nil {
		return nil, err
	}
	return cfg, noWayIn(cfg)
}

// noWayIn refuses to start a host that could never let anybody in.
func noWayIn(cfg *config.Config) error {
	if cfg.Attended.Mode != config.Never || cfg.Unattended.Enabled && cfg.Unattended.PasswordHash != "" {
		return nil
	}
	if len(loginAuthorities(cfg)) > 0 {
		return nil
	}
	return fail(exitUsage, errors.New(`nobody could ever get in: unattended access is not open and attended.mode is "never"`),
		"set a password: rac passwd", `or let somebody here be asked: rac set --attended=ask`)
}

// loginAuthorities names those whose certificates let in by themselves.
func loginAuthorities(cfg *config.Config) (names []string) {
	for _, a := range cfg.Authorities {
		if a.Login && cfg.Unattended.Enabled {
			names = append(names, a.Name)
		}
	}
	return names
}

// start opens the gate, then the door to it.
func (h *host) start(cfg *config.Config) error {
	share := screen.NewShare(h.screen.source, h.log)
	h.injector = input.Share(h.screen.injector(share.Point))
	h.tunnels = tunnel.NewHost()
	h.permitTunnels(cfg)
	if err := h.openGate(); err != nil {
		return err
	}
	h.presence.doors = map[wire.Protocol]wire.Handler{
		auth.Protocol:   h.gate.Serve,
		screen.Protocol: h.gate.Guard(auth.View, share.Serve),
		input.Protocol:  h.gate.Guard(auth.Control, h.serveInput),
		tunnel.Protocol: h.gate.Guard(auth.Forwarding, h.tunnels.Serve),
		files.Protocol:  h.gate.Guard(auth.Files, h.openFiles().Serve),
		probe.Protocol:  h.gate.Guard(auth.View, h.openProbe().Serve),
	}
	if err := h.enter(cfg); err != nil {
		return err
	}
	return h.startWork()
}

func (h *host) openGate() error {
	state, err := auth.OpenState(filepath.Join(h.state, "state.json"))
	if err != nil {
		return err
	}
	if h.record, err = auth.OpenRecord(filepath.Join(h.state, "sessions.jsonl")); err != nil {
		return err
	}
	h.desk = &auth.Desk{}
	h.banners = h.newBanners()
	h.gate = auth.NewGate(auth.Options{
		Store: auth.FileStore(h.file), Self: h.id.ID(), Name: hostname(), Secret: h.id.Secret,
		Asker: h.asker(), Log: h.log, Observe: h.observe, State: state, Record: h.record,
	})
	h.desk.LastControl = h.gate.LastControl
	return nil
}

// startWork starts what runs beside the sessions.
func (h *host) startWork() error {
	ctx, cancel := context.WithCancel(context.Background())
	h.end = cancel // before anything can fail: stop calls it
	socket, err := auth.Listen(filepath.Join(h.state, controlSocket))
	if errors.Is(err, auth.ErrLongPath) {
		return fail(exitError, err, "a folder with a shorter name for the state: RAC_STATE=FOLDER rac host")
	}
	if err != nil {
		return err
	}
	forAll, err := h.listenForAll()
	if err != nil {
		return err
	}
	control := auth.Controller{Gate: h.gate, Desk: h.desk, More: h.report}
	h.work.Go(func() { control.Serve(ctx, socket) })
	if forAll != nil {
		public := control
		public.Public = true
		h.work.Go(func() { public.Serve(ctx, forAll) })
	}
	h.work.Go(func() { h.banners.run(ctx) })
	if h.screen.seat != nil {
		h.work.Go(func() { h.followSeat(ctx) })
	}
	return nil
}

// goodbye bounds how long a host waits for its viewers to hear that it ends.
const goodbye = 3 * time.Second

// stop is start in reverse.
func (h *host) stop() {
	reason := auth.Stopped
	if signalCode(h.ctx) == exitTerm && h.asService() {
		reason = auth.Restarting
	}
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	h.gate.Shutdown(ctx, reason)
	h.lockIfLeft()
	h.node().Close()
	h.end()
	h.work.Wait()
	h.injector.Close()
	h.record.Close()
}

// asService tells whether a service manager runs this host, and so brings it
// back.
func (h *host) asService() bool { return h.getenv("INVOCATION_ID") != "" || h.service }

// announce prints the ID, where it listens, and what a newcomer has to know.
func (h *host) announce(cfg *config.Config) {
	if !*h.o.json {
		fmt.Fprintf(h.stdout, "ID %s\n", h.id.ID())
	}
	h.ready(h.node().Addrs())
	if *h.o.json {
		return
	}
	if h.screen.seat == nil { // otherwise the first line about it comes by itself
		h.voice.say("sharing %s", h.screen.what)
	}
	authorities := loginAuthorities(cfg)
	if len(authorities) > 0 {
		h.voice.say("who has a certificate of %s gets in without a password", strings.Join(authorities, " or "))
	}
	switch {
	case cfg.Unattended.PasswordHash == "" && len(authorities) > 0:
		h.voice.say("there is no password: nobody else gets in unattended")
	case cfg.Unattended.PasswordHash == "":
		h.voice.say("unattended access is off: there is no password; set one with %s", h.toSetPassword())
	case !cfg.Unattended.Enabled:
		h.voice.say("unattended access is switched off: rac set --unattended=true")
	}
	h.voice.say("on your machine: rac connect %s", h.id.ID())
	h.voice.say("the ID in words, to compare by telephone: %s", auth.Words(h.id.ID()))
	h.voice.say("nobody honest will ever phone you and ask for this ID or a password")
}
