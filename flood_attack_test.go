//go:build linux

package main

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/json"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/wire"
)

// The attacker of flood_test.go, in a process of his own. He is no rac: he speaks
// as little of the protocol as costs the host most, and hangs up only when the
// host does, since whoever wants a computer's connections does not give them back.

// attack is what an attacker does.
type attack struct {
	Host       string        // its multiaddr, ending in /p2p/ID
	Sources    []string      // the addresses that he has
	Identities int           // how many guess a password, one try each
	Rate       int           // of them a second
	Payers     int           // one in so many solves the puzzle that the host sets
	Logins     int           // half-open logins, each a byte at a time
	Handshakes int           // half-open connections, each a byte at a time
	For        time.Duration // no longer than that
}

// tally is what he tells of it, a line of JSON a second.
type tally struct {
	Calls    int            `json:"calls"`    // identities that have tried to connect to guess
	Failed   int            `json:"failed"`   // of them, those that did not come as far as the host's answer
	Guesses  int            `json:"guesses"`  // passwords that the host has let them check
	Puzzles  int            `json:"puzzles"`  // solved
	Refused  map[string]int `json:"refused"`  // by code
	Open     int            `json:"open"`     // connections held now by those who guess
	Dribbles int            `json:"dribbles"` // logins that were begun a byte at a time
	Shakes   int            `json:"shakes"`   // handshakes likewise
}

// attackVar has an attack in JSON.
const attackVar = "RAC_TEST_ATTACK"

// TestTheAttacker is not a test: TestTheOwnerGetsInDuringAFlood starts it.
func TestTheAttacker(t *testing.T) {
	text := os.Getenv(attackVar)
	if text == "" {
		return
	}
	var a attack
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(t.Context(), syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, a.For)
	defer cancel()
	if err := a.run(ctx); err != nil {
		t.Fatal(err)
	}
}

// attacker is an attack under way.
type attacker struct {
	attack
	addr  ma.Multiaddr
	id    peer.ID
	where string // addr, for net.Dial
	work  sync.WaitGroup

	mu    sync.Mutex
	tally tally
}

func (r *attacker) count(what func(*tally)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	what(&r.tally)
}

func (a attack) run(ctx context.Context) error {
	whole, err := ma.NewMultiaddr(a.Host)
	if err != nil {
		return err
	}
	r := &attacker{attack: a, tally: tally{Refused: map[string]int{}}}
	r.addr, r.id = peer.SplitAddr(whole)
	ip, _ := r.addr.ValueForProtocol(ma.P_IP4)
	port, _ := r.addr.ValueForProtocol(ma.P_TCP)
	r.where = net.JoinHostPort(ip, port)
	for i := range a.Logins {
		r.work.Go(func() { r.dribbleLogins(ctx, i) })
	}
	for i := range a.Handshakes {
		r.work.Go(func() { r.dribbleHandshakes(ctx, i) })
	}
	r.work.Go(func() { r.guessAll(ctx) })
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
			r.count(func(t *tally) { json.NewEncoder(os.Stdout).Encode(t) })
		case <-ctx.Done():
		}
	}
	r.work.Wait()
	return nil
}

// guessAll lets one identity after the other try, and goes on past the promised
// number until it is ended: there is no pause in which the owner could slip in.
func (r *attacker) guessAll(ctx context.Context) {
	tick := time.NewTicker(time.Second / time.Duration(r.Rate))
	defer tick.Stop()
	for n := 0; n < 2*r.Identities; n++ {
		select {
		case <-tick.C:
			r.work.Go(func() { r.guess(ctx, n) })
		case <-ctx.Done():
			return
		}
	}
}

// guess is one identity with one password, who then holds on to what it has.
func (r *attacker) guess(ctx context.Context, n int) {
	c, err := r.call(ctx, n)
	r.count(func(t *tally) { t.Calls++; t.Open++ })
	if err == nil {
		err = r.try(ctx, c, n%r.Payers == 0)
	}
	if err != nil {
		r.count(func(t *tally) { t.Failed++ })
	}
	if c != nil {
		c.hold(ctx)
	}
	r.count(func(t *tally) { t.Open-- })
}

// try is a password, as far as an attacker goes who wants to check a guess: the
// host's answer to his share is all that he needs.
func (r *attacker) try(ctx context.Context, c *caller, pays bool) error {
	l, err := c.login(ctx)
	if err != nil {
		return err
	}
	m, err := r.ask(l, callerHello, c.hello(), callerChallenge)
	if err != nil || m.Code != "" {
		return err
	}
	if m.Puzzle != nil && pays {
		solution, err := m.Puzzle.solve(ctx, c.id)
		if err != nil {
			return err
		}
		r.count(func(t *tally) { t.Puzzles++ })
		if err := l.say(callerProof, map[string]any{"method": "puzzle", "puzzle": solution}); err != nil {
			return err
		}
	}
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	m, err = r.ask(l, callerProof, map[string]any{"method": "password", "share": base64url(key.PublicKey().Bytes())}, callerProof)
	if err == nil && m.Code == "" {
		r.count(func(t *tally) { t.Guesses++ })
	}
	return err
}

// ask sends a message and waits for the answer; a refusal is counted.
func (r *attacker) ask(l *callerLogin, t wire.Type, body any, want wire.Type) (m callerMsg, err error) {
	if err := l.say(t, body); err != nil {
		return m, err
	}
	if m, err = l.hear(want); err == nil && m.Code != "" {
		r.count(func(t *tally) { t.Refused[m.Code]++ })
	}
	return m, err
}

// dribbleLogins begins one login after the other, and sends each a byte at a time.
// When the host cuts it, the next one begins at once.
func (r *attacker) dribbleLogins(ctx context.Context, n int) {
	for ctx.Err() == nil {
		c, err := r.call(ctx, n)
		for err == nil && ctx.Err() == nil {
			var l *callerLogin
			if l, err = c.login(ctx); err == nil {
				r.count(func(t *tally) { t.Dribbles++ })
				l.dribble(ctx, callerHello, c.hello())
			}
			pause(ctx, shortBreath)
		}
		c.hangUp()
		pause(ctx, shortBreath)
	}
}

// dribbleHandshakes does the same one layer below.
func (r *attacker) dribbleHandshakes(ctx context.Context, n int) {
	for ctx.Err() == nil {
		conn, err := r.dialer(n).DialContext(ctx, "tcp", r.where)
		if err == nil {
			r.count(func(t *tally) { t.Shakes++ })
			dribble(ctx, conn, []byte("\x13/multistream/1.0.0\n\x0b/tls/1.0.0\n"))
			conn.Close()
		}
		pause(ctx, shortBreath)
	}
}

// shortBreath is how long an attacker who was cut waits: he, too, has only so many
// ports and processors.
const shortBreath = 100 * time.Millisecond
