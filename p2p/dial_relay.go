package p2p

// The ways to the target that lead through a relay: one of our own, or one that an
// address names.

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	pb "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/wire"
)

// otherEnded notes that a way has ended that is not through our own relays.
func (d *dialing) otherEnded() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.others--; d.others == 0 {
		close(d.alone)
	}
}

// throughLink dials the target behind one of our own relays. For as long as other ways
// are tried it asks again: a host that has lost its line is back at its relay before
// an address that does not answer is given up.
func (d *dialing) throughLink(ctx context.Context, link *relayLink) error {
	for {
		err := d.throughLinkOnce(ctx, link)
		if err == nil || ctx.Err() != nil {
			return err
		}
		pause := time.NewTimer(linkPause)
		if !link.isUp() {
			pause.Reset(attemptPause)
		}
		select {
		case <-pause.C:
		case <-d.alone:
			pause.Stop()
			return err
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}

func (d *dialing) throughLinkOnce(ctx context.Context, link *relayLink) error {
	if err := link.wait(ctx); err != nil {
		return relayError(link.info.ID, err)
	}
	return d.circuit(ctx, link.info.ID, circuitVia(link.info.ID, nil))
}

// throughRelay dials an address that leads through any relay.
func (d *dialing) throughRelay(ctx context.Context, addr ma.Multiaddr) error {
	before, _ := ma.SplitFunc(addr, func(c ma.Component) bool { return c.Code() == ma.P_CIRCUIT })
	info, err := peer.AddrInfoFromP2pAddr(before)
	if err != nil {
		return fmt.Errorf("address %s does not name its relay: %w", addr, err)
	}
	d.enter(Dialling)
	d.swarm.Backoff().Clear(info.ID)
	if err := d.host.Connect(ctx, *info); err != nil {
		return relayError(info.ID, shortDial(err))
	}
	return d.circuit(ctx, info.ID, addr)
}

// circuit dials addr, through a relay that we are connected to.
func (d *dialing) circuit(ctx context.Context, relay peer.ID, addr ma.Multiaddr) error {
	d.enter(Dialling)
	err := d.throughOnce(ctx, addr)
	for range unreachedTries {
		if err == nil || !strings.Contains(err.Error(), unreached) {
			break
		}
		rest(ctx, unreachedPause, nil)
		err = d.throughOnce(ctx, addr)
	}
	if err == nil {
		return d.pastLimit(ctx, relay)
	}
	return relayError(relay, refusal(err))
}

// circuitTime is for one dial through a relay that is connected.
const circuitTime = 10 * time.Second

// throughOnce dials addr, unless there is a connection as good. The swarm is not
// asked: it would dial all ways through relays that it has ever heard of, and first
// perhaps the one through a relay that has died.
func (d *dialing) throughOnce(ctx context.Context, addr ma.Multiaddr) error {
	if d.connected(false) {
		return nil
	}
	ctx, cancel := context.WithTimeout(network.WithAllowLimitedConn(ctx, "rac"), circuitTime)
	defer cancel()
	conn, err := d.dialers.dial(ctx, d.id, addr, fromAny)
	if err != nil {
		return err
	}
	stat, ok := conn.(network.ConnStat)
	if ctx.Err() != nil || d.connected(ok && stat.Stat().Limited) {
		conn.Close()
		return ctx.Err()
	}
	if !d.admit(ctx, conn) {
		return ErrLost
	}
	return nil
}

// connected tells whether there is a connection to the target; limited: also one that
// is.
func (d *dialing) connected(limited bool) bool {
	c := d.best(d.id)
	return c != nil && (limited || !c.Stat().Limited)
}

// A relay that could not get through to a host which has a place there is asked
// again: the host may be changing its line just now.
var unreached = pb.Status_CONNECTION_FAILED.String()

const (
	unreachedTries = 2
	unreachedPause = 150 * time.Millisecond
)

func relayError(relay peer.ID, err error) error {
	return fmt.Errorf("relay %s: %w", wire.PeerID(relay.String()).Short(), err)
}

// circuitVia is the way through a relay at addr; nil: wherever it is known to
// be.
func circuitVia(relay peer.ID, addr ma.Multiaddr) ma.Multiaddr {
	return ma.Join(addr, ma.StringCast(fmt.Sprintf("/p2p/%s/p2p-circuit", relay)))
}
