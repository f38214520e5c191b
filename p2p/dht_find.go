package p2p

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// The connector's half of a rendezvous.

const (
	// findTimeout bounds the search for a record.
	findTimeout = 20 * time.Second

	// publicLag is what other ways get ahead of the public network: whom they
	// reach nobody else has to be asked about.
	publicLag    = 250 * time.Millisecond
	publicLagOwn = time.Second // where there are relays of ours, or addresses
)

// lag returns how long a search at r waits for the other ways.
func (d *dialing) lag(r rendezvous, addressed bool) time.Duration {
	switch {
	case !r.public:
		return 0
	case addressed || len(d.relay) > 0:
		return publicLagOwn
	case d.lan != nil:
		return publicLag
	}
	return 0
}

// find looks for the target's record at r, and dials what stands there.
func (d *dialing) find(ctx context.Context, r rendezvous, lag time.Duration) error {
	rest(ctx, lag, nil)
	ctx, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()
	v, err := d.visit(ctx, r)
	if err != nil {
		return err
	}
	defer v.leave()
	return d.dialFound(ctx, r, v)
}

// search asks for the records of all days at once. The channel is closed when
// all have been looked for.
func (v *visit) search(ctx context.Context, id peer.ID) <-chan peer.AddrInfo {
	found := make(chan peer.AddrInfo)
	var days sync.WaitGroup
	for _, day := range rendezvousDays(time.Now()) {
		days.Go(func() {
			// All of them: who keeps a record may lie about the addresses.
			for info := range v.FindProvidersAsync(ctx, rendezvousKey(id, day), 0) {
				if info.ID != id || len(info.Addrs) == 0 {
					continue
				}
				select {
				case found <- info:
				case <-ctx.Done():
				}
			}
		})
	}
	go func() { days.Wait(); close(found) }() // dialFound reads until then
	return found
}

// dialFound dials each address of the records once, as soon as it is told, and
// returns nil when one has led to the target.
func (d *dialing) dialFound(ctx context.Context, r rendezvous, v *visit) error {
	ctx, cancel := context.WithCancel(ctx)
	found := v.search(ctx, d.id)
	dials := dials{ctx: ctx, results: make(chan error)}
	defer func() {
		cancel()
		dials.work.Wait()
		for range found {
		}
	}()
	var failed []error
	var tried recordTried
	for more := found; more != nil || dials.under > 0; {
		select {
		case info, ok := <-more:
			if !ok {
				more = nil
				continue
			}
			direct, through := tried.sort(d.worthTelling(info.Addrs))
			if len(direct) > 0 {
				dials.start(func() error { return d.direct(ctx, direct) })
			}
			for _, a := range through {
				dials.start(func() error { return d.throughRelay(ctx, a) })
			}
		case err := <-dials.results:
			if err == nil {
				return nil
			}
			dials.under--
			failed = append(failed, err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if len(failed) == 0 {
		return fmt.Errorf("it is not known to %s", r.name)
	}
	return errors.Join(failed...)
}

// dials run beside each other until ctx ends.
type dials struct {
	ctx     context.Context
	results chan error // of each dial, unless ctx has ended
	under   int        // whose results have not been taken; the taker's
	work    sync.WaitGroup
}

func (d *dials) start(dial func() error) {
	d.under++
	d.work.Go(func() {
		err := dial()
		select {
		case d.results <- err:
		case <-d.ctx.Done():
		}
	})
}

// recordTried is what was found in records so far.
type recordTried struct{ direct, through []ma.Multiaddr }

// sort returns what is new in addrs, up to the limits: whoever keeps a record
// could have us dial as many as he likes.
func (t *recordTried) sort(addrs []ma.Multiaddr) (direct, through []ma.Multiaddr) {
	fresh := func(list *[]ma.Multiaddr, a ma.Multiaddr, most int) bool {
		if len(*list) >= most || slices.ContainsFunc(*list, a.Equal) {
			return false
		}
		*list = append(*list, a)
		return true
	}
	for _, a := range addrs {
		if checkDialable(a.String(), a) != nil {
			continue
		}
		if isDirect(a) {
			if fresh(&t.direct, a, maxRecordAddrs) {
				direct = append(direct, a)
			}
		} else if fresh(&t.through, a, maxRecordRelays) {
			through = append(through, a)
		}
	}
	return direct, through
}
