package auth

// A permission is a stream, and a session is a line that holds.

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rac/auth/config"
	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// echo is what stands behind the guard in these stories.
func echo(_ context.Context, s wire.Stream) error {
	_, err := io.Copy(s, s)
	return err
}

// opened opens a guarded stream and reports whether it was let through.
func (h *house) opened(from wire.PeerID, need Perm, pass *Pass) (wire.Stream, bool) {
	s := h.stream(from, h.gate.Guard(need, echo))
	pass.Attach(s)
	s.Write([]byte("x"))
	_, err := io.ReadFull(s, make([]byte, 1))
	return s, err == nil
}

func TestTheTicketOpensWhatTheSessionMay(t *testing.T) {
	story(t, func(h *house) {
		pass := h.viewer(annaID, right).in()
		for need, want := range map[Perm]bool{View: true, Control: true, Clipboard: true, Files: true, Forwarding: false} {
			s, ok := h.opened(annaID, need, pass)
			if ok != want {
				t.Errorf("%s: let through %t, want %t", need, ok, want)
			}
			s.Close()
		}
		if _, ok := h.opened(thiefID, View, pass); ok {
			t.Error("another peer's ticket was let through")
		}
		thief := h.viewer(thiefID, right).in()
		if _, ok := h.opened(thiefID, View, pass); ok {
			t.Error("another peer's ticket was let through, since the thief has a session of his own")
		}
		thief.Close(Closed)
		pass.Close(Closed)
		synctest.Wait()
		if _, ok := h.opened(annaID, View, pass); ok {
			t.Error("the ticket of a session that is over was let through")
		}
	})
}

func TestAGuestCannotOpenTheScreenManyTimes(t *testing.T) {
	story(t, func(h *house) {
		pass := h.viewer(annaID, right).in()
		for _, need := range []Perm{View, Control} {
			for n := range maxScreens + 1 {
				s, ok := h.opened(annaID, need, pass)
				if want := n < maxScreens; ok != want {
					t.Errorf("%s, stream %d: let through %t, want %t", need, n, ok, want)
				}
				defer s.Close()
			}
		}
		if s, ok := h.opened(annaID, Files, pass); !ok {
			t.Error("files were not let through")
		} else {
			s.Close()
		}
		pass.Close(Closed)
	})
}

func TestAStreamWithoutASessionIsNotEvenRead(t *testing.T) {
	story(t, func(h *house) {
		a, b := p2ptest.Pipe(0) // a Write returns only when it is read
		defer a.Close()
		if err := h.gate.Guard(View, echo)(h.ctx, thiefID, b); !errors.Is(err, errNoTicket) {
			t.Errorf("error %v", err)
		}
	})
}

func TestATicketThatDoesNotComeIsNotWaitedForLong(t *testing.T) {
	story(t, func(h *house) {
		pass := h.viewer(annaID, right).in()
		a, b := p2ptest.Pipe(100)
		a.Write(make([]byte, 31))
		start := time.Now()
		if err := h.gate.Guard(View, echo)(h.ctx, annaID, b); !errors.Is(err, errNoTicket) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(start); took != ticketTime {
			t.Errorf("waited %v", took)
		}
		pass.Close(Closed)
	})
}

func TestAWithdrawnPermissionIsAClosedStream(t *testing.T) {
	story(t, func(h *house) {
		pass := h.viewer(annaID, right).in()
		control, _ := h.opened(annaID, Control, pass)
		view, _ := h.opened(annaID, View, pass)
		h.edit(func(c *config.Config) { c.Permissions.Control = false })
		if _, err := control.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the control stream: %v", err)
		}
		view.Write([]byte("y"))
		if _, err := io.ReadFull(view, make([]byte, 1)); err != nil {
			t.Errorf("the view stream: %v", err)
		}
		h.edit(func(c *config.Config) { c.Unattended.Enabled = false })
		if _, err := view.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the view stream after the session: %v", err)
		}
		h.ended(pass, Disabled)
	})
}

func TestTheGuardedHandlerIsToldWhy(t *testing.T) {
	story(t, func(h *house) {
		pass := h.viewer(annaID, right).in()
		a, b := p2ptest.Pipe(100)
		result := make(chan error)
		var cause error
		go func() {
			result <- h.gate.Guard(Control, func(ctx context.Context, s wire.Stream) error {
				err := echo(ctx, s)
				cause = context.Cause(ctx)
				return err
			})(h.ctx, annaID, b)
		}()
		pass.Attach(a)
		synctest.Wait()
		h.gate.Kick("all")
		if err := <-result; !errors.Is(err, &Ended{Kicked}) || !errors.Is(cause, &Ended{Kicked}) {
			t.Errorf("the handler returned %v, saw %v", err, cause)
		}
		h.ended(pass, Kicked)
	})
}

func TestBytesOfASessionAreCounted(t *testing.T) {
	story(t, func(h *house) {
		pass := h.viewer(annaID, right).in()
		s, _ := h.opened(annaID, View, pass)
		synctest.Wait()
		if got := h.gate.Sessions()[0].Bytes; got != 2 {
			t.Errorf("%d bytes, want 2", got)
		}
		if got := (&Controller{Gate: h.gate, Public: true}).sessions()[0].Bytes; got != 0 {
			t.Errorf("strangers are told of %d bytes, want whole megabytes", got)
		}
		s.Close()
		pass.Close(Closed)
	})
}

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
		again, err := pass.Resume(h.ctx, h.line(annaID))
		if err != nil {
			t.Fatalf("the session is not resumed: %v", err)
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

func TestStreamsThatAreHereBeforeTheLoginStreamWaitForIt(t *testing.T) {
	story(t, func(h *house) {
		pass := h.lostSession(h.viewer(annaID, right))
		ok := make(chan bool)
		go func() { _, let := h.opened(annaID, View, pass); ok <- let }()
		time.Sleep(2 * time.Second)
		again, err := pass.Resume(h.ctx, h.line(annaID))
		if err != nil {
			t.Fatal(err)
		}
		if !<-ok {
			t.Error("the stream was not let through")
		}
		again.Close(Closed)
	})
}

func TestAnIdleSessionSendsOneSmallMessageASecond(t *testing.T) {
	story(t, func(h *house) {
		v := h.viewer(annaID, right)
		s := h.line(annaID)
		meter := &meter{Stream: s}
		pass, err := LogIn(h.ctx, meter, v.prover())
		if err != nil {
			t.Fatal(err)
		}
		writes, bytes := meter.writes.Load(), meter.bytes.Load()
		time.Sleep(time.Minute)
		writes, bytes = meter.writes.Load()-writes, meter.bytes.Load()-bytes
		if writes > 61 || bytes > 61*20 {
			t.Errorf("%d messages, %d bytes in a minute", writes, bytes)
		}
		pass.Close(Closed)
	})
}

type meter struct {
	wire.Stream
	writes, bytes atomic.Int64
}

func (m *meter) Write(p []byte) (int, error) {
	m.writes.Add(1)
	m.bytes.Add(int64(len(p)))
	return m.Stream.Write(p)
}

func TestAViewerThatIsInterruptedSaysGoodbye(t *testing.T) {
	story(t, func(h *house) {
		ctx, cancel := context.WithCancel(h.ctx)
		pass, err := LogIn(ctx, h.line(annaID), h.viewer(annaID, right).prover())
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		h.ended(pass, Closed)
		synctest.Wait()
		if n := len(h.gate.Sessions()); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
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
