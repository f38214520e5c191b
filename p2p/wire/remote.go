package wire

// Remote is the far end of a stream as the connection knows it. A Stream that
// p2p hands to a Handler has it: s.(interface{ Remote() Remote }).
type Remote struct {
	// Direct is false when the bytes pass through a relay.
	Direct bool

	// Addr is the peer's multiaddr, for logs; through a relay it is the relay's
	// address, for the peer's own is not known.
	Addr string

	// Source is what guesses are counted by: the peer's network (an IPv4 /24 as
	// "192.0.2.0/24", an IPv6 /48), or "relay 12D3KooW…" for whoever comes
	// through that relay.
	Source string
}

// RemoteOf returns the far end of s, and a zero Remote for a stream that has
// none, such as a pipe in a test.
func RemoteOf(s Stream) Remote {
	if r, ok := s.(interface{ Remote() Remote }); ok {
		return r.Remote()
	}
	return Remote{}
}
