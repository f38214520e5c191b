package x11_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"rac/screen/screentest"
	"rac/screen/x11"
)

func dial(t testing.TB, s *screentest.Server) *x11.Conn {
	t.Helper()
	c, err := x11.DialAuth(t.Context(), s.Display, s.Authority)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// window returns a new unmapped window that reports changes of properties.
func window(t testing.TB, c *x11.Conn) xproto.Window {
	t.Helper()
	w, err := xproto.NewWindowId(c.Conn)
	if err != nil {
		t.Fatal(err)
	}
	err = xproto.CreateWindowChecked(c.Conn, c.Screen.RootDepth, w, c.Root, 0, 0, 10, 10, 0,
		xproto.WindowClassInputOutput, c.Screen.RootVisual, xproto.CwEventMask, []uint32{xproto.EventMaskPropertyChange}).Check()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTwentyThousandUnreadEventsDoNotBlockReplies(t *testing.T) {
	c := dial(t, screentest.Xvfb(t, 64, 64))
	w := window(t, c)
	const n = 20_000
	for range n {
		xproto.ChangeProperty(c.Conn, xproto.PropModeReplace, w, xproto.AtomWmName, xproto.AtomString, 8, 1, []byte("x"))
	}
	if _, err := xproto.GetInputFocus(c.Conn).Reply(); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		ev, ok := c.PollEvent()
		if _, isProp := ev.(xproto.PropertyNotifyEvent); !ok || !isProp {
			t.Fatalf("event %d is %v", i, ev)
		}
	}
	if ev, ok := c.PollEvent(); ok {
		t.Errorf("one event too many: %v", ev)
	}
}

func TestWaitersLearnOfTheServersEnd(t *testing.T) {
	s := screentest.Xvfb(t, 64, 64)
	c := dial(t, s)
	done := make(chan error)
	go func() {
		_, err := c.NextEvent(context.Background())
		done <- err
	}()
	s.Kill()
	select {
	case err := <-done:
		if !errors.Is(err, x11.ErrClosed) {
			t.Errorf("NextEvent: %v, want ErrClosed", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("NextEvent still waits")
	}
	if _, err := xproto.GetInputFocus(c.Conn).Reply(); err == nil {
		t.Error("a dead server answers")
	}
	if c.Alive() {
		t.Error("the connection says that it stands")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestMemoryIsSharedWithTheServer(t *testing.T) {
	c := dial(t, screentest.Xvfb(t, 64, 64))
	seg, err := c.NewSegment(64 * 64 * 4)
	if err != nil {
		t.Fatal(err)
	}
	if len(seg.Mem) != 64*64*4 {
		t.Errorf("%d bytes", len(seg.Mem))
	}
	if err := seg.Close(); err != nil {
		t.Error(err)
	}
}
