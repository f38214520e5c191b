package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestADeskAnswersTheRequestThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &Desk{LastControl: func() time.Time { return time.Time{} }}
		if err := d.Answer("", AllowView); err == nil {
			t.Error("an answer to nobody")
		}
		got := make(chan Answer)
		go func() { a, _ := d.Ask(t.Context(), Request{Peer: annaID}); got <- a }()
		synctest.Wait()
		if err := d.Answer(thiefID, AllowControl); err == nil {
			t.Error("an answer to another peer")
		}
		if w := d.Waiting(); w == nil || w.Peer != annaID {
			t.Errorf("waiting: %+v", w)
		}
		if err := d.Answer(annaID, AllowView); err != nil {
			t.Error(err)
		}
		if a := <-got; a != AllowView || d.Waiting() != nil {
			t.Errorf("answer %v", a)
		}
	})
}

// Who controls the computer could open a terminal in it and let his friend in.
func TestARequestIsNotAcceptedByCommandWhileSomebodyControlsTheComputer(t *testing.T) {
	story(t, func(h *house) {
		d := &Desk{LastControl: h.gate.LastControl}
		ask := func() chan Answer {
			got := make(chan Answer)
			go func() { a, _ := d.Ask(h.ctx, Request{Peer: thiefID}); got <- a }()
			synctest.Wait()
			return got
		}
		pass := h.viewer(annaID, right).in()
		got := ask()
		if err := d.Answer("", AllowView); err == nil {
			t.Error("accepted while a session has control")
		}
		pass.Close(Closed)
		time.Sleep(time.Second)
		if err := d.Answer("", AllowView); err == nil {
			t.Error("accepted although a session had control when the request came")
		}
		if err := d.Answer("", Refuse); err != nil {
			t.Errorf("a no is always possible: %v", err)
		}
		<-got
		time.Sleep(time.Second)
		got = ask()
		if err := d.Answer("", AllowView); err != nil {
			t.Errorf("nobody has had control since: %v", err)
		}
		<-got
	})
}

func TestTheFirstAnswerCountsAndTheOthersAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		terminal, window := &person{answers: make(chan Answer)}, &person{answers: make(chan Answer)}
		broken := failing{}
		go func() { window.answers <- AllowControl }()
		a, err := AnyOf(terminal, broken, window, &person{away: true}).Ask(t.Context(), Request{})
		if a != AllowControl || err != nil {
			t.Errorf("answer %v, %v", a, err)
		}
		if AnyOf(&person{away: true}).CanAsk() || AnyOf().CanAsk() || !AnyOf(terminal).CanAsk() {
			t.Error("CanAsk")
		}
		if a, err := AnyOf(broken, broken).Ask(t.Context(), Request{}); a != Refuse || err == nil {
			t.Errorf("of two that fail: %v, %v", a, err)
		}
	})
}

type failing struct{}

func (failing) CanAsk() bool { return true }
func (failing) Ask(context.Context, Request) (Answer, error) {
	return AllowControl, errors.New("no display")
}

func TestCommandsThroughTheSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	if _, err := (Command{Do: "status"}).Ask(path); !errors.Is(err, ErrNoHost) {
		t.Errorf("without a host: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil { // left over
		t.Fatal(err)
	}
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	h := newHouse(t, hashed(t, right))
	desk := &Desk{LastControl: h.gate.LastControl}
	c := &Controller{Gate: h.gate, Desk: desk, More: func() json.RawMessage { return json.RawMessage(`{"capture":"x11"}`) }}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- c.Serve(ctx, l) }()
	if _, err := Listen(path); err == nil {
		t.Error("a second host listens at the same place")
	}
	pass := h.viewer(annaID, right).in()
	reply, err := Command{Do: "status"}.Ask(path)
	if err != nil || len(reply.Sessions) != 1 || reply.Sessions[0].Peer != annaID || reply.Sessions[0].Perms != pass.Perms() || string(reply.More) != `{"capture":"x11"}` {
		t.Errorf("status: %+v, %v", reply, err)
	}
	if reply, err := (Command{Do: "invite", For: time.Minute, ViewOnly: true}).Ask(path); err != nil || len(strings.Split(reply.Code, "-")) != 4 {
		t.Errorf("invite: %+v, %v", reply, err)
	}
	for _, bad := range []Command{{Do: "accept"}, {Do: "kick", ID: "nobody"}, {Do: "shutdown"}, {Do: "invite"}} {
		if _, err := bad.Ask(path); err == nil || errors.Is(err, ErrNoHost) {
			t.Errorf("%s: %v", bad.Do, err)
		}
	}
	if reply, err := (Command{Do: "kick", ID: reply.Sessions[0].ID}).Ask(path); err != nil || reply.Kicked != 1 {
		t.Errorf("kick: %+v, %v", reply, err)
	}
	<-pass.Done()
	cancel()
	<-done
	h.wg.Wait()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}

func TestStrangersAreToldAndChangeNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "status.sock")
	l, err := ListenPublic(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	h := newHouse(t, hashed(t, right))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	c := &Controller{Gate: h.gate, Desk: &Desk{LastControl: h.gate.LastControl}, Public: true}
	go func() { done <- c.Serve(ctx, l) }()
	pass := h.viewer(annaID, right).in()
	reply, err := Command{Do: "status"}.Ask(path)
	if err != nil || len(reply.Sessions) != 1 || reply.Sessions[0].Peer != annaID {
		t.Errorf("status: %+v, %v", reply, err)
	}
	for _, do := range []string{"accept", "deny", "kick", "invite", ""} {
		if reply, err := (Command{Do: do, ID: "all", For: time.Minute}).Ask(path); err == nil || reply.Code != "" || reply.Kicked != 0 {
			t.Errorf("%q: %+v, %v, want a refusal", do, reply, err)
		}
	}
	if n := len(h.gate.Sessions()); n != 1 {
		t.Errorf("%d sessions are left, want 1", n)
	}
	pass.Close(Closed)
	cancel()
	<-done
	h.wg.Wait()
}

// shy is a listener that cannot accept at first.
type shy struct {
	net.Listener
	left int
}

func (s *shy) Accept() (net.Conn, error) {
	if s.left--; s.left >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return s.Listener.Accept()
}

func TestTheControlSocketIsThereAgainWhenThereAreFilesAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	c := &Controller{Desk: &Desk{LastControl: func() time.Time { return time.Time{} }}}
	go func() { done <- c.Serve(ctx, &shy{l, 2}) }()
	if _, err := (Command{Do: "deny"}).Ask(path); err == nil || errors.Is(err, ErrNoHost) {
		t.Errorf("got %v, want the host's answer", err)
	}
	cancel()
	<-done
}
