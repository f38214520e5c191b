package main

// rac doctor ID: every way to another machine is tried by itself, then the line
// that rac connect would take is measured.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"rac/auth"
	"rac/auth/config"
	"rac/p2p"
	"rac/p2p/probe"
	"rac/p2p/wire"
)

// checkup is one rac doctor ID.
type checkup struct {
	*connection
	findings
	cfg     *config.Config
	outlook *p2p.Outlook
	tried   []trial
	self    *probe.Self // what the host says of itself; nil: it was not asked
	down    probe.Rate
}

// trial is one way that was tried.
type trial struct {
	name   string
	path   p2p.Path
	detail string
	took   time.Duration
	err    error
}

// doctorFlags are those of rac doctor that are about another machine.
func doctorFlags(f *flags, asJSON *bool) connectOptions {
	o := connectOptionsOf(newFlags("doctor")) // the others stay as they are
	o.json = asJSON
	o.addrs = f.list("addr", "MULTIADDR", "with ID: where it is; may be given several times")
	o.relays = f.list("relay", "MULTIADDR", "with ID: a relay that knows the way; may be given several times")
	o.passwordStdin = f.bool("password-stdin", "with ID: read the password from stdin's first line, a code from the second")
	o.timeout = f.duration("timeout", 10*time.Second, "with ID: give up a way after this")
	return o
}

// checkPeer is rac doctor ID.
func (p *program) checkPeer(operand string, o connectOptions) error {
	c := &connection{program: p, o: o, wants: auth.NewPerms(auth.View)}
	c.errand = func(context.Context, *session) error { return errClosed } // no window
	if err := c.prepare(operand); err != nil {
		return err
	}
	defer c.close()
	cfg, err := c.file.Load()
	if err != nil {
		return err
	}
	d := &checkup{connection: c, findings: findings{p, *o.json}, cfg: cfg}
	return d.run()
}

func (d *checkup) run() error {
	ways := d.ways()
	near := make(chan trial, 1)
	go func() { near <- d.try(ways[0]) }() // both are slow where nothing answers, and ask nobody twice
	outlook, err := d.look(d.ctx, d.cfg, d.relays)
	first := <-near
	if err != nil {
		return err
	}
	d.outlook = outlook
	d.showOutlook(outlook)
	d.note(first)
	for _, w := range ways[1:] {
		if d.ctx.Err() != nil {
			return context.Cause(d.ctx)
		}
		if w.node.Public && outlook.Public != nil && outlook.Public.Err != nil {
			w.absent = "it does not answer"
		}
		d.note(d.try(w))
	}
	if !slices.ContainsFunc(d.tried, func(t trial) bool { return t.err == nil }) {
		d.advice(d.advise())
		return fail(exitNotFound, fmt.Errorf("%s cannot be reached: no way leads there", d.target.ID.Short()))
	}
	err = d.measure()
	d.advice(d.advise())
	return err
}

// wayTo is one way to look for the machine: what a node that knows nothing else
// is told.
type wayTo struct {
	name   string
	addrs  []string
	node   p2p.Options
	absent string // not empty: why it is not tried
}

// ways lists what rac connect would try at once, the local network first.
func (d *checkup) ways() []wayTo {
	near := wayTo{name: "local network", node: p2p.Options{LAN: true}}
	if !d.cfg.Network.LAN {
		near.absent = "switched off here (rac set --lan=true)"
	}
	list := []wayTo{near}
	for _, a := range d.target.Addrs {
		list = append(list, wayTo{name: "address " + a, addrs: []string{a}})
	}
	for _, r := range d.relays {
		list = append(list, wayTo{name: relayName(r), node: p2p.Options{Relays: []string{r}}})
	}
	public := wayTo{name: "public network", node: p2p.Options{Public: true, Bootstrap: d.cfg.Network.Bootstrap}}
	if !d.cfg.Network.Public {
		public.absent = errPublicOff.Error()
	}
	return append(list, public)
}

// relayName is the end of its ID, and the transport: one relay may have an address
// for each.
func relayName(addr string) string {
	id := addr[strings.LastIndex(addr, "/")+1:]
	over := "TCP"
	if strings.Contains(addr, "/udp/") {
		over = "UDP"
	}
	return fmt.Sprintf("relay …%s, %s", id[max(0, len(id)-8):], over)
}

// straight is how long a relayed connection may take to become a direct one.
const straight = 3 * time.Second

// try goes one way. The node is this way's alone, so that no other one helps.
func (d *checkup) try(w wayTo) trial {
	t := trial{name: w.name}
	if w.absent != "" {
		t.err = errors.New(w.absent)
		return t
	}
	w.node.Identity, w.node.Role, w.node.Log = d.id, p2p.Connector, d.log
	began := time.Now()
	t.path, t.detail, t.err = d.reach(w)
	t.took = time.Since(began)
	return t
}

func (d *checkup) note(t trial) {
	d.tried = append(d.tried, t)
	var more map[string]any
	if t.err == nil {
		more = pathFields(t.path)
	}
	d.row("way", t.name, t.detail, t.err, t.took, more)
}

func (d *checkup) reach(w wayTo) (path p2p.Path, detail string, err error) {
	node, err := p2p.Start(d.ctx, w.node)
	if err != nil {
		return path, "", err
	}
	defer node.Close()
	ctx, cancel := context.WithTimeout(d.ctx, *d.o.timeout)
	defer cancel()
	began := time.Now()
	conn, err := node.Dial(ctx, p2p.Target{ID: d.target.ID, Addrs: w.addrs})
	if err != nil {
		return path, "", errors.New(strings.TrimPrefix(err.Error(), d.target.ID.Short()+" "+p2p.ErrUnreachable.Error()+": "))
	}
	defer conn.Close()
	path, took := conn.Path(), time.Since(began)
	if path.Direct {
		return path, fmt.Sprintf("%s, %s", path, path.Transport), nil
	}
	detail = fmt.Sprintf("%s after %d ms", path, took.Milliseconds())
	if awaitBetter(ctx, conn) {
		path = conn.Path()
		return path, fmt.Sprintf("%s, then %s, %s, after %d ms", detail, path, path.Transport, time.Since(began).Milliseconds()), nil
	}
	if path = conn.Path(); path.Why != "" {
		detail += ": " + path.Why
	}
	return path, detail, nil
}

// awaitBetter waits until a relayed connection has become a direct one; false:
// that takes too long.
func awaitBetter(ctx context.Context, conn *p2p.Conn) bool {
	if conn.Path().Direct {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, straight)
	defer cancel()
	select {
	case <-conn.Better():
		return true
	case <-ctx.Done():
		return false
	}
}

// measure logs in and asks the host. A login that is refused is told as rac
// connect tells it.
func (d *checkup) measure() error {
	stop, err := d.startNode()
	if err != nil {
		return err
	}
	defer stop()
	began := time.Now()
	conn, err := d.dial(d.ctx)
	if err != nil {
		return err
	}
	s := &session{connection: d.connection, perms: newBell()}
	if err := s.logIn(d.ctx, conn, true); err != nil {
		d.row("line", "login", "", err, time.Since(began), nil)
		return err
	}
	defer func() { s.pass().Close(auth.Closed) }()
	if d.reached(true) { // so will this one be: what rac connect has from then on is measured
		awaitBetter(d.ctx, conn)
	}
	path := conn.Path()
	d.row("line", "login", fmt.Sprintf("by %s, %s", s.pass().Auth, path), nil, time.Since(began), pathFields(path))
	d.ask(s)
	d.tellMTU(path)
	d.measureRate(s, "down", probe.Down)
	d.measureRate(s, "up", probe.Up)
	return nil
}

// ask asks the host what it sees of its own network. One that is older than this
// question does not answer; that is no fault of the line.
func (d *checkup) ask(s *session) {
	began := time.Now()
	stream, err := s.open(d.ctx, probe.Protocol)
	if err != nil {
		d.row("line", "the host's network", "", err, time.Since(began), nil)
		return
	}
	self, err := probe.Ask(d.ctx, stream)
	if err == nil {
		d.self = &self
	}
	d.row("line", "the host's network", fmt.Sprintf("NAT: %s; router: %s; places on relays: %d; rac %s",
		natText(self.UDP, self.TCP), or(self.Router, "not asked"), self.Relays, self.Version), err, time.Since(began), map[string]any{"host": self})
}

func or(s, empty string) string {
	if s == "" {
		return empty
	}
	return s
}

// tellMTU tells the largest packet, where the path is this computer's own.
func (d *checkup) tellMTU(path p2p.Path) {
	parts := strings.Split(path.Addr, "/")
	if len(parts) < 3 || net.ParseIP(parts[2]) == nil {
		return
	}
	mtu, err := pathMTU(net.ParseIP(parts[2]))
	detail := fmt.Sprintf("%d bytes", mtu)
	if path.Transport == "quic-v1" {
		detail += "; QUIC's packets of 1200 bytes and more pass"
	}
	d.row("line", "largest packet", detail, err, 0, map[string]any{"mtu": mtu})
}

// rateTime is for each direction.
const rateTime = 3 * time.Second

func (d *checkup) measureRate(s *session, name string, measure func(context.Context, wire.Stream, time.Duration) (probe.Rate, error)) {
	began := time.Now()
	stream, err := s.open(d.ctx, probe.Protocol)
	var rate probe.Rate
	if err == nil {
		rate, err = measure(d.ctx, stream, rateTime)
	}
	if name == "down" {
		d.down = rate
	}
	d.row("line", "throughput "+name, fmt.Sprintf("%.1f Mbit/s", rate.Mbit()), err, time.Since(began), map[string]any{"mbit_s": rate.Mbit()})
}
