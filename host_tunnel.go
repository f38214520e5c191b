package main

// Where the host's config lets tunnels lead.

import (
	"rac/auth/config"
	"rac/p2p/tunnel"
)

// permitTunnels brings the tunnels into line with a config: those that may no
// longer lead where they do end. Where a rule cannot be read none holds.
func (h *host) permitTunnels(cfg *config.Config) {
	rules, err := tunnel.ParseRules(cfg.Permissions.ForwardTo)
	if err != nil {
		h.log.Error("no tunnels: forward_to cannot be read", "error", err)
	}
	h.tunnels.Permit(rules)
}
