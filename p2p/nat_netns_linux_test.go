package p2p

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rac/p2p/p2ptest"
)

func TestOneRelayTellsTheKindOfANATForBothTransports(t *testing.T) {
	roles{
		"relay": relayRole,
		"viewer": func(t *testing.T, relay []string) {
			n := startInLab(t, Options{Role: Connector, Relays: relay})
			exact := func(k NATKind) bool { return k != NATUnknown && k != NATSome }
			began := time.Now()
			for (!exact(n.NAT().UDP) || !exact(n.NAT().TCP)) && time.Since(began) < 20*time.Second {
				rest(t.Context(), 5*time.Millisecond, nil)
			}
			fmt.Println("KIND", n.NAT().UDP, n.NAT().TCP, time.Since(began).Round(time.Millisecond))
		},
	}.play(t, func(t *testing.T) {
		delay := 20 * time.Millisecond
		lab := p2ptest.NewLab(t, p2ptest.Router{NAT: p2ptest.Symmetric, Delay: delay}, p2ptest.Router{NAT: p2ptest.Restricted, Delay: delay})
		relay := startRole(t, lab.Internet, "relay", "").reads(t, "RELAY ")
		for at, want := range map[p2ptest.Computer]NATKind{lab.A: NATSymmetric, lab.B: NATCone} {
			kind := startRole(t, at, "viewer", relay).reads(t, "KIND ")
			t.Log(kind)
			if !strings.HasPrefix(kind, fmt.Sprint(want, " ", want, " ")) {
				t.Errorf("seen as %s, want %s", kind, want)
			}
		}
	})
}
