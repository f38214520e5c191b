package p2p

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/wire"
)

func TestATCPHoleIsKnockedAtInBothRolesAndAfterQUIC(t *testing.T) {
	addrs := []ma.Multiaddr{ma.StringCast("/ip4/9.9.9.9/tcp/20123"), ma.StringCast("/ip4/9.9.9.9/udp/20123/quic-v1"), ma.StringCast("/ip4/192.168.1.7/tcp/20123")}
	var got []string
	for _, k := range knocks(addrs, fromServer, tcpLag) {
		got = append(got, fmt.Sprint(k.addr, " ", k.from, " ", k.after >= tcpLag))
	}
	want := []string{
		"/ip4/9.9.9.9/tcp/20123 2 true", "/ip4/9.9.9.9/tcp/20123 0 true", "/ip4/9.9.9.9/udp/20123/quic-v1 0 false",
		"/ip4/192.168.1.7/tcp/20123 0 false", // nearby: no hole is needed
	}
	if !slices.Equal(got, want) {
		t.Errorf("knocks\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAStrangerMakesNobodyCallAtAPrinter(t *testing.T) {
	liar := meet{Addrs: []string{"/ip4/9.9.9.9/tcp/631", "/dns4/printer/tcp/9100", "/ip4/1.2.3.4/tcp/2000/p2p/" + someRelay + "/p2p-circuit", "/ip4/0.0.0.0/tcp/2000"},
		UDP: "\x1b[2Jevil"}
	for range 100 {
		liar.Addrs = append(liar.Addrs, fmt.Sprintf("/ip4/9.9.9.9/tcp/%d", 2000+len(liar.Addrs)))
	}
	text, err := json.Marshal(liar)
	if err != nil {
		t.Fatal(err)
	}
	m, addrs, err := parseMeet(text)
	if err != nil || m.UDP != NATUnknown || len(addrs) > maxMeetAddrs {
		t.Errorf("read as %+v with %d addresses, %v", m, len(addrs), err)
	}
	for _, a := range addrs {
		if text := a.String(); strings.Contains(text, "printer") || strings.Contains(text, "circuit") || strings.Contains(text, "0.0.0.0") {
			t.Errorf("taken: %s", text)
		}
	}
	for near, shown := range map[nearness]string{publicRelay: "9.9.9.9", privateRelay: "9.9.9.9 192.168.1.7", ownRelay: "9.9.9.9 192.168.1.7 127.0.0.1"} {
		var got []string
		for _, ip := range []string{"9.9.9.9", "192.168.1.7", "127.0.0.1"} {
			if near.shows(ma.StringCast("/ip4/" + ip + "/tcp/2000")) {
				got = append(got, ip)
			}
		}
		if strings.Join(got, " ") != shown {
			t.Errorf("nearness %d shows %s, want %s", near, got, shown)
		}
	}
}

// A host punches, too, when its network has changed: to whoever is there over a relay.
// One of those tells it addresses of services on the host's own computer.
func TestAHostThatBeginsAPunchCallsNoServiceOnAStrangersWord(t *testing.T) {
	_, relays := startRelay(t, Options{})
	host := start(t, Options{Relays: relays})
	host.Handle(echo, serveEcho)
	untilReserved(t, host)
	stranger := start(t, Options{Role: Connector, Relays: relays, testing: testOptions{gater: &wall{peer: host.ID()}, improve: time.Hour}})
	c := dial(t, stranger, Target{ID: host.ID()})
	say(t, open(t, c, echo), "through the relay")
	for stranger.punch.under(host.id) || host.punch.under(stranger.id) {
		rest(t.Context(), 10*time.Millisecond, nil)
	}
	var called [2]atomic.Int64 // at a service's port, at one that a peer may have
	tell := meet{}
	for i, at := range []string{"127.0.0.1:987", "127.0.0.1:0"} {
		l, err := net.Listen("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
				called[i].Add(1)
				conn.Close()
			}
		}()
		tell.Addrs = append(tell.Addrs, fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", l.Addr().(*net.TCPAddr).Port))
	}
	stranger.host.SetStreamHandler(protocol.ID(PunchProtocol), func(s network.Stream) {
		defer s.Reset()
		readMeet(s)
		w := wire.NewWriter(s, maxMeet)
		w.Append(msgMeet, func(dst []byte) []byte { return appendMeet(dst, tell) })
		io.Copy(io.Discard, s)
	})
	for began := time.Now(); called[1].Load() == 0 && time.Since(began) < 20*time.Second; {
		host.punch.begin(t.Context(), host.best(stranger.id)) // not where the other's is under way
	}
	if service, other := called[0].Load(), called[1].Load(); service > 0 || other == 0 {
		t.Errorf("the host has called %d times at a service, %d times at the other port", service, other)
	}
}

func TestTwoThatArePunchingAnewGiveUpTheOldPunch(t *testing.T) {
	_, relays := startRelay(t, Options{})
	host := start(t, Options{Relays: relays})
	host.Handle(echo, serveEcho)
	untilReserved(t, host)
	nat := &wall{peer: host.ID()}
	viewer := start(t, Options{Role: Connector, Relays: relays, testing: testOptions{gater: nat, improve: time.Second}})
	for range 3 { // each time the host still knocks in vain where the viewer was before
		c := dial(t, viewer, Target{ID: host.ID()})
		say(t, open(t, c, echo), "through the relay")
		c.Close()
	}
	nat.open.Store(true)
	c := dial(t, viewer, Target{ID: host.ID()})
	if c.Path().Direct {
		return
	}
	select {
	case <-c.Better():
	case <-time.After(2 * time.Minute): // each attempt has 5 s, which is little for two computers on one that is busy
		t.Errorf("still %s: %s", c.Path(), c.Path().Why)
	}
}

func TestTwoThatBeginAtTheSameMomentPunchOneHole(t *testing.T) {
	_, relays := startRelay(t, Options{})
	host := start(t, Options{Relays: relays})
	host.Handle(echo, serveEcho)
	untilReserved(t, host)
	for range 8 {
		nat := &wall{peer: host.ID()}
		viewer := start(t, Options{Role: Connector, Relays: relays, testing: testOptions{gater: nat, improve: time.Hour}})
		c := dial(t, viewer, Target{ID: host.ID()})
		say(t, open(t, c, echo), "through the relay")
		sides := map[*Node]network.Conn{viewer: viewer.best(host.id), host: host.best(viewer.id)}
		for n, line := range sides { // the first attempt, which fails at the wall
			for n.punch.under(line.RemotePeer()) {
				rest(t.Context(), 10*time.Millisecond, nil)
			}
		}
		nat.open.Store(true)
		var begun sync.WaitGroup
		for n, line := range sides {
			begun.Go(func() {
				if _, err := n.punch.begin(t.Context(), line); err != nil && !errors.Is(err, errPunching) {
					t.Errorf("a punch begun at the same moment: %v", err)
				}
			})
		}
		begun.Wait()
		select {
		case <-c.Better():
		case <-time.After(time.Minute):
			t.Fatalf("still %s: %s", c.Path(), c.Path().Why)
		}
		viewer.Close()
	}
}

// under tells whether a punch to id is under way.
func (p *puncher) under(id peer.ID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.busy[id] != nil
}

func TestARelayedPathSaysWhatStandsInTheWay(t *testing.T) {
	_, relays := startRelay(t, Options{})
	host := start(t, Options{Relays: relays})
	untilReserved(t, host)
	viewer := start(t, Options{Role: Connector, Relays: relays, testing: testOptions{gater: &wall{peer: host.ID()}}})
	relayed := dial(t, viewer, Target{ID: host.ID()})
	for _, c := range []struct {
		ours, theirs meet
		want         []string
	}{
		{meet{UDP: NATSymmetric}, meet{TCP: NATCone, UDPPort: 5001, TCPPort: 5001}, []string{"this side is behind a router that gives each connection another", "the other side is behind a router (NAT)", "port 5001 (UDP and TCP)"}},
		{meet{UDP: NATCone, TCP: NATSymmetric}, meet{UDP: NATSymmetric, TCP: NATCone, UDPPort: 5001, TCPPort: 5002}, []string{"each connection over TCP", "each connection over UDP", "port 5001 (UDP) or 5002 (TCP)"}},
		{meet{UDP: NATSymmetric}, meet{TCP: NATSymmetric}, []string{"IPv6 on both sides"}},
		{meet{UDP: NATBlocked}, meet{UDP: NATNone}, []string{"this side is without UDP", "the other side is behind a firewall", "letting UDP through"}},
	} {
		why, help := inTheWay(c.ours, c.theirs, ErrLost)
		why += "; " + help
		for _, want := range c.want {
			if !strings.Contains(why, want) {
				t.Errorf("it says %q, want %q in it", why, want)
			}
		}
	}
	for theirs, want := range map[uint16]int{0: hostPort(host.id), 5003: 5003} { // the host's own, or what an older one has
		if _, help := viewer.whyRelayed(host.id, meet{TCPPort: theirs}, ErrLost); !strings.Contains(help, fmt.Sprintf("port %d (", want)) {
			t.Errorf("it says %q, want port %d in it", help, want)
		}
	}
	relayed.stuck(meet{}, ErrLost)
	if p := relayed.Path(); !p.Direct && p.Why == "" {
		t.Error("the path does not say why it is relayed")
	}
}

func FuzzParseMeet(f *testing.F) {
	f.Add(appendMeet(nil, meet{Addrs: []string{"/ip4/9.9.9.9/udp/20123/quic-v1", "/ip6/2001:db8::7/tcp/20123"}, UDP: NATCone, TCP: NATSymmetric}))
	f.Add([]byte(`{"addrs":["/p2p-circuit","/ip4/1.2.3.4/tcp/0"],"udp":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, addrs, err := parseMeet(body)
		if err != nil {
			return
		}
		if len(addrs) > maxMeetAddrs {
			t.Errorf("%d addresses", len(addrs))
		}
		for _, a := range addrs {
			if !isDirect(a) || portOf(a) == "" {
				t.Errorf("%s is to be dialled", a)
			}
		}
		again, _, err := parseMeet(appendMeet(nil, m))
		if err != nil || again.UDP != m.UDP || again.TCP != m.TCP {
			t.Errorf("%+v is read again as %+v, %v", m, again, err)
		}
	})
}
