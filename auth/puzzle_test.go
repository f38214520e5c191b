package auth

// The puzzle that a stranger solves while many guess.

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestAFloodThatComesWhileThePasswordIsTypedCostsAPuzzle(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID, right)
		v.onType = func(context.Context) error {
			h.gate.limits.mu.Lock()
			defer h.gate.limits.mu.Unlock()
			h.gate.limits.all = bucket{used: 1000, at: time.Now()}
			return nil
		}
		v.in().Close(Closed)
		if len(v.notices) != 1 || v.notices[0].Code != CodeThrottled {
			t.Errorf("notices: %+v", v.notices)
		}
	})
}

func TestTheOwnerOnANewLaptopSolvesAPuzzle(t *testing.T) {
	story(t, func(h *house) {
		h.gate.limits.all.used = 1000
		h.gate.limits.all.at = time.Now()
		v := h.viewer("12D3KooWNewLaptop", right)
		v.in().Close(Closed)
		if len(v.notices) != 0 || h.gate.limits.paid.used != 1 {
			t.Errorf("notices: %+v; paid %v", v.notices, h.gate.limits.paid.used)
		}
		r := h.raw(thiefID)
		r.hello()
		share := newSpakeProver(binding{}, make([]byte, 32), make([]byte, 32), randomScalar()).share
		r.say(msgProof, &proofMsg{Method: ByPassword, Share: share})
		r.wantRefused(CodeThrottled, true)
		r.say(msgProof, &proofMsg{Method: ByPassword, Share: share, Puzzle: make(b64, 8)})
		r.wantRefused(CodeThrottled, true)
		r.s.Close()
	})
}

func TestASolutionIsForOneViewerAndOnePuzzle(t *testing.T) {
	p := newPuzzle(minPuzzle)
	solution, err := p.solve(context.Background(), annaID)
	if err != nil {
		t.Fatal(err)
	}
	if !p.solved(annaID, solution) {
		t.Error("the solution is not one")
	}
	if p.solved(thiefID, solution) || newPuzzle(minPuzzle).solved(annaID, solution) || p.solved(annaID, append(solution, 0)) {
		t.Error("the solution is good elsewhere")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.solve(ctx, annaID); !errors.Is(err, context.Canceled) {
		t.Errorf("solving goes on: %v", err)
	}
}

func BenchmarkPuzzle20Bits(b *testing.B) {
	for b.Loop() {
		newPuzzle(20).solve(context.Background(), annaID)
	}
}
