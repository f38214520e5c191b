package p2p

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"testing"
	"time"

	ma "github.com/multiformats/go-multiaddr"
)

// Answers of a router at 9.9.9.9, as RFC 6887 sections 7 and 11 and RFC 6886 section
// 3 draw them.
var (
	portmapAsked = portKey{udp: true, port: 20123}
	portmapNonce = [12]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
)

const (
	pcpGranted = "02810000" + "000004b0" + "00000007" + "000000000000000000000000" +
		"0102030405060708090a0b0c" + "11000000" + "4e9b" + "4e9c" + "00000000000000000000ffff09090909"
	pcpRefused   = "02810002" + "0000001e" + "00000007" + "000000000000000000000000"
	pmpGranted   = "00810000" + "00000007" + "4e9b" + "4e9c" + "000004b0"
	pmpIsAt      = "00800000" + "00000007" + "09090909"
	pmpSaysToPCP = "00800001" + "00000007"
)

func bytesOf(t testing.TB, text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestARouterIsAskedToForwardInTheWordsOfBothRFCs(t *testing.T) {
	ask := forwarding{portmapAsked, netip.AddrPortFrom(netip.Addr{}, 20123), forwardLife}
	for _, c := range []struct {
		name, want string
		got        []byte
	}{
		{"PCP", "02010000" + "000004b0" + "00000000000000000000ffffc0a80107" + "0102030405060708090a0b0c" + "11000000" + "4e9b" + "4e9b" + "00000000000000000000ffff00000000",
			appendPCP(nil, portmapNonce, netip.MustParseAddr("192.168.1.7"), ask)},
		{"PCP over IPv6", "02010000" + "000004b0" + "2a000000000000000000000000000007" + "0102030405060708090a0b0c" + "11000000" + "4e9b" + "4e9b" + "00000000000000000000000000000000",
			appendPCP(nil, portmapNonce, netip.MustParseAddr("2a00::7"), ask)},
		{"NAT-PMP", "00010000" + "4e9b" + "4e9b" + "000004b0", appendPMP(nil, ask)},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s: asked\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestARoutersAnswerIsUnderstoodByBothRFCs(t *testing.T) {
	for name, parse := range map[string]func([]byte) (forwarding, error){
		pcpGranted: func(b []byte) (forwarding, error) { return parsePCP(b, portmapNonce, portmapAsked) },
		pmpGranted: func(b []byte) (forwarding, error) { return parsePMP(b, portmapAsked) },
	} {
		f, err := parse(bytesOf(t, name))
		if err != nil || f.portKey != portmapAsked || f.outside.Port() != 20124 || f.life != 20*time.Minute {
			t.Errorf("%s is read as %v, %v", name, f, err)
		}
		for n := range len(name) / 2 {
			if f, err := parse(bytesOf(t, name[:2*n])); err == nil {
				t.Errorf("the first %d bytes of it are read as %v", n, f)
			}
		}
	}
	if f, _ := parsePCP(bytesOf(t, pcpGranted), portmapNonce, portmapAsked); f.outside.Addr() != netip.MustParseAddr("9.9.9.9") {
		t.Errorf("PCP forwards from %s", f.outside)
	}
	if ip, err := parsePMPAddress(bytesOf(t, pmpIsAt)); err != nil || ip != netip.MustParseAddr("9.9.9.9") {
		t.Errorf("NAT-PMP is at %s, %v", ip, err)
	}
	if _, err := parsePCP(bytesOf(t, pmpSaysToPCP), portmapNonce, portmapAsked); !errors.Is(err, errOtherVersion) {
		t.Errorf("who speaks NAT-PMP alone: %v", err)
	}
	if _, err := parsePCP(bytesOf(t, pcpRefused), portmapNonce, portmapAsked); err == nil || errors.Is(err, errStray) || errors.Is(err, errOtherVersion) {
		t.Errorf("a refusal: %v", err)
	}
	if _, err := parsePCP(bytesOf(t, pcpGranted), [12]byte{}, portmapAsked); !errors.Is(err, errStray) {
		t.Errorf("an answer to somebody else: %v", err)
	}
}

func TestOnlyPortsOfIPv4CanBeForwarded(t *testing.T) {
	f := &forwarder{to: portmapAnywhere4}
	f.set("PCP", nil, map[portKey]forwarding{portmapAsked: {portmapAsked, netip.MustParseAddrPort("9.9.9.9:20124"), time.Hour}})
	for listening, want := range map[string]string{
		"/ip4/0.0.0.0/udp/20123/quic-v1":   "/ip4/9.9.9.9/udp/20124/quic-v1",
		"/ip4/0.0.0.0/tcp/20123":           "",
		"/ip4/127.0.0.1/udp/20123/quic-v1": "",
		"/ip6/::/udp/20123/quic-v1":        "",
		"/p2p-circuit":                     "",
	} {
		got := ""
		if a := f.mapping(ma.StringCast(listening)); a != nil {
			got = a.String()
		}
		if got != want {
			t.Errorf("%s is forwarded from %q, want %q", listening, got, want)
		}
	}
}

func TestAForwardingIsRenewedAtHalfOfTheShortestLifeAndNeverInAHurry(t *testing.T) {
	other := portKey{port: 20123}
	for life, want := range map[time.Duration]time.Duration{time.Hour: forwardLife / 2, 4 * time.Minute: 2 * time.Minute, 0: forwardSoonest} {
		if got := dueOf(map[portKey]forwarding{portmapAsked: {life: life}, other: {life: time.Hour}}); got != want {
			t.Errorf("granted for %v it is renewed after %v, want %v", life, got, want)
		}
	}
}

func FuzzParsePortmap(f *testing.F) {
	for _, text := range []string{pcpGranted, pcpRefused, pmpGranted, pmpIsAt, pmpSaysToPCP} {
		f.Add(bytesOf(f, text))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		if got, err := parsePCP(answer, portmapNonce, portmapAsked); err == nil && (got.portKey != portmapAsked || !got.outside.IsValid()) {
			t.Errorf("PCP: %v", got)
		}
		if got, err := parsePMP(answer, portmapAsked); err == nil && got.portKey != portmapAsked {
			t.Errorf("NAT-PMP: %v", got)
		}
		if ip, err := parsePMPAddress(answer); err == nil && !ip.Is4() {
			t.Errorf("NAT-PMP: %v", ip)
		}
	})
}
