package p2p

import (
	"fmt"
	"testing"
	"time"
)

// When a relayed connection is tried to be made direct again.

func TestAHoleIsTriedAgainSoonAndThenEverMoreSeldom(t *testing.T) {
	next := new(Node).pauses()
	var got []time.Duration
	for range 10 {
		got = append(got, next())
	}
	want := "[1s 5s 30s 1m0s 2m0s 4m0s 8m0s 10m0s 10m0s 10m0s]"
	if fmt.Sprint(got) != want {
		t.Errorf("pauses %v, want %s", got, want)
	}
}

// A wall that falls is no change of the network: nobody tries for an hour. Then either
// side's network changes.
func TestAChangeOfTheNetworkIsAReasonToTryAtOnce(t *testing.T) {
	for side, change := range map[string]func(host, viewer *Node){
		"viewer": func(_, viewer *Node) { viewer.tellChange() },
		"host":   func(host, _ *Node) { host.repunch() },
	} {
		t.Run(side, func(t *testing.T) {
			_, relays := startRelay(t, Options{})
			host := start(t, Options{Relays: relays})
			untilReserved(t, host)
			nat := &wall{peer: host.ID()}
			viewer := start(t, Options{Role: Connector, Relays: relays, testing: testOptions{gater: nat, improve: time.Hour}})
			c := dial(t, viewer, Target{ID: host.ID()})
			for c.Path().Why == "" || host.punch.under(viewer.id) || host.isDirect(viewer.id) { // until the first attempt has failed
				rest(t.Context(), 10*time.Millisecond, nil)
			}
			nat.open.Store(true)
			change(host, viewer)
			select {
			case <-c.Better():
			case <-time.After(20 * time.Second):
				t.Errorf("still %s: %s", c.Path(), c.Path().Why)
			}
		})
	}
}
