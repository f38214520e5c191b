package screen_test

// Viewers and hosts that keep to no rules.

import (
	"encoding/binary"
	"errors"
	"image"
	"log/slog"
	"strings"
	"testing"
	"time"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
	"rac/screen"
	"rac/screen/screentest"
)

func TestAMalformedAnswerEndsTheView(t *testing.T) {
	source := screentest.NewSource(64, 64)
	share := screen.NewShare(opens(source), slog.New(slog.DiscardHandler))
	for _, garbage := range []string{"\x12\x00\x00\x00\x01\x00", "\x11\x00\x00\x00\x00", "\x12\xff\xff\xff\xff"} {
		host, viewer := p2ptest.Pipe(1 << 20)
		viewer.Write([]byte(garbage))
		if err := share.Serve(t.Context(), host); err == nil {
			t.Errorf("answer %q was taken", garbage)
		}
	}
}

// TestAHostCannotConfuseTheViewer: what is no picture ends the view, and is told
// apart from a line that broke.
func TestAHostCannotConfuseTheViewer(t *testing.T) {
	for name, garbage := range map[string]string{
		"a frame before its display":  "\x02\x00\x00\x00\x11aaaabbbb\x00cccccccc",
		"a display without pixels":    "\x01\x00\x00\x00\x18" + strings.Repeat("\x00", 24),
		"a pointer that never came":   "\x03\x00\x00\x00\x04abcd",
		"a pointer larger than it is": "\x03\x00\x00\x00\x0c" + strings.Repeat("\xff", 12),
	} {
		host, viewer := p2ptest.Pipe(1 << 20)
		host.Write([]byte(garbage))
		if err := screen.View(t.Context(), viewer, screen.Want{}, &screentest.Recorder{}); !errors.Is(err, screen.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	host, viewer := p2ptest.Pipe(1 << 20)
	host.Write([]byte("\x01\x00\x00\x00\x18half"))
	host.CloseWrite()
	if err := screen.View(t.Context(), viewer, screen.Want{}, &screentest.Recorder{}); err == nil || errors.Is(err, screen.ErrMalformed) {
		t.Errorf("a broken line: %v", err)
	}
}

func FuzzView(f *testing.F) {
	f.Add([]byte("\x04\x00\x00\x00\x02hi"))
	f.Add([]byte("\x03\x00\x00\x00\x04abcd"))
	source := screentest.NewSource(40, 30)
	source.Fill(image.Rect(3, 3, 20, 20), 0x123456)
	f.Add(recorded(f, source))
	f.Fuzz(func(t *testing.T, data []byte) {
		host, viewer := p2ptest.Pipe(len(data) + 1<<16)
		host.Write(data)
		host.CloseWrite()
		screen.View(t.Context(), viewer, screen.Want{}, &screentest.Recorder{})
	})
}

// recorded returns what a host sends of a source's first picture.
func recorded(tb testing.TB, source screen.Source) []byte {
	host, viewer := p2ptest.Pipe(1 << 20)
	share := screen.NewShare(opens(source), slog.New(slog.DiscardHandler))
	go share.Serve(tb.Context(), host)
	viewer.Write([]byte("\x12\x00\x00\x00\x03\x00\x00\x00"))
	data := make([]byte, 300)
	n, err := viewer.Read(data)
	if err != nil {
		tb.Fatal(err)
	}
	viewer.Close()
	return data[:n]
}

// A viewer says what it wants again and again, takes what comes and answers nothing.
// The host neither fills its memory with what is not answered nor leaves the others
// without a picture; who answers at last gets his.
func TestAViewerThatWantsWithoutEndIsNotServedWithoutEnd(t *testing.T) {
	source := screentest.NewSource(300, 200)
	s := newStage(t, opens(source))
	host, far := p2ptest.Pipe(1 << 20)
	s.work.Go(func() { s.share.Serve(s.ctx, host) })
	t.Cleanup(func() { far.Close() })
	const msgDisplay, msgFrame, msgShown, msgWant, wants, enough = 0x01, 0x02, 0x11, 0x12, 3000, 1024
	w, r := wire.NewWriter(far, 64), wire.NewReader(far, 8<<20)
	told := make(chan uint32, 2*wants)
	frames := make(chan uint32, 2*wants)
	s.work.Go(func() {
		for {
			kind, body, err := r.Next()
			switch {
			case err != nil:
				return
			case kind == msgDisplay:
				told <- binary.BigEndian.Uint32(body)
			case kind == msgFrame:
				frames <- binary.BigEndian.Uint32(body)
			}
		}
	})
	displays, last, served := 0, uint32(0), true
	for i := range wants {
		if err := w.Write(msgWant, []byte{byte(i % 2), 0, 0}); err != nil {
			t.Fatal(err)
		}
		if !served {
			continue
		}
		select { // one after the other
		case last = <-told:
			displays++
		case <-time.After(time.Second):
			served = false
		}
	}
	other, _ := s.join(screen.Want{}, 1<<20)
	source.Fill(image.Rect(10, 10, 50, 50), 0x123456)
	s.wait(other, "the other viewer's picture", equals(source.Picture()))
	for len(told) > 0 {
		last = <-told
		displays++
	}
	if displays > enough {
		t.Errorf("%d displays went out unanswered", displays)
	}
	for len(frames) > 0 {
		<-frames
	}
	answer := func(seq uint32) {
		if err := w.Write(msgShown, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, seq), 0)); err != nil {
			t.Fatal(err)
		}
	}
	answer(last)
	for late := time.After(20 * time.Second); ; {
		select {
		case seq := <-told:
			answer(seq)
		case <-frames:
			return
		case <-late:
			t.Fatal("no picture for the one who answers")
		}
	}
}
