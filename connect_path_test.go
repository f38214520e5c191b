package main

import (
	"testing"

	"rac/p2p"
)

func TestAPathIsToldWhenItIsAnotherOrBackAgain(t *testing.T) {
	s := &session{}
	direct, relayed := p2p.Path{Direct: true}, p2p.Path{}
	s.news(relayed, false)
	for i, step := range []struct {
		path       p2p.Path
		lost, want bool
	}{{relayed, false, false}, {direct, false, true}, {direct, false, false}, {direct, true, true}, {relayed, true, true}, {direct, false, true}} {
		if got := s.news(step.path, step.lost); got != step.want {
			t.Errorf("step %d: told: %t", i, got)
		}
	}
}

func TestAPathIsToldOnceAndAgainWhenMoreIsKnown(t *testing.T) {
	s := &session{}
	hole := p2p.Path{Direct: true, Addr: "/ip4/192.0.2.1/udp/4001/quic-v1", Transport: "quic-v1"}
	relayed := p2p.Path{Addr: "/ip4/192.0.2.2/tcp/4001", Transport: "tcp"}
	why := relayed
	why.Why = "both have a symmetric NAT"
	for i, step := range []struct {
		path p2p.Path
		want bool
	}{{relayed, true}, {relayed, false}, {why, true}, {hole, true}, {hole, false}, {relayed, true}} {
		if got := s.other(step.path); got != step.want {
			t.Errorf("step %d: another path: %t", i, got)
		}
	}
}
