package p2p

// Why a dial has failed, in one line for a person: libp2p tells it in ten.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"

	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	pb "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
	"github.com/multiformats/go-multistream"
)

// explain turns what libp2p says into one line for a person.
func (d *dialing) explain(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("%s %w: %w", d.target.ID.Short(), ErrUnreachable, context.Cause(ctx))
	}
	var reasons []string
	kind := ErrUnreachable
	for _, e := range flatten(err) {
		var tried *swarm.TransportError
		var other sec.ErrPeerIDMismatch
		switch {
		case errors.Is(e, context.DeadlineExceeded):
			reasons = append(reasons, "no answer in time")
		case errors.As(e, &other):
			kind = also{ErrWrongPeer}
			reasons = append(reasons, fmt.Sprintf("%s: %v", addrOf(e), wrongPeer(other)))
		case errors.Is(e, ErrLimited):
			if kind == ErrUnreachable {
				kind = also{ErrLimited}
			}
			reasons = append(reasons, e.Error())
		case errors.As(e, &tried):
			reasons = append(reasons, fmt.Sprintf("%s: %v", tried.Address, shortest(tried.Cause)))
		default:
			reasons = append(reasons, e.Error())
		}
	}
	slices.Sort(reasons)
	reasons = slices.Compact(reasons)
	if len(reasons) > maxReasons {
		reasons = append(reasons[:maxReasons], fmt.Sprintf("and %d more", len(reasons)-maxReasons))
	}
	return fmt.Errorf("%s %w: %s", d.target.ID.Short(), kind, strings.Join(reasons, "; "))
}

// hungUp tells whether somebody answers at one of the addresses, and closes the
// connection before the handshake is over.
func hungUp(err error) bool {
	const windows = syscall.Errno(10054) // WSAECONNRESET, which no other system has
	return slices.ContainsFunc(flatten(err), func(e error) bool {
		if tried := new(swarm.TransportError); errors.As(e, &tried) {
			e = tried.Cause
		}
		return errors.Is(e, io.EOF) || errors.Is(e, syscall.ECONNRESET) || errors.Is(e, windows)
	})
}

// refusal puts into words why a relay does not connect us to a host. libp2p has the
// status in its text only.
func refusal(err error) error {
	for status, meaning := range map[pb.Status]string{
		pb.Status_NO_RESERVATION:          "the computer is not connected there",
		pb.Status_PERMISSION_DENIED:       "it is kept for other hosts: the computer is not on its list (rac relay --allow ID)",
		pb.Status_RESOURCE_LIMIT_EXCEEDED: "it has as many connections as it takes; try again later",
		pb.Status_CONNECTION_FAILED:       "it does not get through to the computer, which may have just lost its line",
	} {
		if strings.Contains(err.Error(), status.String()) {
			return errors.New(meaning)
		}
	}
	if isNoRelay(err) {
		return errNone
	}
	return shortest(err)
}

const maxReasons = 6

// also reads like ErrUnreachable and is both errors.
type also struct{ error }

func (also) Error() string     { return ErrUnreachable.Error() }
func (a also) Unwrap() []error { return []error{ErrUnreachable, a.error} }

// flatten returns the leaves of joined errors and of swarm's lists, each with
// its address.
func flatten(err error) []error {
	var list *swarm.DialError
	if errors.As(err, &list) && len(list.DialErrors) > 0 {
		var all []error
		for i := range list.DialErrors {
			all = append(all, &list.DialErrors[i])
		}
		return all
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, flatten(e)...)
		}
		return all
	}
	return []error{err}
}

func addrOf(err error) string {
	var tried *swarm.TransportError
	if errors.As(err, &tried) {
		return tried.Address.String()
	}
	return "an address"
}

// errForeign stands for what libp2p says of a web server, or of anything else that is
// no peer: "message did not have trailing newline".
var errForeign = errors.New("what answers there does not speak libp2p: is it the right port?")

func isForeign(err error) bool {
	text := err.Error()
	return strings.Contains(text, "did not have trailing newline") || strings.Contains(text, multistream.ErrTooLarge.Error()) ||
		strings.Contains(text, multistream.ErrIncorrectVersion.Error())
}

func wrongPeer(e sec.ErrPeerIDMismatch) error { return fmt.Errorf("%w, %s", ErrWrongPeer, e.Actual) }

// shortest returns the cause at the bottom: libp2p's layers each repeat the
// address. It stops where the next one says something else: quic-go's timeout
// is also a "use of closed network connection".
func shortest(err error) error {
	if isForeign(err) {
		return errForeign
	}
	if other := (sec.ErrPeerIDMismatch{}); errors.As(err, &other) {
		return wrongPeer(other)
	}
	for {
		next := errors.Unwrap(err)
		if next == nil || next.Error() == "" || !strings.Contains(err.Error(), next.Error()) {
			return err
		}
		err = next
	}
}
