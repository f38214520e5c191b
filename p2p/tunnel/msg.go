package tunnel

// The messages of a tunnel.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"rac/p2p/wire"
)

// Protocol carries one TCP connection to what the host can reach.
const Protocol wire.Protocol = "/rac/tunnel/1"

// maxBody bounds a message's body, of whatever type.
const maxBody = 32 << 10

// From the viewer, first.
const (
	msgOpen wire.Type = 0x01 // address, as HOST:PORT or [IPV6]:PORT; the viewer may send data right behind it
)

// From the host, first.
const (
	msgOpened wire.Type = 0x11 // nothing: the connection is made
	msgFailed wire.Type = 0x12 // code uint8: 1 the address is malformed, 2 not allowed, 3 connection refused, 4 no answer, 5 unknown name, 6 cannot be reached
)

// From either. A stream that ends without msgEnd has broken off: what is joined
// with it is reset.
const (
	msgData wire.Type = 0x21 // bytes of the connection
	msgEnd  wire.Type = 0x22 // nothing: this direction has ended, the other goes on
)

// Code says why the host made no connection.
type Code uint8

const (
	Malformed   Code = 1 + iota // no address
	NotAllowed                  // the host's rules
	Refused                     // nobody listens there
	NoAnswer                    // in time
	UnknownName                 // the host cannot resolve it
	Unreachable                 // anything else
)

// Failed is the error of a connection that the host did not make.
type Failed struct{ Code Code }

func (f *Failed) Error() string {
	switch f.Code {
	case Malformed:
		return "the host takes this for no address"
	case NotAllowed:
		return "the host does not allow connections to there"
	case Refused:
		return "nobody listens there: connection refused"
	case NoAnswer:
		return "no answer from there"
	case UnknownName:
		return "the host does not know this name"
	}
	return "the host cannot connect to there"
}

func parseFailed(b []byte) error {
	if len(b) != 1 {
		return fmt.Errorf("tunnel: message 0x%02x has %d bytes, not 1", uint8(msgFailed), len(b))
	}
	return &Failed{Code(b[0])}
}

// codeOf sorts the errors of a dial.
func codeOf(err error) Code {
	const windows = syscall.Errno(10061) // WSAECONNREFUSED, which no other system has
	var unknown *net.DNSError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, windows):
		return Refused
	case errors.As(err, &unknown) && !unknown.IsTimeout:
		return UnknownName
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return NoAnswer
	}
	return Unreachable
}
