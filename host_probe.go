package main

// What a host says of itself to rac doctor ID.

import (
	"strings"

	"rac/p2p/probe"
)

func (h *host) openProbe() *probe.Host {
	return probe.NewHost(func() probe.Self {
		nat := h.node().NAT()
		relays := map[string]bool{} // each may have several addresses
		for _, a := range h.node().Addrs() {
			if before, _, through := strings.Cut(a, "/p2p-circuit"); through {
				relays[before[strings.LastIndex(before, "/")+1:]] = true
			}
		}
		router := nat.Router
		if nat.By != "" {
			router += " (" + nat.By + ")"
		}
		return probe.Self{UDP: string(nat.UDP), TCP: string(nat.TCP), Router: router, Relays: len(relays), Version: version}
	})
}
