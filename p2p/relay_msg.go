package p2p

import "rac/p2p/wire"

// RelayProtocol tells whoever opens the stream where the relay's observer is; then
// the relay closes it. The observer tells its callers from which address and port it
// sees them come; it relays nothing. A caller that has reached the relay over QUIC
// learns so how it is seen over TCP, without which no hole can be punched to somebody
// whose network blocks UDP. And two observers that see the same port, or another one,
// tell the kind of a NAT.
const RelayProtocol wire.Protocol = "/rac/relay/1"

const maxBody = 256

const (
	msgObserver wire.Type = 0x01 // multiaddr /ip4/0.0.0.0/tcp/PORT/p2p/ID, /ip4/0.0.0.0/udp/PORT/quic-v1/p2p/ID or /ip6/::/…: the IP is the one that the relay was reached at; once for each family and transport
)
