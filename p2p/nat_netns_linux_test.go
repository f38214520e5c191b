package p2p

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"rac/p2p/p2ptest"
)

func TestOneRelayTellsTheKindOfANATForBothTransports(t *testing.T) {
	switch role, args := os.Getenv(netRole), strings.Fields(os.Getenv("P2P_TEST_ARGS")); role {
	case "relay":
		where := []string{"/ip4/" + p2ptest.ServerAddr + "/tcp/0", "/ip4/" + p2ptest.ServerAddr + "/udp/0/quic-v1"}
		fmt.Println("RELAY", strings.Join(startOwnRelay(t, RelayOptions{Listen: where}).Addrs(), " "))
		io.Copy(io.Discard, os.Stdin)
	case "viewer":
		n := startInLab(t, Options{Role: Connector, Relays: args})
		exact := func(k NATKind) bool { return k != NATUnknown && k != NATSome }
		began := time.Now()
		for (!exact(n.NAT().UDP) || !exact(n.NAT().TCP)) && time.Since(began) < 20*time.Second {
			rest(t.Context(), 5*time.Millisecond, nil)
		}
		fmt.Println("KIND", n.NAT().UDP, n.NAT().TCP, time.Since(began).Round(time.Millisecond))
	default:
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
	}
}
