package p2p

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// startPublicNetwork runs servers like those of the public libp2p network: each
// keeps records and is a relay with libp2p's limits. It returns the addresses of
// the first, whom all others know.
func startPublicNetwork(t testing.TB, servers int, listen []string) (seeds []string) {
	t.Helper()
	var first []peer.AddrInfo
	for i := range servers {
		st, err := newStack(Options{Identity: newIdentity(t), Role: server, Listen: listen})
		if err != nil {
			t.Fatal(err)
		}
		d, err := dht.New(t.Context(), st.host, dht.Mode(dht.ModeServer), dht.BootstrapPeers(first...), dht.DisableAutoRefresh())
		if err != nil {
			t.Fatal(err)
		}
		service, err := relay.New(st.host, relay.WithReservationAddressFilter(func(ma.Multiaddr) bool { return true }))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { service.Close(); d.Close(); st.close() })
		if i == 0 {
			first = []peer.AddrInfo{{ID: st.host.ID(), Addrs: st.host.Addrs()}}
			for _, a := range st.host.Addrs() {
				seeds = append(seeds, a.String()+"/p2p/"+st.host.ID().String())
			}
			continue
		}
		for st.host.Connect(t.Context(), first[0]) != nil { // on a busy machine
			st.swarm.Backoff().Clear(first[0].ID)
			if t.Context().Err() != nil {
				t.Fatal("the servers do not meet")
			}
		}
	}
	return seeds
}

// untilFound waits until the record of host is there.
func untilFound(t testing.TB, host *Node) {
	t.Helper()
	for len(host.borrowed.ids()) < borrowedRelays {
		rest(t.Context(), 10*time.Millisecond, nil)
	}
}

func TestABareIDIsFoundThroughThePublicNetwork(t *testing.T) {
	seeds := startPublicNetwork(t, 8, loopback)
	public := Options{Public: true, Bootstrap: seeds, testing: testOptions{anywhere: true}}
	host := start(t, public)
	host.Handle(echo, serveEcho)
	untilFound(t, host)
	public.Role = Connector
	viewer := start(t, public)
	began := time.Now()
	var c *Conn
	for c == nil {
		var err error
		if c, err = viewer.Dial(t.Context(), Target{ID: host.ID()}); err != nil && time.Since(began) > time.Minute {
			t.Fatal(err)
		}
	}
	t.Logf("found after %v: %s at %s", time.Since(began), c.Path(), c.Path().Addr)
	say(t, open(t, c, echo), "hello")
}

func TestAHostAtRestHoldsNoConnectionButToItsRelays(t *testing.T) {
	seeds := startPublicNetwork(t, 8, loopback)
	host := start(t, Options{Public: true, Bootstrap: seeds, testing: testOptions{anywhere: true}})
	untilFound(t, host)
	for {
		peers := host.host.Network().Peers()
		if others := slices.DeleteFunc(peers, host.borrowed.has); len(others) == 0 {
			break
		}
		rest(t.Context(), 10*time.Millisecond, nil)
	}
}

func TestTheRecordTellsNothingOfTheLocalNetwork(t *testing.T) {
	n := start(t, Options{})
	var addrs []ma.Multiaddr
	for _, s := range []string{"/ip4/192.168.1.5/tcp/1", "/ip4/10.0.0.1/udp/1/quic-v1", "/ip6/fe80::1/tcp/1", "/ip6/fd00::2/tcp/1", "/ip4/127.0.0.1/tcp/1", "/ip4/100.64.0.1/tcp/1",
		"/p2p-circuit", "/ip4/192.168.1.9/tcp/4001/p2p/" + string(n.ID()) + "/p2p-circuit",
		"/ip4/11.0.0.1/tcp/1", "/ip4/11.1.0.10/tcp/4001/p2p/" + string(n.ID()) + "/p2p-circuit"} {
		addrs = append(addrs, ma.StringCast(s))
	}
	told := n.worthTelling(addrs)
	if len(told) != 2 || !strings.HasPrefix(told[0].String(), "/ip4/11.0.0.1/") || !strings.HasPrefix(told[1].String(), "/ip4/11.1.0.10/") {
		t.Errorf("told %v", told)
	}
	many := make([]ma.Multiaddr, 100)
	for i := range many {
		many[i] = ma.StringCast("/ip4/11.0.0.1/tcp/1")
	}
	if told := n.worthTelling(many); len(told) > maxRecordAddrs {
		t.Errorf("%d addresses told", len(told))
	}
}

func TestAKeyIsGoodForItsDayAndItsNeighbours(t *testing.T) {
	id := newIdentity(t).id
	left := time.Date(2026, 11, 22, 23, 59, 59, 0, time.UTC)
	key := rendezvousKey(id, left)
	if key == rendezvousKey(newIdentity(t).id, left) {
		t.Error("two hosts have one key")
	}
	for _, c := range []struct {
		later time.Duration
		found bool
	}{{-23 * time.Hour, true}, {0, true}, {time.Second, true}, {24 * time.Hour, true}, {24*time.Hour + time.Second, false}} {
		var found bool
		for _, day := range rendezvousDays(left.Add(c.later).In(time.FixedZone("", 9*3600))) {
			found = found || rendezvousKey(id, day) == key
		}
		if found != c.found {
			t.Errorf("after %v found: %v, want %v", c.later, found, c.found)
		}
	}
}

// The host has relays, the viewer has none of its own but knows one of them as a
// server of records.
func TestTheRelaysKeepTheRecordsOfTheirHosts(t *testing.T) {
	one, two := startOwnRelay(t, RelayOptions{}), startOwnRelay(t, RelayOptions{})
	host := start(t, Options{Relays: append(one.Addrs(), two.Addrs()...), testing: testOptions{anywhere: true}})
	host.Handle(echo, serveEcho)
	untilReserved(t, host)
	viewer := start(t, Options{Role: Connector, testing: testOptions{anywhere: true}})
	own, err := rendezvousOf(Options{}, mustRelays(t, two.Addrs()))
	if err != nil {
		t.Fatal(err)
	}
	viewer.meet = own
	began := time.Now()
	for {
		c, err := viewer.Dial(t.Context(), Target{ID: host.ID()})
		if err == nil {
			say(t, open(t, c, echo), "hello")
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatal(err)
		}
	}
}

func mustRelays(t *testing.T, texts []string) []*relayLink {
	t.Helper()
	links, err := parseRelays(texts)
	if err != nil {
		t.Fatal(err)
	}
	return links
}

func TestOnARelayOfStrangersTheReasonIsSaid(t *testing.T) {
	seeds := startPublicNetwork(t, 4, loopback)
	id := newIdentity(t)
	host := start(t, Options{Public: true, Bootstrap: seeds, testing: testOptions{anywhere: true, gater: &wall{peer: id.ID()}}})
	untilFound(t, host)
	viewer := start(t, Options{Identity: id, Role: Connector, testing: testOptions{anywhere: true, gater: &wall{peer: host.ID()}}})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	target := Target{ID: host.ID()}
	for _, a := range host.borrowed.circuits() {
		target.Addrs = append(target.Addrs, a.String())
	}
	_, err := viewer.Dial(ctx, target)
	if !errors.Is(err, ErrUnreachable) || !errors.Is(err, ErrLimited) || !strings.Contains(err.Error(), "carries no picture") {
		t.Errorf("dial: %v, want ErrLimited and the reason", err)
	}
}

func TestAFloodOfRecordsLeavesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newRecordStore(func(peer.ID) bool { return true })
		put := func(id peer.ID, key []byte) { s.AddProvider(t.Context(), key, peer.AddrInfo{ID: id}) }
		mine := peer.ID("mine")
		for range 14 {
			for _, day := range rendezvousDays(time.Now()) {
				put(mine, rendezvousKey(mine, day).Hash())
			}
			time.Sleep(2 * time.Hour)
		}
		newest := rendezvousKey(mine, time.Now().AddDate(0, 0, 1)).Hash()
		put(mine, newest)
		if n := s.byPeer[mine]; n != maxKeptEach {
			t.Errorf("one host has %d records, want %d", n, maxKeptEach)
		}
		for i := range 100 { // beside those of that host, and anywhere
			put(peer.ID(fmt.Sprint("liar", i)), newest)
			put(mine, []byte(fmt.Sprint("key", i)))
		}
		if found, _ := s.GetProviders(t.Context(), newest); len(found) != 1 || found[0].ID != mine || s.byPeer[mine] != maxKeptEach {
			t.Errorf("%d records lie beside the newest one, and the host has %d in all", len(found)-1, s.byPeer[mine])
		}
		for i := range 2 * maxKept {
			id := peer.ID(fmt.Sprint("stranger", i))
			put(id, rendezvousKey(id, time.Now()).Hash())
		}
		if s.oldest.Len() != maxKept || len(s.byKey) != maxKept || len(s.byPeer) != maxKept {
			t.Errorf("%d records, %d keys, %d peers, want %d", s.oldest.Len(), len(s.byKey), len(s.byPeer), maxKept)
		}
	})
}

func TestARecordIsForgottenAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newRecordStore(func(peer.ID) bool { return true })
		key := rendezvousKey("host", time.Now()).Hash()
		s.AddProvider(t.Context(), key, peer.AddrInfo{ID: "host"})
		time.Sleep(25 * time.Hour)
		if found, _ := s.GetProviders(t.Context(), key); len(found) != 1 {
			t.Error("forgotten too soon")
		}
		time.Sleep(2 * time.Hour)
		if found, _ := s.GetProviders(t.Context(), key); len(found) != 0 || len(s.byPeer) != 0 {
			t.Error("not forgotten")
		}
	})
}

// FuzzRecord: whatever a stranger keeps in a record, we dial no more addresses than
// a host has, none of the local network, and none that needs another transport.
func FuzzRecord(f *testing.F) {
	id := newIdentity(f)
	f.Add("/ip4/11.0.0.1/tcp/4001\n/ip4/11.1.0.10/udp/4001/quic-v1/p2p/" + string(id.ID()) + "/p2p-circuit")
	f.Add("/ip4/192.168.1.1/tcp/80\n/ip4/127.0.0.1/tcp/22\n/ip6/fe80::1/tcp/1\n/dns4/localhost/tcp/1\n/dnsaddr/x\n/ip4/11.0.0.1/tcp/0")
	f.Add(strings.Repeat("/ip4/11.0.0.1/tcp/4001\n", 100) + "/ip4/11.0.0.1/udp/1/webrtc-direct\n/p2p-circuit")
	n := &Node{}
	f.Fuzz(func(t *testing.T, text string) {
		var addrs []ma.Multiaddr
		for line := range strings.Lines(text) {
			if a, err := ma.NewMultiaddr(strings.TrimSpace(line)); err == nil {
				addrs = append(addrs, a)
			}
		}
		var tried recordTried
		var direct, through []ma.Multiaddr
		for range 3 { // told by several
			d, c := tried.sort(n.worthTelling(addrs))
			direct, through = append(direct, d...), append(through, c...)
		}
		if len(direct) > maxRecordAddrs || len(through) > maxRecordRelays {
			t.Errorf("%d addresses and %d relays are dialled", len(direct), len(through))
		}
		for _, a := range append(direct, through...) {
			if !manet.IsPublicAddr(a) {
				t.Errorf("%s is dialled", a)
			}
			if has(a, ma.P_TCP) == has(a, ma.P_UDP) && isDirect(a) {
				t.Errorf("%s is dialled", a)
			}
		}
	})
}
