package p2p

import (
	"slices"

	ma "github.com/multiformats/go-multiaddr"
)

// NATKind is what stands between this computer and the internet, for one
// transport, as far as it has shown itself.
type NATKind string

const (
	NATUnknown   NATKind = ""          // nobody on the internet has told us our address
	NATNone      NATKind = "none"      // others see an address of this computer; a firewall may be there
	NATSome      NATKind = "nat"       // others see a router's address; one observer cannot tell more
	NATCone      NATKind = "cone"      // all see the same port: holes can be punched (RFC 4787: endpoint-independent mapping)
	NATSymmetric NATKind = "symmetric" // each sees another port
	NATBlocked   NATKind = "blocked"   // nothing comes back over this transport
)

// NAT tells how this computer is seen from outside.
type NAT struct {
	UDP    NATKind  `json:"udp"`
	TCP    NATKind  `json:"tcp"`
	Seen   []string `json:"seen"`   // multiaddrs as others see them
	Router string   `json:"router"` // "": not asked; "searching"; "none": forwards no port on request; "forwards"
	By     string   `json:"by"`     // how it was asked to forward: "PCP", "NAT-PMP and UPnP", …
	Mapped []string `json:"mapped"` // multiaddrs that the router forwards here
}

// NAT returns what is known now. It is little until a relay has been reached,
// and the router is searched for 10 s.
func (n *Node) NAT() NAT {
	udp, tcp := n.kinds()
	state := NAT{UDP: udp, TCP: tcp, Seen: texts(n.sights.mapped())}
	if n.router != nil {
		state.Router, state.By, state.Mapped = n.router.state(n.swarm.ListenAddresses())
	}
	return state
}

// kinds is what stands between this computer and the internet, as far as is known now.
func (n *Node) kinds() (udp, tcp NATKind) {
	udp, tcp = n.sights.kind("udp"), n.sights.kind("tcp")
	if udp == NATUnknown && slices.ContainsFunc(n.relay, (*relayLink).noUDP) {
		udp = NATBlocked
	}
	return udp, tcp
}

func texts(addrs []ma.Multiaddr) []string {
	out := make([]string, 0, len(addrs))
	for _, a := range addrs {
		out = append(out, a.String())
	}
	return out
}

// layerOf is "udp" or "tcp".
func layerOf(a ma.Multiaddr) string {
	if has(a, ma.P_UDP) {
		return "udp"
	}
	return "tcp"
}

func portOf(a ma.Multiaddr) string {
	if port, err := a.ValueForProtocol(ma.P_UDP); err == nil {
		return port
	}
	port, err := a.ValueForProtocol(ma.P_TCP)
	if err != nil {
		return ""
	}
	return port
}
