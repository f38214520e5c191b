package p2p

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/wire"
)

// Ten strangers hold as many streams at a relay as they get. Meanwhile a
// host takes its place and viewers, who are strangers there, too, come through to it;
// who came before stays. A relay for some does not know its viewers; one for all does
// not know its hosts either.
func TestStrangersWithStreamsWithoutEndDoNotShutARelay(t *testing.T) {
	for _, kind := range []string{"tcp for some", "tcp for all", "quic-v1 for some"} {
		t.Run(kind, func(t *testing.T) {
			transport, who, _ := strings.Cut(kind, " for ")
			const patient = time.Minute // all of them share this machine, and a relay that is late is not to be left for that
			early, late := newIdentity(t), newIdentity(t)
			o := RelayOptions{}
			if who == "some" {
				o.Allow = []wire.PeerID{early.ID(), late.ID()}
			}
			r := startOwnRelay(t, o)
			relay := over(r.Addrs(), transport)
			meet := func(id *Identity) (*Node, *Conn) {
				host := start(t, Options{Identity: id, Relays: relay, testing: testOptions{silence: patient}})
				host.Handle(echo, serveEcho)
				untilReserved(t, host)
				viewer := start(t, Options{Role: Connector, Relays: relay, testing: testOptions{gater: &wall{peer: host.ID()}, silence: patient}})
				return host, dial(t, viewer, Target{ID: host.ID()})
			}
			_, before := meet(early)
			session := open(t, before, echo)
			say(t, session, "before")
			strangers := besiege(t, r, ma.StringCast(relay[0]).Decapsulate(ma.StringCast("/p2p/"+string(r.ID()))))

			host, c := meet(late)
			for i := range 5 {
				say(t, open(t, c, echo), fmt.Sprint("stream ", i))
			}
			viewer := start(t, Options{Role: Connector, Relays: relay, testing: testOptions{gater: &wall{peer: host.ID()}, silence: patient}})
			say(t, open(t, dial(t, viewer, Target{ID: host.ID()}), echo), "from another one")
			var streams int
			var memory int64
			for _, id := range strangers {
				r.stack.swarm.ResourceManager().ViewPeer(id, func(s network.PeerScope) error {
					streams += s.Stat().NumStreamsInbound
					memory += s.Stat().Memory
					return nil
				})
			}
			if streams > besiegers*relayStreams || memory > besiegers*relayMemory {
				t.Errorf("the strangers have %d streams and %d MiB", streams, memory>>20)
			}
			say(t, session, "still here")
		})
	}
}

// besiege has ten strangers hold streams at r's address until the test ends, and
// returns who they are when they have what they get.
func besiege(t *testing.T, r *Relay, addr ma.Multiaddr) (ids []peer.ID) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	var asked atomic.Int64
	for range besiegers {
		h := newHostile(t)
		ids = append(ids, h.id)
		work.Go(func() { h.hold(ctx, r.stack.host.ID(), addr, 250, &asked) })
	}
	t.Cleanup(func() { cancel(); work.Wait() })
	for asked.Load() < 250*besiegers {
		rest(ctx, time.Millisecond, nil)
	}
	return ids
}

const besiegers = 10

// hold opens so many streams, keeps them, and begins again when he is hung up on.
func (h *hostile) hold(ctx context.Context, there peer.ID, addr ma.Multiaddr, most int, asked *atomic.Int64) {
	for ctx.Err() == nil {
		for _, line := range h.lines {
			if !line.CanDial(addr) {
				continue
			}
			c, err := line.Dial(ctx, addr, there)
			if err != nil {
				continue
			}
			for range most {
				within, cancel := context.WithTimeout(ctx, time.Second)
				if s, err := c.OpenStream(within); err == nil {
					s.Write([]byte("\x13/multistream/1.0.0\n"))
				}
				cancel()
				asked.Add(1)
			}
			for !c.IsClosed() && ctx.Err() == nil {
				rest(ctx, 10*time.Millisecond, nil)
			}
			c.Close()
		}
		rest(ctx, time.Second, nil)
	}
}

// Whoever asks for a place and is gone before he gets it leaves nothing behind.
func TestARelayRemembersNobodyWhoHasGone(t *testing.T) {
	r := startOwnRelay(t, RelayOptions{})
	for i := range 100 {
		r.AllowReserve(peer.ID(fmt.Sprint("gone", i)), nil)
	}
	r.guests.mu.Lock()
	defer r.guests.mu.Unlock()
	if n := len(r.guests.streams); n > 0 {
		t.Errorf("it remembers %d", n)
	}
}
