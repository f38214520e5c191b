package p2p

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/wire"
)

// Target is a computer to dial: who it must prove to be, and where it may be.
type Target struct {
	ID wire.PeerID

	// Addrs are multiaddrs without the last /p2p/ID. With none the computer is
	// looked for.
	Addrs []string
}

const idHint = "an ID has 52 characters and begins with 12D3KooW"

// ParsePeerID reads a peer ID and returns it as libp2p writes it.
func ParsePeerID(s string) (wire.PeerID, error) {
	id, err := decodeID(s)
	return wire.PeerID(id.String()), err
}

func decodeID(s string) (peer.ID, error) {
	id, err := peer.Decode(strings.TrimSpace(s))
	if err != nil {
		return "", fmt.Errorf("%q is not a peer ID: %s", s, idHint)
	}
	return id, nil
}

// ParseTarget reads what a person names a computer by: its ID, or a multiaddr
// that ends in /p2p/ID and may lead through a relay.
func ParseTarget(s string) (Target, error) {
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, "/") {
		id, err := ParsePeerID(s)
		return Target{ID: id}, err
	}
	addr, id, err := splitAddr(s)
	if err != nil {
		return Target{}, err
	}
	if id == "" {
		return Target{}, fmt.Errorf("address %s does not say whose it is: it must end in /p2p/ID", s)
	}
	t := Target{ID: wire.PeerID(id.String())}
	if len(addr) == 0 {
		return t, nil
	}
	if err := checkDialable(s, addr); err != nil {
		return Target{}, err
	}
	t.Addrs = []string{addr.String()}
	return t, nil
}

// ValidateAddr says whether s is an address that can be dialled, as in --addr.
func ValidateAddr(s string) error {
	addr, _, err := splitAddr(s)
	if err != nil {
		return err
	}
	return checkDialable(s, addr)
}

// ValidateRelay says whether s is the address of a relay: one that can be
// dialled and names the relay's ID.
func ValidateRelay(s string) error {
	_, err := parseRelay(s)
	return err
}

func parseRelay(s string) (peer.AddrInfo, error) {
	addr, id, err := splitAddr(s)
	if err != nil {
		return peer.AddrInfo{}, err
	}
	if id == "" {
		return peer.AddrInfo{}, fmt.Errorf("relay %s has no ID: it must end in /p2p/ID", s)
	}
	if has(addr, ma.P_CIRCUIT) {
		return peer.AddrInfo{}, fmt.Errorf("relay %s lies behind another relay", s)
	}
	return peer.AddrInfo{ID: id, Addrs: []ma.Multiaddr{addr}}, checkDialable(s, addr)
}

// ValidateListen says whether s is an address to listen on, as in --listen.
func ValidateListen(s string) error {
	_, err := parseListen(s)
	return err
}

func parseListen(s string) (ma.Multiaddr, error) {
	addr, id, err := splitAddr(s)
	if err != nil {
		return nil, err
	}
	if id != "" || has(addr, ma.P_P2P) {
		return nil, fmt.Errorf("address %s to listen on must not name a peer", s)
	}
	if err := checkTransport(s, addr); err != nil {
		return nil, err
	}
	if !has(addr, ma.P_IP4) && !has(addr, ma.P_IP6) {
		return nil, fmt.Errorf("address %s to listen on must begin with /ip4 or /ip6", s)
	}
	return addr, nil
}

// splitAddr returns the address and the ID at its end, if there is one.
func splitAddr(s string) (ma.Multiaddr, peer.ID, error) {
	addr, err := ma.NewMultiaddr(strings.TrimSpace(s))
	if err != nil {
		return nil, "", fmt.Errorf("%q is not a multiaddr such as /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW…: %w", s, err)
	}
	addr, id := peer.SplitAddr(addr)
	return addr, id, nil
}

func checkDialable(s string, addr ma.Multiaddr) error {
	if err := checkTransport(s, addr); err != nil {
		return err
	}
	for _, c := range addr {
		if (c.Code() == ma.P_TCP || c.Code() == ma.P_UDP) && c.Value() == "0" {
			return fmt.Errorf("address %s has port 0, which cannot be dialled", s)
		}
	}
	return nil
}

var errTransport = errors.New("rac speaks tcp and quic-v1")

// checkTransport refuses what the transports of a node cannot dial or listen
// on.
func checkTransport(s string, addr ma.Multiaddr) error {
	spoken := []int{ma.P_IP4, ma.P_IP6, ma.P_IP6ZONE, ma.P_DNS, ma.P_DNS4, ma.P_DNS6, ma.P_DNSADDR,
		ma.P_TCP, ma.P_UDP, ma.P_QUIC_V1, ma.P_P2P, ma.P_CIRCUIT}
	for _, c := range addr {
		if !slices.Contains(spoken, c.Code()) {
			return fmt.Errorf("address %s: /%s cannot be used: %w", s, c.Protocol().Name, errTransport)
		}
	}
	if !has(addr, ma.P_TCP) && !has(addr, ma.P_QUIC_V1) && !has(addr, ma.P_DNSADDR) && !has(addr, ma.P_CIRCUIT) {
		return fmt.Errorf("address %s has neither /tcp/PORT nor /udp/PORT/quic-v1: %w", s, errTransport)
	}
	return nil
}

func has(addr ma.Multiaddr, code int) bool {
	return slices.ContainsFunc(addr, func(c ma.Component) bool { return c.Code() == code })
}
