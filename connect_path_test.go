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
