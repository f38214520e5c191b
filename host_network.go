package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"rac/auth"
	"rac/auth/config"
	"rac/p2p"
	"rac/p2p/wire"
)

// Where a host is found: its node, and another one in its place when the owner
// changes the relays or the networks while the host runs. Sessions outlive that, as
// any line that is lost.

// presence is a host's place on the network.
type presence struct {
	doors   map[wire.Protocol]wire.Handler
	current atomic.Pointer[p2p.Node]
	leave   context.CancelCauseFunc // ends the node's handlers
}

// node returns the host's node; nil before there is one.
func (h *host) node() *p2p.Node { return h.presence.current.Load() }

// enter starts a node as the config says.
func (h *host) enter(cfg *config.Config) error {
	// A signal ends the node by way of stop, which says first whether the host
	// comes back: the end of h.ctx alone would tell viewers that it does not.
	ctx, leave := context.WithCancelCause(context.WithoutCancel(h.ctx))
	node, err := p2p.Start(ctx, p2p.Options{
		Identity: h.id, Role: p2p.Host, Listen: *h.o.listen, LAN: cfg.Network.LAN, Public: cfg.Network.Public,
		Bootstrap: cfg.Network.Bootstrap, Relays: cfg.Network.Relays, Known: h.gate.Known, Log: h.log,
	})
	if err != nil {
		leave(nil)
		return err
	}
	for protocol, serve := range h.presence.doors {
		node.Handle(protocol, serve)
	}
	h.presence.leave = leave
	h.presence.current.Store(node)
	return nil
}

// enterAgain is how long a host waits that got no node: its port may be free again.
const enterAgain = 2 * time.Second

// move puts another node in the place of the one that there is.
func (h *host) move(ctx context.Context, cfg *config.Config) {
	before := h.node().Addrs()
	h.presence.leave(auth.ErrMoving)
	h.node().Close()
	for {
		err := h.enter(cfg)
		if err == nil {
			break
		}
		h.voice.say("nobody gets here: %v", err)
		select {
		case <-time.After(enterAgain):
		case <-ctx.Done():
			return
		}
	}
	if now := h.node().Addrs(); !slices.ContainsFunc(now, func(a string) bool { return slices.Contains(before, a) }) {
		h.ready(now) // it listens elsewhere, as on port 0
	}
	h.watchRelays(ctx)
}

// ready tells where the host listens.
func (h *host) ready(addrs []string) {
	if *h.o.json {
		h.event("ready", map[string]any{"id": h.id.ID(), "addrs": addrs})
		return
	}
	h.out.Lock()
	defer h.out.Unlock()
	for _, a := range addrs {
		fmt.Fprintf(h.stdout, "READY %s\n", a)
	}
}

func (h *host) watchRelays(ctx context.Context) {
	node := h.node()
	h.work.Go(func() { node.WatchRelays(ctx, h.tellOfRelay) })
}

// elsewhere tells whether a host of the config now is found in another way.
func elsewhere(before, now *config.Config) bool {
	return slices.ContainsFunc(config.Changed(before, now), func(key string) bool {
		return strings.HasPrefix(key, "network.") && key != "network.allow"
	})
}
