//go:build unix && !darwin

package input_test

// A program that reads late what was typed.

import (
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"rac/input"
	"rac/screen/screentest"
	"rac/screen/x11"
)

// lateProgram is a window with the focus that is busy for half a second whenever
// there is something to read, and only then asks what the keys mean. read gets
// each character. It answers window managers who ask whether it lives.
func lateProgram(t *testing.T, s *screentest.Server) (read chan rune) {
	t.Helper()
	w := watch(t, s)
	protocols, err := w.Atom("WM_PROTOCOLS")
	if err != nil {
		t.Fatal(err)
	}
	ping, err := w.Atom("_NET_WM_PING")
	if err != nil {
		t.Fatal(err)
	}
	focus, err := xproto.GetInputFocus(w.Conn.Conn).Reply()
	if err != nil {
		t.Fatal(err)
	}
	xproto.ChangeProperty(w.Conn.Conn, xproto.PropModeReplace, focus.Focus, protocols, xproto.AtomAtom, 32, 1, []byte{byte(ping), byte(ping >> 8), byte(ping >> 16), byte(ping >> 24)})
	read = make(chan rune, 1000)
	done := make(chan struct{})
	t.Cleanup(func() { w.Conn.Close(); <-done })
	go func() {
		defer close(done)
		for {
			ev, err := w.NextEvent(t.Context())
			if err != nil {
				return
			}
			time.Sleep(500 * time.Millisecond)
			for ok := true; ok; ev, ok = w.PollEvent() {
				w.react(ev, read)
			}
		}
	}()
	return read
}

// react does what programs do with an event, when they get to it.
func (w *watcher) react(ev any, read chan<- rune) {
	switch ev := ev.(type) {
	case xproto.KeyPressEvent:
		if m, err := xproto.GetKeyboardMapping(w.Conn.Conn, ev.Detail, 1).Reply(); err == nil {
			read <- x11.RuneOf(x11.Canonical(uint32(m.Keysyms[0])))
		}
	case xproto.ClientMessageEvent:
		ev.Window = w.Root
		xproto.SendEvent(w.Conn.Conn, false, w.Root, xproto.EventMaskSubstructureNotify|xproto.EventMaskSubstructureRedirect, string(ev.Bytes()))
	}
}

func TestAProgramThatReadsLateReadsWhatWasTyped(t *testing.T) {
	s := screentest.Xvfb(t, 200, 100)
	inj := openX11(t, s)
	read := lateProgram(t, s)
	var text []rune // three times as many as there are spare keycodes
	for i := range 60 {
		text = append(text, rune(0x4e00+i*37))
	}
	inject(t, inj, input.Text{Text: string(text[:30])})
	for _, r := range text[30:] { // and as an input method commits them
		inject(t, inj, input.Key{Down: true, Sym: x11.SymUnicode + uint32(r)}, input.Key{Sym: x11.SymUnicode + uint32(r)})
	}
	for i, want := range text {
		select {
		case got := <-read:
			if got != want {
				t.Fatalf("character %d is %q, want %q", i, got, want)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%d of %d characters", i, len(text))
		}
	}
}
