package p2p

import (
	"strings"
	"testing"
)

const (
	someID    = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"
	someRelay = "12D3KooWL3XJ9EMCyZvmmGXL2LMiVBtrVa2BuESsJiXkSj7333Jw"
)

func TestTargetsAreReadAsPeopleWriteThem(t *testing.T) {
	for _, c := range []struct{ text, id, addr, err string }{
		{someID, someID, "", ""},
		{" " + someID + "\n", someID, "", ""},
		{"/p2p/" + someID, someID, "", ""},
		{"/ip4/192.0.2.7/tcp/4001/p2p/" + someID, someID, "/ip4/192.0.2.7/tcp/4001", ""},
		{"/ip6/2001:db8::7/udp/4001/quic-v1/p2p/" + someID, someID, "/ip6/2001:db8::7/udp/4001/quic-v1", ""},
		{"/dns4/office.example/tcp/4001/p2p/" + someID, someID, "/dns4/office.example/tcp/4001", ""},
		{"/ip4/192.0.2.1/tcp/4001/p2p/" + someRelay + "/p2p-circuit/p2p/" + someID, someID, "/ip4/192.0.2.1/tcp/4001/p2p/" + someRelay + "/p2p-circuit", ""},

		{"", "", "", "is not a peer ID"},
		{"office", "", "", "is not a peer ID"},
		{someID[:51], "", "", "is not a peer ID"},
		{"/ip4/192.0.2.7/tcp/4001", "", "", "must end in /p2p/ID"},
		{"/ip4/192.0.2.7/p2p/" + someID, "", "", "neither /tcp/PORT nor /udp/PORT/quic-v1"},
		{"/ip4/192.0.2.7/udp/4001/p2p/" + someID, "", "", "neither /tcp/PORT nor /udp/PORT/quic-v1"},
		{"/ip4/192.0.2.7/tcp/4001/ws/p2p/" + someID, "", "", "/ws cannot be used"},
		{"/ip4/192.0.2.7/tcp/0/p2p/" + someID, "", "", "port 0"},
		{"/ip4/192.0.2.700/tcp/1/p2p/" + someID, "", "", "is not a multiaddr"},
	} {
		got, err := ParseTarget(c.text)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q: %v, want an error with %q", c.text, err, c.err)
			}
			continue
		}
		if err != nil || string(got.ID) != c.id || strings.Join(got.Addrs, " ") != c.addr {
			t.Errorf("%q: %+v, %v, want %s at %q", c.text, got, err, c.id, c.addr)
		}
	}
}

func TestAddressesAreCheckedForWhatTheyAreFor(t *testing.T) {
	relay := "/ip4/192.0.2.1/tcp/4001/p2p/" + someRelay
	for _, c := range []struct {
		check  func(string) error
		text   string
		refuse string // "": it is good
	}{
		{ValidateAddr, "/ip4/192.0.2.7/tcp/4001", ""},
		{ValidateAddr, relay + "/p2p-circuit", ""},
		{ValidateAddr, "192.0.2.7:4001", "is not a multiaddr"},
		{ValidateListen, "/ip4/0.0.0.0/tcp/0", ""},
		{ValidateListen, "/ip6/::/udp/4001/quic-v1", ""},
		{ValidateListen, relay, "must not name a peer"},
		{ValidateListen, relay + "/p2p-circuit", "must not name a peer"},
		{ValidateListen, "/dns4/office.example/tcp/1", "must begin with /ip4 or /ip6"},
		{ValidateRelay, relay, ""},
		{ValidateRelay, "/ip4/192.0.2.1/tcp/4001", "must end in /p2p/ID"},
		{ValidateRelay, relay + "/p2p-circuit/p2p/" + someID, "behind another relay"},
	} {
		err := c.check(c.text)
		if c.refuse == "" && err != nil || c.refuse != "" && (err == nil || !strings.Contains(err.Error(), c.refuse)) {
			t.Errorf("%q: %v, want %q", c.text, err, c.refuse)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	f.Add(someID)
	f.Add("/ip4/192.0.2.1/tcp/4001/p2p/" + someRelay + "/p2p-circuit/p2p/" + someID)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseTarget(text)
		if err != nil {
			return
		}
		for _, a := range got.Addrs {
			if again, err := ParseTarget(a + "/p2p/" + string(got.ID)); err != nil || again.Addrs[0] != a || again.ID != got.ID {
				t.Errorf("%q gives %+v and that %+v, %v", text, got, again, err)
			}
		}
		if again, err := ParsePeerID(string(got.ID)); err != nil || again != got.ID {
			t.Errorf("%q gives the ID %q and that %q, %v", text, got.ID, again, err)
		}
	})
}
