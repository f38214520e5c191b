package p2p

import (
	"bytes"
	"fmt"
	"testing"

	ma "github.com/multiformats/go-multiaddr"
)

// newSights are those of a computer that listens on port 20123.
func newSights() *sights {
	return &sights{by: map[string]sight{}, ports: func() []ma.Multiaddr {
		return []ma.Multiaddr{ma.StringCast("/ip4/0.0.0.0/tcp/20123"), ma.StringCast("/ip4/0.0.0.0/udp/20123/quic-v1")}
	}}
}

// see is told by an observer on the internet, the nth, at which port it sees us.
func (s *sights) see(nth, port int, quic bool) bool {
	format := "/ip4/%s/tcp/%d"
	if quic {
		format = "/ip4/%s/udp/%d/quic-v1"
	}
	at := func(ip string, port int) ma.Multiaddr { return ma.StringCast(fmt.Sprintf(format, ip, port)) }
	return s.saw(at("192.168.1.7", 20123), at("11.1.0.10", 4000+nth), at("11.101.0.1", port))
}

func TestTheKindOfANATShowsInWhatTwoObserversSee(t *testing.T) {
	s := newSights()
	if got := s.kind("udp"); got != NATUnknown {
		t.Errorf("with no observer: %q", got)
	}
	s.see(1, 7001, true)
	if got := s.kind("udp"); got != NATSome {
		t.Errorf("with one observer: %q", got)
	}
	s.see(2, 7001, true)
	if got := s.kind("udp"); got != NATCone {
		t.Errorf("with two that see the same: %q", got)
	}
	s.see(3, 7002, true)
	if got := s.kind("udp"); got != NATSymmetric {
		t.Errorf("with two that see different ports: %q", got)
	}
	if got := s.kind("tcp"); got != NATUnknown {
		t.Errorf("over the other transport: %q", got)
	}
}

func TestALookFromAnotherPortThatASymmetricNATHasGivenIsNoMove(t *testing.T) {
	s := newSights()
	s.see(1, 7001, true)
	s.see(2, 7002, true)
	s.forget(ma.StringCast("/ip4/11.1.0.10/udp/4002/quic-v1"))
	if s.see(2, 7003, true) {
		t.Error("it counts as a move")
	}
	if got := s.kind("udp"); got != NATSymmetric || len(s.mapped()) != 2 {
		t.Errorf("seen at %v, %q", s.mapped(), got)
	}
}

func TestAfterARouterHasRestartedTheOldAddressIsForgotten(t *testing.T) {
	s := newSights()
	s.see(1, 7001, true)
	s.see(2, 7001, true)
	s.see(1, 7001, false)
	if s.see(1, 7001, true) {
		t.Error("the same sight again counts as a move")
	}
	if !s.see(1, 9001, true) {
		t.Error("another port does not count as a move")
	}
	if got := fmt.Sprint(s.mapped()); got != "[/ip4/11.101.0.1/udp/9001/quic-v1 /ip4/11.101.0.1/tcp/7001]" {
		t.Errorf("seen at %s", got)
	}
}

func TestASightFromAnotherPortOrNetworkIsOfNoUse(t *testing.T) {
	s := newSights()
	from, mapped := ma.StringCast("/ip4/11.1.0.10/tcp/4001"), ma.StringCast("/ip4/11.101.0.1/tcp/7001")
	s.saw(ma.StringCast("/ip4/192.168.1.7/tcp/50000"), from, mapped)                                                 // not a port that we listen on
	s.saw(ma.StringCast("/ip4/192.168.1.7/tcp/20123"), ma.StringCast("/ip4/192.168.1.1/tcp/4001"), mapped)           // a relay at home
	s.saw(ma.StringCast("/ip4/192.168.1.7/tcp/20123"), from, ma.StringCast("/ip4/192.168.1.7/tcp/20123"))            // no public address
	s.saw(ma.StringCast("/ip4/192.168.1.7/tcp/20123"), from, ma.StringCast("/ip4/11.101.0.1/udp/7001/quic-v1"))      // another transport
	s.saw(ma.StringCast("/ip4/192.168.1.7/tcp/20123"), ma.StringCast("/ip4/11.1.0.10/tcp/4001/p2p-circuit"), mapped) // not of our own line
	if got := s.mapped(); len(got) > 0 {
		t.Errorf("taken: %v", got)
	}
	for i := range 100 {
		s.see(i, 7000, true)
	}
	if len(s.by) > maxSights {
		t.Errorf("%d sights are remembered", len(s.by))
	}
}

// identifyMessage has a protocol's name and the observed address.
func identifyMessage(addr ma.Multiaddr) []byte {
	field := func(n byte, b []byte) []byte { return append([]byte{n<<3 | 2, byte(len(b))}, b...) }
	body := append(field(3, []byte("/rac/login/1")), field(4, addr.Bytes())...)
	return append([]byte{byte(len(body))}, body...)
}

func FuzzReadObserved(f *testing.F) {
	addr := ma.StringCast("/ip4/11.101.0.1/udp/7001/quic-v1")
	seed := identifyMessage(addr)
	if got, err := readObserved(bytes.NewReader(seed)); err != nil || !got.Equal(addr) {
		f.Fatalf("%v, %v, want %v", got, err, addr)
	}
	f.Add(seed)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, message []byte) {
		if got, err := readObserved(bytes.NewReader(message)); err == nil && len(got) == 0 {
			t.Error("no address and no error")
		}
	})
}
