package p2p

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	pbv2 "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
)

// The owner hears of a relay once when it refuses his host, once when it has been
// out of reach for half a minute, once when it is well again, and nothing of short
// losses and of further attempts.
func TestTheOwnerHearsOfARelayOnceEachTimeThatItChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &relayLink{changed: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		var told []string
		go l.follow(ctx, func(err error) { told = append(told, fmt.Sprintf("%v %v", time.Since(began), err)) })
		at := func(second int, err error) {
			time.Sleep(time.Until(began.Add(time.Duration(second) * time.Second)))
			l.set(err)
			synctest.Wait()
		}
		silent := errors.New("connection refused")
		kept := circuit.ReservationError{Status: pbv2.Status_PERMISSION_DENIED}

		at(5, silent)
		at(10, nil)
		at(100, ErrLost) // half a minute begins here
		at(120, silent)
		at(140, silent)
		at(150, nil)
		at(160, kept)
		at(170, kept)
		at(180, nil)
		at(300, ErrLost)
		at(310, nil)
		cancel()
		synctest.Wait()
		want := []string{"2m10s connection refused", "2m30s <nil>", "2m40s it is kept for other hosts (rac relay --allow)", "3m0s <nil>"}
		if fmt.Sprint(told) != fmt.Sprint(want) {
			t.Errorf("the owner was told %q, want %q", told, want)
		}
	})
}

// Somebody gives as a relay an address with another's ID, or that of a host.
func TestTheOwnerIsToldWhoIsNoRelayOfHis(t *testing.T) {
	other := start(t, Options{})
	for _, transport := range []string{"/tcp/", "/quic-v1"} {
		addr := at(other, transport).Addrs[0] + "/p2p/"
		wrong := start(t, Options{Relays: []string{addr + string(newIdentity(t).ID())}})
		if err := relayTrouble(t, wrong); !errors.Is(err, ErrWrongPeer) || !strings.HasSuffix(err.Error(), ", "+string(other.ID())) {
			t.Errorf("%s: of another's ID the owner is told: %v", transport, err)
		}
		if err := relayTrouble(t, start(t, Options{Relays: []string{addr + string(other.ID())}})); err != errNone {
			t.Errorf("%s: of a host the owner is told: %v", transport, err)
		}
		caller := start(t, Options{Role: Connector, Relays: []string{addr + string(other.ID())}})
		if _, err := caller.Dial(t.Context(), Target{ID: wrong.ID()}); err == nil || !strings.Contains(err.Error(), errNone.Error()) {
			t.Errorf("%s: who calls through a host is told: %v", transport, err)
		}
	}
}

// relayTrouble returns what is first wrong with a node's only relay.
func relayTrouble(t *testing.T, n *Node) error {
	for {
		changed, err := n.relay[0].state()
		if err != nil && err != errNotYet {
			return n.Relays()[0].Err
		}
		select {
		case <-changed:
		case <-time.After(20 * time.Second):
			t.Fatalf("nothing is wrong with the relay: %v", err)
		}
	}
}
