package p2p

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"rac/p2p/wire"
)

// startOwnRelay starts a Relay on loopback that ends with the test.
func startOwnRelay(t testing.TB, o RelayOptions) *Relay {
	t.Helper()
	if o.Identity == nil {
		o.Identity = newIdentity(t)
	}
	if o.Observer == nil {
		o.Observer = newIdentity(t)
	}
	if o.Listen == nil {
		o.Listen = loopback
	}
	r, err := StartRelay(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func TestARelayIsAllThatTwoMachinesNeedToKnow(t *testing.T) {
	r := startOwnRelay(t, RelayOptions{})
	host := start(t, Options{Relays: r.Addrs()})
	host.Handle(echo, serveEcho)
	untilReserved(t, host)
	if s := r.Stats(); s.Reserved != 1 {
		t.Errorf("%d reserved, want 1", s.Reserved)
	}
	viewer := start(t, Options{Role: Connector, Relays: r.Addrs(), testing: testOptions{gater: &wall{peer: host.ID()}}})
	c := dial(t, viewer, Target{ID: host.ID()})
	if p := c.Path(); p.Direct || p.Limited {
		t.Errorf("path %+v, want relayed without a limit", p)
	}
	line := open(t, c, echo)
	for range 8 { // others carry 128 KiB in all
		say(t, line, strings.Repeat("x", 64<<10))
	}
	for r.Stats().Carried < 2*8*64<<10 { // the relay counts what has arrived already
		rest(t.Context(), time.Millisecond, nil)
	}
	if s := r.Stats(); s.Circuits != 1 {
		t.Errorf("%d circuits, want 1", s.Circuits)
	}
	host.Close()
	for s := r.Stats(); s.Reserved != 0 || s.Circuits != 0; s = r.Stats() {
		<-r.Changed()
	}
}

// A relay that was reached over QUIC shows no address for TCP, and the other way
// round.
func TestBothSidesMeetTheObserverOverTCP(t *testing.T) {
	r := startOwnRelay(t, RelayOptions{})
	var overQUIC []string
	for _, a := range r.Addrs() {
		if strings.Contains(a, "quic-v1") {
			overQUIC = append(overQUIC, a)
		}
	}
	for _, role := range []Role{Host, Connector} {
		n := start(t, Options{Role: role, Relays: overQUIC})
		id := r.observer.host.ID()
		for n.host.Network().Connectedness(id) != network.Connected {
			rest(t.Context(), time.Millisecond, nil)
		}
		for _, c := range n.host.Network().ConnsToPeer(id) {
			if !has(c.RemoteMultiaddr(), ma.P_TCP) {
				t.Errorf("observer reached at %s, want TCP", c.RemoteMultiaddr())
			}
		}
	}
}

func TestARelayForSomeServesThemAlone(t *testing.T) {
	mine, other := newIdentity(t), newIdentity(t)
	r := startOwnRelay(t, RelayOptions{Allow: []wire.PeerID{mine.ID()}})
	host := start(t, Options{Identity: mine, Relays: r.Addrs()})
	host.Handle(echo, serveEcho)
	untilReserved(t, host)
	stranger := start(t, Options{Identity: other, Relays: r.Addrs()})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := stranger.relay[0].wait(ctx); err == nil || !strings.Contains(err.Error(), "PERMISSION_DENIED") {
		t.Errorf("a stranger's reservation: %v, want it refused", err)
	}
	viewer := start(t, Options{Role: Connector, Relays: r.Addrs(), testing: testOptions{gater: &wall{peer: host.ID()}}})
	say(t, open(t, dial(t, viewer, Target{ID: host.ID()}), echo), "from a viewer that the relay does not know")
	if s := r.Stats(); s.Reserved != 1 || s.Refused == 0 {
		t.Errorf("stats %+v, want one reserved and some refused", s)
	}
}

func TestARelayListensWhereItWasTold(t *testing.T) {
	r := startOwnRelay(t, RelayOptions{Announce: []string{"/dns4/relay.example.org/tcp/4001"}})
	if got, want := strings.Join(r.Addrs(), " "), "/dns4/relay.example.org/tcp/4001/p2p/"+string(r.ID()); got != want {
		t.Errorf("addresses %s, want %s", got, want)
	}
	if !r.Public() {
		t.Error("a name that was announced does not count as public")
	}
	got := observerListen([]string{"/ip4/0.0.0.0/tcp/4001"}, []ma.Multiaddr{ma.StringCast("/ip4/0.0.0.0/tcp/4001"), ma.StringCast("/ip4/0.0.0.0/udp/4001/quic-v1")})
	if want := "/ip4/0.0.0.0/tcp/4002 /ip4/0.0.0.0/udp/4002/quic-v1"; strings.Join(got, " ") != want {
		t.Errorf("the observer listens on %v, want %s", got, want)
	}
	for _, bad := range []string{"/ip4/0.0.0.0/tcp/4001", "/ip4/192.0.2.1/tcp/0", "/ip4/192.0.2.1/tcp/1/p2p/" + string(r.ID()), "/ip4/192.0.2.1", "x"} {
		if ValidateAnnounce(bad) == nil {
			t.Errorf("%s may be announced", bad)
		}
	}
}

// FuzzObserver: a relay can make us dial no other machine than itself, whatever it
// says of its observer.
func FuzzObserver(f *testing.F) {
	id := newIdentity(f).ID()
	say := func(texts ...string) []byte {
		var b bytes.Buffer
		w := wire.NewWriter(&b, maxBody)
		for _, s := range texts {
			w.Write(msgObserver, []byte(s))
		}
		return b.Bytes()
	}
	f.Add(say("/ip4/0.0.0.0/tcp/4002/p2p/"+string(id), "/ip6/::/tcp/4002/p2p/"+string(id)))
	f.Add(say("/ip4/192.0.2.7/tcp/4002/p2p/" + string(id)))
	f.Add(say("/ip4/0.0.0.0/udp/4002/quic-v1/p2p/" + string(id)))
	f.Add(say("/ip4/0.0.0.0/tcp/4002/p2p/" + string(id) + "/p2p-circuit"))
	f.Add(append([]byte{9, 0, 0, 0, 1, 7}, say("/ip6/::/tcp/1/p2p/"+string(id))...))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, where := range []string{"/ip4/11.0.0.1/udp/4001/quic-v1", "/ip6/2001:db8::1/tcp/4001", "/dns4/x/tcp/1"} {
			relay := ma.StringCast(where)
			found, err := readObserver(bytes.NewReader(data), relay)
			if err != nil {
				continue
			}
			if len(found.Addrs) == 0 || len(found.Addrs) > maxObservers {
				t.Errorf("%d addresses", len(found.Addrs))
			}
			for _, a := range found.Addrs {
				want, _ := manet.ToIP(relay)
				got, err := manet.ToIP(a)
				if err != nil || !got.Equal(want) || len(a) != 2 && len(a) != 3 || portOf(a) == "" {
					t.Errorf("%s is not on the relay at %s", a, where)
				}
			}
		}
	})
}

func TestWhenOneOfTwoRelaysDiesTheOtherIsThere(t *testing.T) {
	one, two := startOwnRelay(t, RelayOptions{}), startOwnRelay(t, RelayOptions{})
	both := append(one.Addrs(), two.Addrs()...)
	id := newIdentity(t)
	host := start(t, Options{Relays: both, testing: testOptions{gater: &wall{peer: id.ID()}}})
	host.Handle(echo, serveEcho)
	untilReserved(t, host)
	viewer := start(t, Options{Identity: id, Role: Connector, Relays: both, testing: testOptions{gater: &wall{peer: host.ID()}}})
	c := dial(t, viewer, Target{ID: host.ID()})
	say(t, open(t, c, echo), "through one of them")
	dead, left := one, two
	if strings.Contains(c.Path().Addr, string(two.ID())) {
		dead, left = two, one
	}
	dead.Close()
	for slices.ContainsFunc(viewer.host.Network().ConnsToPeer(host.id), func(c network.Conn) bool {
		return strings.Contains(c.RemoteMultiaddr().String(), string(dead.ID()))
	}) { // one through the other may be up already, and stays
		rest(t.Context(), 10*time.Millisecond, nil)
	}
	began := time.Now()
	c = dial(t, viewer, Target{ID: host.ID()})
	say(t, open(t, c, echo), "through the other")
	t.Logf("again after %v", time.Since(began))
	if !strings.Contains(c.Path().Addr, string(left.ID())) {
		t.Errorf("path %+v, want through %s", c.Path(), left.ID())
	}
}

func TestARelayAnswersWhetherAnAddressCanBeCalled(t *testing.T) {
	r := startOwnRelay(t, RelayOptions{})
	if !slices.Contains(r.stack.host.Mux().Protocols(), "/libp2p/autonat/2/dial-request") {
		t.Errorf("the relay speaks %v, which lacks AutoNAT", r.stack.host.Mux().Protocols())
	}
}
