package p2p

import (
	"encoding/json"
	"fmt"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"rac/p2p/wire"
)

// PunchProtocol is how two peers that are connected through a relay arrange to dial
// each other at the same moment, so that each one's router lets the other's packets
// in. It differs from libp2p's DCUtR: either may begin, again at any time; both sides
// dial every address at once, over TCP in both roles; and each tells what stands in
// the way. The one who begins writes Meet; the other answers with its own; the first
// writes Go and dials half a round trip later, which is when Go arrives. If the other
// finds out more of what stands in the way at its side, it writes Meet again, without
// addresses.
const PunchProtocol wire.Protocol = "/rac/punch/1"

const maxMeet = 4096

const (
	msgMeet wire.Type = 0x01 // JSON {addrs: [multiaddr], at most 16, udp, tcp: what stands between the sender and the internet: none, nat, cone, symmetric, blocked or "", udp_port, tcp_port: where it listens}
	msgGo   wire.Type = 0x02 // nothing
)

// meet is the body of msgMeet.
type meet struct {
	Addrs []string `json:"addrs"`
	UDP   NATKind  `json:"udp"`
	TCP   NATKind  `json:"tcp"`

	// What a router would have to forward; 0: not listened on, or not told.
	UDPPort uint16 `json:"udp_port,omitempty"`
	TCPPort uint16 `json:"tcp_port,omitempty"`
}

// maxMeetAddrs bounds what one side makes the other dial.
const maxMeetAddrs = 16

func appendMeet(dst []byte, m meet) []byte {
	m.Addrs = m.Addrs[:min(len(m.Addrs), maxMeetAddrs)]
	text, err := json.Marshal(m)
	if err != nil {
		return dst // cannot be: it is text alone
	}
	return append(dst, text...)
}

// parseMeet leaves out addresses that cannot be dialled as they are: those with
// names and through relays.
func parseMeet(body []byte) (m meet, addrs []ma.Multiaddr, err error) {
	if err := json.Unmarshal(body, &m); err != nil {
		return m, nil, fmt.Errorf("p2p: punch: %w", err)
	}
	m.UDP, m.TCP = knownKind(m.UDP), knownKind(m.TCP)
	for _, s := range m.Addrs[:min(len(m.Addrs), maxMeetAddrs)] {
		addr, id, err := splitAddr(s)
		if err != nil || id != "" || checkDialable(s, addr) != nil || !isDirect(addr) || manet.IsIPUnspecified(addr) ||
			!has(addr, ma.P_IP4) && !has(addr, ma.P_IP6) {
			continue
		}
		addrs = append(addrs, addr)
	}
	return m, ma.Unique(addrs), nil
}

// knownKind keeps what a peer says of itself from being anything but one of
// ours: it is shown to people.
func knownKind(k NATKind) NATKind {
	switch k {
	case NATNone, NATSome, NATCone, NATSymmetric, NATBlocked:
		return k
	}
	return NATUnknown
}
