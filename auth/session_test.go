package auth

// How many sessions a host has, and who is told of them.

import (
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"rac/p2p/wire"
)

func TestSessionsThatAreLostMakeRoomForNewOnes(t *testing.T) {
	story(t, func(h *house) {
		for i := range maxSessions {
			s := &session{peer: wire.PeerID(fmt.Sprint("12D3KooWLost", i)), wants: AllPerms, basis: basis{method: ByAccept, granted: AllPerms}}
			if err := h.gate.admit(s, newSecret()); err != nil {
				t.Fatal(err)
			}
			if i > 0 {
				h.gate.lose(s, 1)
			}
			time.Sleep(time.Second)
		}
		pass := h.viewer(annaID, right).in()
		infos := h.gate.Sessions()
		if len(infos) != maxSessions || infos[0].Peer != "12D3KooWLost0" || infos[1].Peer != "12D3KooWLost2" {
			t.Errorf("%d sessions, the oldest are %s and %s", len(infos), infos[0].Peer, infos[1].Peer)
		}
		pass.Close(Closed)
	})
}

func TestWhenAllSessionsAreLiveTheNextIsRefused(t *testing.T) {
	story(t, func(h *house) {
		for i := range maxSessions {
			s := &session{peer: wire.PeerID(fmt.Sprint(i)), wants: AllPerms, basis: basis{method: ByAccept, granted: AllPerms}}
			if err := h.gate.admit(s, newSecret()); err != nil {
				t.Fatal(err)
			}
		}
		h.viewer(annaID, right).out(CodeBusy)
	})
}

func TestAGuestCannotFillTheHouse(t *testing.T) {
	g := &Gate{sessions: map[[32]byte]*session{}, o: Options{Log: slog.New(slog.DiscardHandler)}}
	for i := range maxOfPeer {
		g.sessions[[32]byte{byte(i)}] = &session{peer: annaID, state: live}
	}
	if !g.fullLocked(annaID) {
		t.Errorf("a guest may have %d sessions and more", maxOfPeer)
	}
	if g.fullLocked(thiefID) {
		t.Error("one guest keeps out another")
	}
}

func TestAnObserverThatBlocksHoldsUpNobody(t *testing.T) {
	story(t, func(h *house) {
		stuck := make(chan struct{})
		h.gate.o.Observe = func(Event) { <-stuck }
		for range 3 {
			h.viewer(annaID, right).in().Close(Closed)
			synctest.Wait()
		}
		close(stuck)
	})
}

func TestAFloodOfDenialsHidesNoSession(t *testing.T) {
	story(t, func(h *house) {
		began, blocked := false, make(chan struct{})
		h.gate.o.Observe = func(e Event) {
			<-blocked
			began = began || e.Kind == EventSessionStart
		}
		for n := range 2 * maxUntold {
			h.gate.observe(Event{Kind: EventDenied, Peer: thiefID, Code: CodePassword})
			if n == 0 {
				synctest.Wait() // the observer has it, and blocks
			}
		}
		pass := h.viewer(annaID, right).in()
		close(blocked)
		synctest.Wait()
		if !began {
			t.Error("nobody was told that a session began")
		}
		pass.Close(Closed)
	})
}
