package p2p

import "rac/p2p/wire"

// RelayProtocol is what a relay of rac's own says of itself to whoever opens
// the stream; then it closes it. The observer sees from which address and port
// its callers come, and tells them; nobody is relayed there. Over TCP, who has
// reached the relay itself over QUIC cannot learn that from it, and without it
// no hole can be punched to somebody whose network blocks UDP. Over both, two
// who see the same port, or not, tell the kind of a NAT.
const RelayProtocol wire.Protocol = "/rac/relay/1"

const maxBody = 256

const (
	msgObserver wire.Type = 0x01 // multiaddr /ip4/0.0.0.0/tcp/PORT/p2p/ID, /ip4/0.0.0.0/udp/PORT/quic-v1/p2p/ID or /ip6/::/…: the IP is the one that the relay was reached at; once for each family and transport
)
