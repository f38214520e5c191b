package auth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rac/auth/config"
	"rac/p2p/wire"
)

func TestAStrangerHasFiveTriesThenWaitsTwiceAsLongEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, g := newLimits(), guesser{peer: thiefID}
		for i := range strangerTries {
			if got := l.charge(g, false); got != (toll{}) {
				t.Fatalf("try %d costs %+v", i+1, got)
			}
		}
		for _, want := range []time.Duration{2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
			got := l.charge(g, false)
			if got.wait != want*time.Second {
				t.Fatalf("wait %v, want %v", got.wait, want*time.Second)
			}
			time.Sleep(got.wait)
			if got := l.charge(g, false); got != (toll{}) {
				t.Fatalf("after the wait: %+v", got)
			}
		}
		time.Sleep(forgetAfter)
		if got := l.charge(g, false); got != (toll{}) {
			t.Errorf("after an hour: %+v", got)
		}
	})
}

func TestManyIDsFromOneNetworkShareItsTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits()
		for i := range strangerTries {
			l.charge(guesser{peer: wire.PeerID(fmt.Sprint(i)), source: "11.1.2.0/24"}, false)
		}
		if got := l.charge(guesser{peer: "fresh", source: "11.1.2.0/24"}, false); got.wait != 2*time.Second {
			t.Errorf("a fresh ID from that network: %+v", got)
		}
		if got := l.charge(guesser{peer: "fresh", source: "12.1.2.0/24"}, false); got != (toll{}) {
			t.Errorf("from another network: %+v", got)
		}
	})
}

func TestTenThousandIDsPayWithPuzzlesAndTheOwnerDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits()
		free, dearest := 0, 0
		for i := range 10_000 {
			g := guesser{peer: wire.PeerID(fmt.Sprint(i)), source: fmt.Sprint("net ", i)}
			got := l.charge(g, false)
			if got == (toll{}) {
				free++
			} else {
				dearest = max(dearest, got.bits)
				l.charge(g, true)
			}
		}
		if free != allTries || dearest != maxPuzzle {
			t.Errorf("%d tries were free, the dearest cost %d bits", free, dearest)
		}
		if len(l.lanes) > maxLanes {
			t.Errorf("%d lanes are remembered", len(l.lanes))
		}
		owner := guesser{peer: annaID, known: true}
		for i := range knownTries {
			if got := l.charge(owner, false); got != (toll{}) {
				t.Fatalf("the owner's try %d: %+v", i+1, got)
			}
		}
		if got := l.charge(owner, false); got.wait != knownRefill || got.bits != 0 {
			t.Errorf("the owner's eleventh: %+v", got)
		}
		laptop := guesser{peer: "the owner's new laptop", source: "home"}
		if got := l.charge(laptop, false); got.bits < minPuzzle || got.wait != 0 {
			t.Errorf("the owner on a new laptop: %+v, want a puzzle and no wait", got)
		}
	})
}

func TestARightPasswordGivesTheTryBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, g := newLimits(), guesser{peer: annaID, source: "home"}
		for range 100 {
			if got := l.charge(g, false); got != (toll{}) {
				t.Fatalf("%+v", got)
			}
			l.forgive(g)
		}
	})
}

// The try is spent when the host's half is sent: with it a guess can be checked,
// whether or not the client says anything more.
func TestAGuessIsCountedEvenIfTheClientHangsUp(t *testing.T) {
	story(t, func(h *house) {
		for range strangerTries {
			r := h.raw(thiefID)
			r.spake(thiefID, "a guess")
			r.s.Close()
			time.Sleep(10 * time.Millisecond)
		}
		r := h.raw(thiefID)
		hello := newSpakeProver(binding{}, make([]byte, 32), make([]byte, 32), randomScalar())
		r.hello()
		r.say(msgProof, &proofMsg{Method: ByPassword, Share: hello.share})
		r.wantRefused(CodeThrottled, true)
		r.s.Close()
		if n := countEvents(h, CodePassword); n != strangerTries {
			t.Errorf("%d wrong passwords in the events, want %d", n, strangerTries)
		}
	})
}

func countEvents(h *house, code Code) (n int) {
	for _, e := range h.told() {
		if e.Kind == EventDenied && e.Code == code {
			n++
		}
	}
	return n
}

func TestAPersonSitsOutAShortThrottleAndIsToldOfALongOne(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID, strings.Fields("1 2 3 4 5 6 7 8 9 10 11 12 13")...)
		v.human = true
		start := time.Now()
		r := v.out(CodePassword)
		if r.RetryAfter != 64*time.Second {
			t.Errorf("told to wait %v", r.RetryAfter)
		}
		if took := time.Since(start); took != (2+4+8+16+32)*time.Second || len(v.questions) != 10 {
			t.Errorf("%d questions in %v", len(v.questions), took)
		}
		time.Sleep(r.RetryAfter)
		v.typed = []string{right}
		v.in().Close(Closed)
	})
}

func TestAKnownPeerIsNotHeldUpByAFlood(t *testing.T) {
	story(t, func(h *house) {
		h.viewer(annaID, right).in().Close(Closed) // from now on known
		h.gate.limits.all.used = 1000
		h.gate.limits.all.at = time.Now()
		start := time.Now()
		h.viewer(annaID, right).in().Close(Closed)
		if took := time.Since(start); took > time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestAFloodOfStrangersLosesMostAndKnownPeersLoseNothing(t *testing.T) {
	ss, dropped := newSlots(), 0
	drop := func(error) { dropped++ }
	for i := range 1000 {
		ss.take(guesser{peer: wire.PeerID(fmt.Sprint(i))}, stranger, drop)
	}
	if len(ss.taken) != maxStrangers || dropped != 1000-maxStrangers {
		t.Errorf("%d places taken, %d dropped", len(ss.taken), dropped)
	}
	lost := func(error) { t.Error("a known peer lost its place") }
	for i := range maxSlots - maxStrangers {
		if ss.take(guesser{peer: wire.PeerID(fmt.Sprint("known", i))}, known, lost) == nil {
			t.Error("no place for a known peer")
		}
	}
	for i := range 1000 {
		ss.take(guesser{peer: wire.PeerID(fmt.Sprint(i))}, stranger, drop)
	}
	unlucky := 0
	for i := range maxStrangers {
		s := ss.take(guesser{peer: wire.PeerID(fmt.Sprint("payer", i))}, stranger, func(error) { unlucky++ })
		if s == nil {
			t.Fatal("no place for one who wants to pay")
		}
		ss.raise(s, payer)
	}
	if unlucky != maxStrangers-maxPayers {
		t.Errorf("%d have paid in vain, want %d", unlucky, maxStrangers-maxPayers)
	}
	for i := range 1000 {
		ss.take(guesser{peer: wire.PeerID(fmt.Sprint("late", i))}, stranger, drop)
	}
	if unlucky != maxStrangers-maxPayers {
		t.Error("strangers pushed out those who have paid")
	}
}

func TestWhoComesAloneKeepsHisPlaceAgainstANetworkFullOfStrangers(t *testing.T) {
	for _, paid := range []bool{false, true} {
		ss := newSlots()
		come := func(name, source string, drop func(error)) {
			s := ss.take(guesser{peer: wire.PeerID(name), source: source}, stranger, drop)
			if s == nil {
				t.Fatal("no place")
			}
			if paid {
				ss.raise(s, payer)
			}
		}
		come("owner", "12.0.0.0/24", func(error) { t.Error("the owner lost his place") })
		for i := range 2000 {
			come(fmt.Sprint(i), fmt.Sprintf("11.0.%d.0/24", i%60), func(error) {})
		}
	}
}

func TestTwoLoginsAtATimeForOnePeer(t *testing.T) {
	story(t, func(h *house) {
		one, two := h.raw(thiefID), h.raw(thiefID)
		synctest.Wait()
		three := h.raw(thiefID)
		three.wantRefused(CodeBusy, false)
		for _, r := range []*raw{one, two, three} {
			r.s.Close()
		}
	})
}

func TestTheOwnerGetsInDuringAFloodOfHalfOpenLogins(t *testing.T) {
	story(t, func(h *house) {
		v := h.savedLogin(annaID)
		v.typed = nil
		var flood []*raw
		for i := range 500 {
			flood = append(flood, h.raw(wire.PeerID(fmt.Sprint("12D3KooWFlood", i))))
		}
		start := time.Now()
		v.in().Close(Closed)
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("the owner waited %v", took)
		}
		for _, r := range flood {
			r.s.Close()
		}
	})
}

func TestAskingIsLimitedForStrangersAsAWhole(t *testing.T) {
	story(t, func(h *house) {
		h.edit(func(c *config.Config) { c.Unattended.PasswordHash = "" })
		busy := false
		for i := range 20 {
			done := make(chan error)
			v := h.viewer(wire.PeerID(fmt.Sprint("12D3KooWNag", i)))
			go func() { _, err := v.logIn(); done <- err }()
			select {
			case h.person.answers <- Refuse:
				<-done
			case err := <-done:
				busy = busy || errors.Is(err, &Refused{Code: CodeBusy})
			}
		}
		if n := len(h.person.requests()); n != askTries || !busy {
			t.Errorf("the person was asked %d times, want %d", n, askTries)
		}
	})
}
