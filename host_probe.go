package main

// What a host says of itself to rac doctor ID.

import (
	"strings"

	"rac/p2p/probe"
)

func (h *host) openProbe() *probe.Host {
	return probe.NewHost(func() probe.Self {
		nat := h.node.NAT()
		relays := 0
		for _, a := range h.node.Addrs() {
			if strings.Contains(a, "/p2p-circuit") {
				relays++
			}
		}
		router := nat.Router
		if nat.By != "" {
			router += " (" + nat.By + ")"
		}
		return probe.Self{UDP: string(nat.UDP), TCP: string(nat.TCP), Router: router, Relays: relays, Version: version}
	})
}
