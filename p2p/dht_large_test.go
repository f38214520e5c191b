package p2p

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// silentServers of a world do not answer, and renewedServers come and go between the
// leaving of a record and the search for it: in half a day, about half of them.
const (
	silentServers  = 0.3
	renewedServers = 0.5
)

// toll is what one visit took.
type toll struct {
	took     time.Duration // until the record is with ten servers, or found
	whole    time.Duration // until the end
	messages int
	calls    int
}

// Each round a host leaves its record, servers come and go, and a viewer that knows
// the bare ID looks for it. RAC_DHT_NODES sets how many servers there are (make dht).
func TestAnIDIsFoundAmongThousandsOfServers(t *testing.T) {
	size, rounds := 300, 20
	if n, err := strconv.Atoi(os.Getenv("RAC_DHT_NODES")); err == nil {
		size, rounds = n, 200
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(size, silentServers, 1)
		var left, found []toll
		var holders []int
		gone := 0
		for range rounds {
			id, cost := w.hostComes(t)
			left = append(left, cost)
			holders = append(holders, w.holders(id))
			w.renew(renewedServers, silentServers)
			kept := w.holders(id) > 0
			cost, ok := w.viewerComes(t, id)
			switch {
			case ok:
				found = append(found, cost)
			case !kept: // all who had it have left, as one time in 8,000 where there were 13
				gone++
			}
		}
		t.Logf("%d servers, %d rounds", size, rounds)
		t.Logf("the record is with ten servers after %s; all is over after %s; %s; it is with %s that answer",
			spread(left, func(c toll) time.Duration { return c.took }), spread(left, func(c toll) time.Duration { return c.whole }), costs(left), shares(holders))
		lost := rounds - len(found) - gone
		t.Logf("it is found after %s; %s; %d of %d are not, and of %d no server had the record any more", spread(found, func(c toll) time.Duration { return c.took }), costs(found), lost, rounds, gone)
		if lost > 0 || gone > rounds/50 {
			t.Errorf("%d of %d hosts are not found, and of %d the record is gone", lost, rounds, gone)
		}
		byTime := func(a, b toll) int { return int(a.took - b.took) }
		slices.SortFunc(left, byTime)
		slices.SortFunc(found, byTime)
		if slow := left[len(left)*9/10]; slow.took > 10*time.Second || slow.messages > 300 {
			t.Errorf("the record is with ten servers after %v and %d messages", slow.took, slow.messages)
		}
		if slow := found[len(found)*9/10]; slow.took > 3*time.Second || slow.messages > 300 {
			t.Errorf("found after %v and %d messages", slow.took, slow.messages)
		}
	})
}

// hostComes starts a host, which leaves its record.
func (w *world) hostComes(t *testing.T) (peer.ID, toll) {
	host := w.newCaller(t)
	defer host.Close()
	began := w.count()
	v := w.enter(t, host)
	defer v.Close()
	key := rendezvousKey(host.id, time.Now()).Hash()
	near, err := v.nearest(t.Context(), key)
	if err == nil {
		err = v.leaveRecord(t.Context(), key, near)
	}
	if err != nil {
		t.Fatal(err)
	}
	cost := w.since(began)
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.left) < 5 {
		t.Fatalf("%d servers have the record", len(w.left))
	}
	cost.took = w.left[min(len(w.left), 10)-1].Sub(began) // of the nearest 20, now and then fewer answer
	return host.id, cost
}

// viewerComes starts a viewer, which looks for the record of id.
func (w *world) viewerComes(t *testing.T, id peer.ID) (cost toll, ok bool) {
	viewer := w.newCaller(t)
	defer viewer.Close()
	began := w.count()
	v := w.enter(t, viewer)
	defer v.Close()
	ctx, cancel := context.WithTimeout(t.Context(), findTimeout)
	defer cancel()
	for range v.search(ctx, id) {
		if !ok {
			cost, ok = w.since(began), true
		}
		cancel()
	}
	return cost, ok
}

// enter begins a visit like Node.visit, by way of four servers that answer.
func (w *world) enter(t *testing.T, c *caller) *visit {
	t.Helper()
	tell := func() []ma.Multiaddr { return []ma.Multiaddr{ma.StringCast("/ip4/11.255.0.1/tcp/4001")} }
	all := func(addrs []ma.Multiaddr) []ma.Multiaddr { return addrs }
	v, err := newVisit(t.Context(), &visitor{Host: c, tell: tell, met: map[peer.ID]struct{}{}}, dht.DefaultPrefix, all)
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		s := w.anyAlive()
		c.store.AddAddr(s.id, s.addr, time.Hour)
		c.work.Go(func() { c.Connect(t.Context(), peer.AddrInfo{ID: s.id}) })
	}
	for v.RoutingTable().Size() == 0 {
		time.Sleep(enterPoll)
	}
	return v
}

// spread tells the middle, the ninth of ten and the worst.
func spread(all []toll, of func(toll) time.Duration) string {
	var times []time.Duration
	for _, c := range all {
		times = append(times, of(c).Round(10*time.Millisecond))
	}
	slices.Sort(times)
	return fmt.Sprintf("%v (p90 %v, worst %v)", times[len(times)/2], times[len(times)*9/10], times[len(times)-1])
}

func costs(all []toll) string {
	var messages, calls []int
	for _, c := range all {
		messages, calls = append(messages, c.messages), append(calls, c.calls)
	}
	return fmt.Sprintf("%s messages, %s calls", shares(messages), shares(calls))
}

func shares(all []int) string {
	slices.Sort(all)
	return fmt.Sprintf("%d (%d to %d)", all[len(all)/2], all[len(all)/10], all[len(all)*9/10])
}
