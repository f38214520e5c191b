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
			reasons = append(reasons, fmt.Sprintf("%s: %v, %s", addrOf(e), ErrWrongPeer, other.Actual))
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

// shortest returns the cause at the bottom: libp2p's layers each repeat the
// address. It stops where the next one says something else: quic-go's timeout
// is also a "use of closed network connection".
func shortest(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil || next.Error() == "" || !strings.Contains(err.Error(), next.Error()) {
			return err
		}
		err = next
	}
}
