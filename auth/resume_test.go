package auth

// A line that falls silent, and the session that goes on over another one.

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"rac/auth/config"
	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// wireTap sits between two ends and can be cut without either being told.
type wireTap struct {
	viewer  wire.Stream
	cut     chan struct{}
	cutBack chan struct{} // only what the host says is lost
}

func (h *house) tapped(handler wire.Handler, from wire.PeerID) *wireTap {
	v1, v2 := p2ptest.Pipe(64 << 10)
	h1, h2 := p2ptest.Pipe(64 << 10)
	tap := &wireTap{viewer: v1, cut: make(chan struct{}), cutBack: make(chan struct{})}
	copyUntilCut := func(to, from wire.Stream, back <-chan struct{}) {
		buf := make([]byte, 32<<10)
		for {
			n, err := from.Read(buf)
			select {
			case <-tap.cut:
				return // the bytes are gone
			case <-back:
				return
			default:
			}
			if err != nil {
				to.CloseWrite()
				return
			}
			to.Write(buf[:n])
		}
	}
	h.wg.Go(func() { copyUntilCut(h1, v2, nil) })
	h.wg.Go(func() { copyUntilCut(v2, h1, tap.cutBack) })
	h.wg.Go(func() {
		handler(h.ctx, from, h2)
		h2.Close()
	})
	return tap
}

// lostSession returns a pass whose line has just been cut.
func (h *house) lostSession(v *viewer) *Pass {
	h.t.Helper()
	tap := h.tapped(h.gate.Serve, v.id)
	pass, err := LogIn(h.ctx, tap.viewer, v.prover())
	if err != nil {
		h.t.Fatal(err)
	}
	close(tap.cut)
	<-pass.Done()
	time.Sleep(time.Second)
	return pass
}

func TestALineThatGoesSilentIsNoticedWithinFiveSecondsByBoth(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID, right)
		tap := h.tapped(h.gate.Serve, annaID)
		pass, err := LogIn(h.ctx, tap.viewer, v.prover())
		if err != nil {
			t.Fatal(err)
		}
		guarded, _ := h.opened(annaID, Control, pass)
		time.Sleep(time.Minute)
		start := time.Now()
		close(tap.cut)
		if _, err := guarded.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the guarded stream: %v", err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("the host noticed after %v", took)
		}
		<-pass.Done()
		if took := time.Since(start); took > 5*time.Second || !errors.Is(pass.Err(), &Ended{Lost}) {
			t.Errorf("the viewer noticed after %v: %v", took, pass.Err())
		}
		if s := h.gate.Sessions(); len(s) != 1 || !s[0].Lost {
			t.Errorf("sessions: %+v", s)
		}
		again, err := pass.Resume(h.ctx, farLine{h.line(annaID)})
		if err != nil {
			t.Fatalf("the session is not resumed: %v", err)
		}
		if rtt := again.RTT(); rtt != farAway {
			t.Errorf("a round trip on its new line takes %v, want %v", rtt, farAway)
		}
		if again.Auth != ByPassword || again.HostName != "den" || again.Perms() != pass.Perms() {
			t.Errorf("resumed: by %s at %s, may %s", again.Auth, again.HostName, again.Perms())
		}
		if _, ok := h.opened(annaID, Control, again); !ok {
			t.Error("the ticket opens nothing any more")
		}
		h.stays(again)
		again.Close(Closed)
	})
}

// farLine takes farAway for what is written to it.
type farLine struct{ wire.Stream }

const farAway = 80 * time.Millisecond

func (l farLine) Write(b []byte) (int, error) {
	time.Sleep(farAway)
	return l.Stream.Write(b)
}

func TestAnAcceptedSessionIsResumedWithoutAskingAgain(t *testing.T) {
	story(t, func(h *house) {
		h.edit(func(c *config.Config) { c.Unattended.PasswordHash = "" })
		go func() { h.person.answers <- AllowControl }()
		pass := h.lostSession(h.viewer(annaID))
		time.Sleep(9 * time.Minute)
		again, err := pass.Resume(h.ctx, h.line(annaID))
		if err != nil {
			t.Fatal(err)
		}
		if n := len(h.person.requests()); n != 1 {
			t.Errorf("asked %d times", n)
		}
		again.Close(Closed)
	})
}

func TestALostSessionIsForgottenAfterTenMinutes(t *testing.T) {
	story(t, func(h *house) {
		pass := h.lostSession(h.viewer(annaID, right))
		time.Sleep(resumeTime)
		if _, err := pass.Resume(h.ctx, h.line(annaID)); !errors.Is(err, &Refused{Code: CodeGone}) {
			t.Errorf("resumed: %v", err)
		}
		if last := h.told()[len(h.told())-1]; last.Kind != EventSessionEnd || last.Reason != Lost {
			t.Errorf("the last event is %+v", last)
		}
	})
}

func TestWhoComesBackToARevokedSessionIsToldSo(t *testing.T) {
	story(t, func(h *house) {
		pass := h.lostSession(h.viewer(annaID, right))
		h.edit(func(c *config.Config) { c.Unattended.Enabled = false })
		if _, err := pass.Resume(h.ctx, h.line(annaID)); !errors.Is(err, &Ended{Disabled}) {
			t.Errorf("resumed: %v", err)
		}
	})
}

func TestAnotherPeerCannotResumeASession(t *testing.T) {
	story(t, func(h *house) {
		pass := h.lostSession(h.viewer(annaID, right))
		if _, err := pass.Resume(h.ctx, h.line(thiefID)); !errors.Is(err, &Refused{Code: CodeGone}) {
			t.Errorf("resumed by a thief: %v", err)
		}
	})
}

func TestWhatResumesASessionIsGoodOnce(t *testing.T) {
	story(t, func(h *house) {
		first := h.lostSession(h.viewer(annaID, right))
		copied := &Pass{ticket: first.ticket, secret: first.secret} // by somebody who has read the viewer's memory
		second, err := first.Resume(h.ctx, h.line(annaID))
		if err != nil {
			t.Fatal(err)
		}
		h.stays(second)
		if _, err := copied.Resume(h.ctx, h.line(annaID)); !errors.Is(err, &Refused{Code: CodeGone}) {
			t.Errorf("resumed again by the same secret: %v", err)
		}
		h.stays(second)
		for range 3 { // each time by another secret
			third, err := second.Resume(h.ctx, h.line(annaID))
			if err != nil {
				t.Fatal(err)
			}
			if third.secret == second.secret {
				t.Error("the secret has stayed what it was")
			}
			second = third
		}
		second.Close(Closed)
	})
}

func TestALineThatBreaksWhileASessionIsResumedCostsNothing(t *testing.T) {
	story(t, func(h *house) {
		pass := h.lostSession(h.viewer(annaID, right))
		for range 3 { // the host's answer, with the next secret in it, is lost
			tap := h.tapped(h.gate.Serve, annaID)
			ctx, cancel := context.WithTimeout(h.ctx, time.Second)
			close(tap.cutBack)
			if _, err := pass.Resume(ctx, tap.viewer); err == nil {
				t.Fatal("resumed without an answer")
			}
			cancel()
		}
		again, err := pass.Resume(h.ctx, h.line(annaID))
		if err != nil {
			t.Fatalf("not resumed: %v", err)
		}
		h.stays(again)
		again.Close(Closed)
	})
}

func TestAViewerKnowsForHowLongItsHostWasSilent(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID, right)
		tap := h.tapped(h.gate.Serve, v.id)
		pass, err := LogIn(h.ctx, tap.viewer, v.prover())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if silent := time.Since(pass.Heard()); silent > time.Second {
			t.Errorf("silent for %v on a good line", silent)
		}
		close(tap.cut)
		time.Sleep(3 * time.Second)
		if silent := time.Since(pass.Heard()); silent < 3*time.Second || silent > 4*time.Second {
			t.Errorf("silent for %v after 3 s on a dead line", silent)
		}
		<-pass.Done()
	})
}

func TestALineThatComesAndGoesLeavesRoomForItsStreams(t *testing.T) {
	story(t, func(h *house) {
		pass := h.viewer(annaID, right).in()
		for range 3 * maxScreens {
			h.opened(annaID, View, pass) // and never closed: the line is dead before
			h.opened(annaID, Control, pass)
			next, err := pass.Resume(h.ctx, h.line(annaID))
			if err != nil {
				t.Fatal(err)
			}
			pass = next
			synctest.Wait()
		}
		for _, need := range []Perm{View, Control} {
			if _, ok := h.opened(annaID, need, pass); !ok {
				t.Errorf("a stream for %s is not let through", need)
			}
		}
		pass.Close(Closed)
	})
}

func TestALiveSessionMovesToABetterLine(t *testing.T) {
	story(t, func(h *house) {
		old := h.viewer(annaID, right).in()
		stream, _ := h.opened(annaID, View, old)
		better, err := old.Resume(h.ctx, h.line(annaID))
		if err != nil {
			t.Fatal(err)
		}
		<-old.Done()
		stream.Write([]byte("y"))
		if _, err := io.ReadFull(stream, make([]byte, 1)); err != nil {
			t.Errorf("a stream of the session was closed by the move: %v", err)
		}
		h.stays(better)
		if n := len(h.gate.Sessions()); n != 1 {
			t.Errorf("%d sessions", n)
		}
		better.Close(Closed)
	})
}
