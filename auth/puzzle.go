package auth

// The puzzle: when strangers have used up the tries that there are for all of
// them, who wants one more pays with a second of computing. An owner on a new
// laptop pays it once; ten thousand guessers pay it for each guess.

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"rac/p2p/wire"
)

const (
	minPuzzle = 18 // bits: 0.05 s
	maxPuzzle = 24 // bits: 3 s, more on a small machine
	seedLen   = 16
)

// puzzle asks for 8 bytes so that SHA-256(label ‖ seed ‖ viewer ‖ bytes)
// starts with Bits zeros (hashcash).
type puzzle struct {
	Bits int `json:"bits"`
	Seed b64 `json:"seed"`
}

func newPuzzle(bits int) *puzzle {
	p := &puzzle{Bits: min(max(bits, minPuzzle), maxPuzzle), Seed: make(b64, seedLen)}
	rand.Read(p.Seed)
	return p
}

func (p *puzzle) check() error {
	switch {
	case p == nil:
		return nil
	case p.Bits < 0 || p.Bits > maxPuzzle:
		return fmt.Errorf("a puzzle of %d bits, at most %d are solved", p.Bits, maxPuzzle)
	case len(p.Seed) != seedLen:
		return errors.New("a puzzle without a seed")
	}
	return nil
}

// solved checks a solution. The viewer's ID is in it, so that nobody can have
// his puzzles solved by others' computers without giving them his key.
func (p *puzzle) solved(viewer wire.PeerID, solution []byte) bool {
	return len(solution) == 8 && leadingZeros(p.digest(viewer, solution)) >= p.Bits
}

func (p *puzzle) digest(viewer wire.PeerID, solution []byte) [32]byte {
	b := append([]byte("rac puzzle v1"), p.Seed...)
	b = append(append(b, viewer...), solution...)
	return sha256.Sum256(b)
}

func leadingZeros(sum [32]byte) int {
	return bits.LeadingZeros64(binary.BigEndian.Uint64(sum[:]))
}

// solve searches until it has found one, or ctx ends.
func (p *puzzle) solve(ctx context.Context, viewer wire.PeerID) ([]byte, error) {
	b := append([]byte("rac puzzle v1"), p.Seed...)
	b = append(append(b, viewer...), make([]byte, 8)...)
	tail := b[len(b)-8:]
	for n := uint64(0); ; n++ {
		if n%(1<<12) == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		binary.BigEndian.PutUint64(tail, n)
		if leadingZeros(sha256.Sum256(b)) >= p.Bits {
			return append([]byte(nil), tail...), nil
		}
	}
}
