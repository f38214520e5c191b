package p2p

import "rac/p2p/wire"

// LossyProtocol is how a host tells a viewer that a direct connection over QUIC
// loses packets, and carries less for it than TCP with BBR would, which the host has:
// by a stream on that connection, on which it writes Lossy and nothing else. The
// viewer, to whom the choice of paths belongs, may go on over TCP; it closes the
// stream. One that does not know the protocol refuses it, and all stays as it is.
const LossyProtocol wire.Protocol = "/rac/lossy/1"

const maxLossy = 16

const msgLossy wire.Type = 0x01 // nothing
