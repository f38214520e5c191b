package p2p

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/wire"
)

// startRelay runs a relay on loopback and returns its addresses for
// Options.Relays.
func startRelay(t testing.TB, o Options) (*Node, []string) {
	t.Helper()
	n := start(t, o)
	service, err := relay.New(n.host, relay.WithInfiniteLimits())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { service.Close() })
	return n, n.Addrs()
}

// over returns those of addrs that are over a transport.
func over(addrs []string, transport string) (found []string) {
	for _, a := range addrs {
		if strings.Contains(a, transport) {
			found = append(found, a)
		}
	}
	return found
}

// wall keeps a node from dialling one peer directly, and from being called, until
// it is opened, as a NAT would.
type wall struct {
	peer wire.PeerID
	open atomic.Bool
}

func (w *wall) InterceptPeerDial(peer.ID) bool { return true }
func (w *wall) InterceptAddrDial(id peer.ID, a ma.Multiaddr) bool {
	return w.open.Load() || id.String() != string(w.peer) || !isDirect(a)
}
func (w *wall) InterceptAccept(c network.ConnMultiaddrs) bool {
	return w.open.Load() || !isDirect(c.RemoteMultiaddr())
}
func (w *wall) InterceptSecured(network.Direction, peer.ID, network.ConnMultiaddrs) bool { return true }
func (w *wall) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason)          { return true, 0 }

func untilReserved(t testing.TB, host *Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for _, l := range host.relay {
		for l.wait(ctx) != nil {
			if ctx.Err() != nil {
				t.Fatal("the host has no place on the relay")
			}
		}
	}
}

func TestABareIDIsReachedThroughTheRelayAndThenDirectly(t *testing.T) {
	_, relays := startRelay(t, Options{})
	host := start(t, Options{Relays: relays})
	var source atomic.Value
	host.Handle(echo, func(ctx context.Context, from wire.PeerID, s wire.Stream) error {
		source.Store(wire.RemoteOf(s))
		return serveEcho(ctx, from, s)
	})
	untilReserved(t, host)
	if addrs := strings.Join(host.Addrs(), "\n"); !strings.Contains(addrs, "/p2p-circuit/p2p/"+string(host.ID())) {
		t.Errorf("addresses\n%s\nlack one through the relay", addrs)
	}

	nat := &wall{peer: host.ID()}
	viewer := start(t, Options{Role: Connector, Relays: relays, testing: testOptions{gater: nat, improve: 10 * time.Millisecond}})
	var phases []Phase
	ctx := WithPhases(t.Context(), func(p Phase) { phases = append(phases, p) })
	c, err := viewer.Dial(ctx, Target{ID: host.ID()})
	if err != nil {
		t.Fatal(err)
	}
	if want := []Phase{Finding, Dialling, Punching}; len(phases) != len(want) || phases[0] != want[0] || phases[2] != want[2] {
		t.Errorf("phases %v, want %v", phases, want)
	}
	for c.Path().RTT == 0 {
		runtime.Gosched() // it is measured beside what comes first
	}
	if p := c.Path(); p.Direct || p.Limited || !strings.HasPrefix(p.String(), "relayed, ") {
		t.Errorf("path %+v, want a relayed one", p)
	}
	old := open(t, c, echo)
	say(t, old, "through the relay")
	if r := source.Load().(wire.Remote); r.Direct || !strings.HasPrefix(r.Source, "relay 12D3KooW") {
		t.Errorf("the stream came from %+v, want from a relay", r)
	}
	select {
	case <-c.Better():
		t.Fatal("a better path through a wall")
	default:
	}

	nat.open.Store(true)
	select {
	case <-c.Better():
	case <-time.After(20 * time.Second):
		t.Fatal("no direct connection came up")
	}
	if p := c.Path(); !p.Direct || p.RTT <= 0 {
		t.Errorf("path %+v, want a direct one", p)
	}
	say(t, old, "still through the relay")
	say(t, open(t, c, echo), "directly")
	if r := source.Load().(wire.Remote); !r.Direct {
		t.Errorf("the new stream came from %+v, want directly", r)
	}
}

func TestAnAddressThroughARelayIsDialledWithoutKnowingTheRelay(t *testing.T) {
	_, relays := startRelay(t, Options{})
	host := start(t, Options{Relays: relays})
	host.Handle(echo, serveEcho)
	untilReserved(t, host)
	viewer := start(t, Options{Role: Connector, testing: testOptions{gater: &wall{peer: host.ID()}}})
	target, err := ParseTarget(relays[0] + "/p2p-circuit/p2p/" + string(host.ID()))
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, viewer, target)
	say(t, open(t, c, echo), "hello")
	if c.Path().Direct {
		t.Error("the path is direct")
	}
}

func TestARelayThatDoesNotKnowTheComputerSaysSo(t *testing.T) {
	_, relays := startRelay(t, Options{})
	viewer := start(t, Options{Role: Connector, Relays: relays})
	_, err := viewer.Dial(t.Context(), Target{ID: newIdentity(t).ID()})
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "not connected there") || strings.Contains(err.Error(), "\n") {
		t.Errorf("dial: %v, want one line that says that the relay does not know it", err)
	}
}

func TestAHostComesBackToARelayThatWasRestarted(t *testing.T) {
	id := newIdentity(t)
	first, relays := startRelay(t, Options{Identity: id, Listen: loopback[:1]})
	host := start(t, Options{Relays: relays})
	untilReserved(t, host)
	where := at(first, "tcp").Addrs
	first.Close()
	for host.relay[0].isUp() {
		runtime.Gosched()
	}

	viewer := start(t, Options{Role: Connector, Relays: relays, testing: testOptions{gater: &wall{peer: host.ID()}}})
	if _, err := viewer.Dial(t.Context(), Target{ID: host.ID()}); err == nil {
		t.Error("reached through a relay that is gone")
	}
	startRelay(t, Options{Identity: id, Listen: where})
	began := time.Now()
	untilReserved(t, host)
	t.Logf("reserved again after %v", time.Since(began))
	host.Handle(echo, serveEcho)
	say(t, open(t, dial(t, viewer, Target{ID: host.ID()}), echo), "hello again")
}

func TestWithoutItsRelaysANodeStartsAtOnce(t *testing.T) {
	// 198.51.100.0/24 is for documentation (RFC 5737): nothing answers there.
	far := "/ip4/198.51.100.1/tcp/4001/p2p/" + string(newIdentity(t).ID())
	began := time.Now()
	host := start(t, Options{Relays: []string{far}, LAN: true, Public: true})
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the start took %v", took)
	}
	began = time.Now()
	host.Close()
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the end took %v", took)
	}
}
