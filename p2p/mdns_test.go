package p2p

import (
	"fmt"
	"slices"
	"testing"

	ma "github.com/multiformats/go-multiaddr"
)

func TestWhatIsAskedAndAnsweredOnTheLANIsUnderstood(t *testing.T) {
	id, other := newIdentity(t), newIdentity(t)
	query, err := lanQuery(id.id)
	if err != nil {
		t.Fatal(err)
	}
	m, err := parseLAN(query)
	if err != nil || !slices.Contains(m.asked, lanKey(id.id)) || slices.Contains(m.asked, lanKey(other.id)) {
		t.Errorf("the query is read as %v, %v", m, err)
	}
	addrs := []ma.Multiaddr{ma.StringCast("/ip4/192.168.1.7/tcp/20123"), ma.StringCast("/ip6/fd00::7/udp/20123/quic-v1")}
	answer, err := lanAnswer(id.id, addrs)
	if err != nil {
		t.Fatal(err)
	}
	m, err = parseLAN(answer)
	if got := m.answered[lanKey(id.id)]; err != nil || len(m.asked) > 0 || fmt.Sprint(got) != fmt.Sprint(addrs) {
		t.Errorf("the answer is read as %v, %v, want %v", m, err, addrs)
	}
}

func TestAnAnswerFitsAPacketHoweverManyAddressesThereAre(t *testing.T) {
	var addrs []ma.Multiaddr
	for i := range 1000 {
		addrs = append(addrs, ma.StringCast(fmt.Sprintf("/ip6/2001:db8:1111:2222:3333:4444:5555:%x/udp/20123/quic-v1", i+0x1000)))
	}
	answer, err := lanAnswer(newIdentity(t).id, addrs)
	if err != nil || len(answer) > 1400 {
		t.Errorf("an answer of %d bytes, %v", len(answer), err)
	}
}

func TestALiarOnTheLANGivesNoOddAddresses(t *testing.T) {
	odd := []string{"", "dnsaddr=", "dnsaddr=/ip4/1.2.3.4/tcp/0", "dnsaddr=/dns4/evil.example/tcp/80", "/ip4/1.2.3.4/tcp/80",
		"dnsaddr=/ip4/1.2.3.4/tcp/80/ws", "dnsaddr=/ip4/1.2.3.4/tcp/80/p2p/" + someRelay + "/p2p-circuit", "dnsaddr=/p2p-circuit"}
	if got := lanAddrs(odd); len(got) > 0 {
		t.Errorf("taken: %v", got)
	}
}

func FuzzParseLAN(f *testing.F) {
	id := newIdentity(f)
	query, _ := lanQuery(id.id)
	answer, _ := lanAnswer(id.id, []ma.Multiaddr{ma.StringCast("/ip4/192.168.1.7/tcp/20123")})
	f.Add(query)
	f.Add(answer)
	f.Fuzz(func(t *testing.T, packet []byte) {
		m, err := parseLAN(packet)
		if err != nil {
			return
		}
		if len(m.asked) > maxRecords {
			t.Errorf("%d questions", len(m.asked))
		}
		for _, addrs := range m.answered {
			if len(addrs) > maxLANAddrs {
				t.Errorf("%d addresses", len(addrs))
			}
		}
	})
}
