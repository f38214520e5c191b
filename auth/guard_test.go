package auth

// A permission is a stream, and a session is a line that holds.

import (
	"context"
	"errors"
	"io"
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
