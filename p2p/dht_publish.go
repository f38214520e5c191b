package p2p

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multihash"
)

const (
	renewRecord    = 12 * time.Hour // servers forget it after a day or two
	recordLook     = 10 * time.Second
	recordGap      = time.Minute // between two records for changes of address
	recordRetry    = 10 * time.Second
	recordRetryMax = 10 * time.Minute
	recordTimeout  = 90 * time.Second
	settleTime     = 3 * time.Second // for our own relays, at the start
)

// startRendezvous lets a host be found. It runs beside everything else: nobody
// waits for it.
func (n *Node) startRendezvous() {
	if n.role != Host {
		return
	}
	for _, r := range n.meet {
		n.work.Go(func() { n.beFound(r) })
	}
}

// beFound keeps our record at r until the node closes.
func (n *Node) beFound(r rendezvous) {
	n.untilRelaysSettle()
	pause := recordRetry
	for n.ctx.Err() == nil {
		changed := n.changed()
		told, err := n.publish(r)
		if err != nil {
			n.log.Debug("no record left", "where", r.name, "error", err)
			rest(n.ctx, pause, changed)
			pause = min(2*pause, recordRetryMax)
			continue
		}
		debug.FreeOSMemory() // a visit takes 6 MB and comes twice a day; one that fails may come every ten seconds
		n.log.Debug("record left", "where", r.name, "addrs", told)
		pause = recordRetry
		n.whileTrue(r, told)
	}
}

// whileTrue returns when the record has to be left again: it grows old, or what
// it tells is no longer so.
func (n *Node) whileTrue(r rendezvous, told string) {
	for left := time.Now(); n.ctx.Err() == nil; {
		changed := n.changed()
		rest(n.ctx, recordLook, changed)
		select {
		case <-changed:
			n.borrowed.check(n)
		default:
		}
		age := time.Since(left)
		if age > renewRecord || age > recordGap && (told != n.toTell(r) || r.public && n.lacksRelays()) {
			return
		}
	}
}

// publish leaves a record, and returns what stands in it.
func (n *Node) publish(r rendezvous) (told string, err error) {
	ctx, cancel := context.WithTimeout(n.ctx, recordTimeout)
	defer cancel()
	v, err := n.visit(ctx, r)
	if err != nil {
		return "", err
	}
	defer v.leave()
	key := rendezvousKey(n.id, time.Now()).Hash()
	near, err := v.nearest(ctx, key)
	if err != nil {
		return "", err
	}
	if r.public && n.lacksRelays() {
		// Who will keep the record are as good a choice of relays as any, and are
		// already connected.
		n.borrowRelays(ctx, v.guest.acquaintances())
	}
	if len(n.recordAddrs()) == 0 {
		return "", errNothingToTell
	}
	told = n.toTell(r)
	return told, v.leaveRecord(ctx, key, near)
}

// leaveRecord has the servers near key keep our addresses under it, and returns when
// each has answered or had its time.
func (v *visit) leaveRecord(ctx context.Context, key multihash.Multihash, near []peer.ID) error {
	self := peer.AddrInfo{ID: v.PeerID(), Addrs: v.FilteredAddrs()}
	results := make(chan error, len(near))
	for _, id := range near {
		go func() { results <- v.ask.PutProviderAddrs(ctx, id, key, self) }()
	}
	kept := 0
	var failed error
	for range near {
		if err := <-results; err != nil {
			failed = err
			continue
		}
		kept++
	}
	if kept == 0 {
		return fmt.Errorf("none of %d servers keeps it: %w", len(near), failed)
	}
	return nil
}

// recordAddrs are the addresses in our record: those that may be dialled from
// anywhere, and the ways through relays.
func (n *Node) recordAddrs() []ma.Multiaddr {
	addrs := n.circuits()
	for _, l := range n.relay { // those may have been given by name
		if c := n.best(l.info.ID); c != nil && l.isUp() {
			addrs = append(addrs, circuitVia(l.info.ID, c.RemoteMultiaddr()))
		}
	}
	return n.worthTelling(append(addrs, n.host.AllAddrs()...))
}

// toTell is another text when the record has to be left again: with other
// addresses, and with a relay of ours that has been away and kept nothing.
func (n *Node) toTell(r rendezvous) string {
	var all []string
	for _, a := range n.recordAddrs() {
		all = append(all, a.String())
	}
	slices.Sort(all)
	if !r.public {
		for _, l := range n.relay {
			all = append(all, fmt.Sprint(l.attempted()))
		}
	}
	return strings.Join(all, " ")
}

// untilRelaysSettle waits for our own relays to answer, or not to: a record
// without them would have to be left again.
func (n *Node) untilRelaysSettle() {
	ctx, cancel := context.WithTimeout(n.ctx, settleTime)
	defer cancel()
	for _, l := range n.relay {
		l.wait(ctx)
	}
}
