package main

import (
	"fmt"
	"strings"
	"unicode"

	"rac/auth/config"
	"rac/p2p"
	"rac/p2p/wire"
)

// Whom a command means: a name in the config, an ID, or an address.

// resolve finds out whom the operand means: a name in the config, an ID, or an
// address.
func (c *connection) resolve(cfg *config.Config, operand string) (p2p.Target, error) {
	peer := cfg.Peer(operand)
	var t p2p.Target
	switch parsed, err := p2p.ParseTarget(operand); {
	case err == nil:
		t = parsed
		peer = cfg.Peer(string(t.ID))
	case peer != nil:
		id, err := p2p.ParsePeerID(peer.ID)
		if err != nil {
			return t, fail(exitUsage, fmt.Errorf("the machine %q: %w", operand, err))
		}
		t.ID = id
	default:
		return t, c.unknownMachine(cfg, operand, err)
	}
	for _, a := range *c.o.addrs {
		if err := p2p.ValidateAddr(a); err != nil {
			return t, fail(exitUsage, fmt.Errorf("--addr: %w", err))
		}
		a = withoutID(a, t.ID)
		if parts := strings.Split(a, "/"); len(parts) > 2 && parts[len(parts)-2] == "p2p" {
			return t, usagef("--addr %s leads to another machine than %s", a, t.ID.Short())
		}
		t.Addrs = append(t.Addrs, a)
	}
	if peer != nil {
		t.Addrs = append(t.Addrs, peer.Addrs...)
	}
	return t, nil
}

// mayBeCalled refuses a --name by which nobody would find the machine again: rac cp
// ends a machine's name at the colon, and an ID or an address is taken for itself.
func (c *connection) mayBeCalled(cfg *config.Config) error {
	name := *c.o.name
	if name == "" {
		return nil
	}
	foreign := func(r rune) bool { return strings.ContainsRune(`:/\`, r) || !unicode.IsPrint(r) }
	if _, err := p2p.ParseTarget(name); err == nil || strings.ContainsFunc(name, foreign) {
		return usagef("--name %q: a name is no ID, and has neither colons, slashes nor control characters", name)
	}
	if other := cfg.Peer(name); other != nil && other.ID != string(c.target.ID) {
		return usagef("--name %q: another machine has it, %s (%s)", name, wire.PeerID(other.ID).Short(), c.file.Path())
	}
	return nil
}

func (c *connection) unknownMachine(cfg *config.Config, operand string, why error) error {
	if strings.HasPrefix(operand, "/") || strings.HasPrefix(operand, "12D3") {
		return fail(exitUsage, why)
	}
	var names []string
	for _, p := range cfg.Peers {
		names = append(names, p.Name)
	}
	if near := config.Nearest(operand, names); near != "" {
		return usagef("there is no machine %q in the config; did you mean %q?", operand, near)
	}
	return fail(exitUsage, fmt.Errorf("%q is neither a machine in the config nor an ID", operand),
		"the ID stands in the first line of rac host there, and rac id prints it")
}

// withoutID drops the /p2p/ID at the end of an address of that peer.
func withoutID(addr string, id wire.PeerID) string {
	return strings.TrimSuffix(addr, "/p2p/"+string(id))
}
