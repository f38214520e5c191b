package p2p

import (
	"context"
	"fmt"
	"testing"
	"time"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// Two behind symmetric NATs are relayed, the host's line to its relay is QUIC. Then its
// network drops UDP: the host notices by the silence, and is back over TCP.
func TestARelayedHostWhoseUDPIsBlockedIsBackSoon(t *testing.T) {
	roles{
		"relay":  relayRole,
		"host":   hostRole,
		"viewer": callAgainAndAgain,
	}.play(t, func(t *testing.T) {
		nat := p2ptest.Router{NAT: p2ptest.Symmetric, Delay: 20 * time.Millisecond}
		lab := p2ptest.NewLab(t, nat, nat)
		relay := startRole(t, lab.Internet, "relay", "").reads(t, "RELAY ")
		again := noTCP(lab.B, "drop")
		id := startRole(t, lab.B, "host", relay).reads(t, "ID ")
		viewer := startRole(t, lab.A, "viewer", id+" "+relay)
		t.Log("relayed for", viewer.reads(t, "RELAYED "))
		again()
		nat.NoUDP = true
		lab.RouterB.Becomes(nat)
		took, err := time.ParseDuration(viewer.reads(t, "BACK "))
		t.Logf("back after %v", took)
		if err != nil || took > 10*time.Second { // 2.4 to 2.7 s; 6 s by asking each 2 s
			t.Errorf("back after %v, %v", took, err)
		}
	})
}

// callAgainAndAgain says RELAYED after a second of talk, and BACK and for how long it
// had nobody to talk to.
func callAgainAndAgain(t *testing.T, args []string) {
	n := startInLab(t, Options{Role: Connector, Relays: args[1:]})
	var s wire.Stream
	talk := func() bool {
		if s == nil {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			c, err := n.Dial(ctx, Target{ID: wire.PeerID(args[0])})
			if err == nil {
				s, err = c.Open(ctx, echo)
			}
			if err != nil {
				return false
			}
		}
		s.SetDeadline(time.Now().Add(500 * time.Millisecond))
		said := []byte("hello")
		if _, err := s.Write(said); err == nil {
			if _, err := s.Read(said); err == nil {
				return true
			}
		}
		s.Close()
		s = nil
		n.Revive(t.Context(), wire.PeerID(args[0]), 500*time.Millisecond)
		return false
	}
	began := time.Now()
	last := began
	told := false
	for time.Since(began) < time.Minute {
		if !talk() {
			continue
		}
		if told && time.Since(last) > 400*time.Millisecond {
			fmt.Println("BACK", time.Since(last).Round(time.Millisecond))
			return
		}
		last = time.Now()
		if !told && time.Since(began) > time.Second {
			told = true
			fmt.Println("RELAYED", time.Since(began).Round(time.Millisecond))
		}
		rest(t.Context(), 50*time.Millisecond, nil)
	}
}
