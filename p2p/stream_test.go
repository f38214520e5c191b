package p2p

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"rac/p2p/wire"
)

// eachTransport runs a story with a stream between a viewer and a host, whose
// end comes out of hosts.
func eachTransport(t *testing.T, story func(t *testing.T, viewer, host wire.Stream)) {
	for _, transport := range []string{"tcp", "quic-v1"} {
		t.Run(transport, func(t *testing.T) {
			host := start(t, Options{})
			hosts := make(chan wire.Stream)
			over := make(chan struct{})
			t.Cleanup(func() { close(over) })
			host.Handle(echo, func(_ context.Context, _ wire.PeerID, s wire.Stream) error {
				if _, err := io.ReadFull(s, make([]byte, 1)); err != nil {
					return err
				}
				s.Write([]byte{0})
				hosts <- s
				<-over
				return nil
			})
			s := open(t, dial(t, start(t, Options{Role: Connector}), at(host, transport)), echo)
			if _, err := s.Write([]byte{0}); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(s, make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			story(t, s, <-hosts)
		})
	}
}

func TestCloseWakesWhoReadsAndWhoWrites(t *testing.T) {
	eachTransport(t, func(t *testing.T, viewer, host wire.Stream) {
		reading, writing := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := viewer.Read(make([]byte, 1))
			reading <- err
		}()
		go func() {
			for {
				if _, err := viewer.Write(make([]byte, 1<<20)); err != nil {
					writing <- err
					return
				}
			}
		}()
		time.Sleep(50 * time.Millisecond) // let the windows fill; it holds without, too
		viewer.Close()
		for name, c := range map[string]chan error{"Read": reading, "Write": writing} {
			select {
			case err := <-c:
				if !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("%s: %v, want io.ErrClosedPipe", name, err)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("%s was not woken", name)
			}
		}
		host.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.Copy(io.Discard, host); err == nil {
			t.Error("the host takes half of a Write for a whole stream")
		}
	})
}

func TestWhatWasWrittenBeforeCloseArrives(t *testing.T) {
	eachTransport(t, func(t *testing.T, viewer, host wire.Stream) {
		sent := make([]byte, 200<<10)
		rand.Read(sent)
		if _, err := viewer.Write(sent); err != nil {
			t.Fatal(err)
		}
		viewer.Close()
		time.Sleep(50 * time.Millisecond) // the end arrives before the first Read
		host.SetDeadline(time.Now().Add(20 * time.Second))
		got, err := io.ReadAll(host)
		if err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%d bytes arrived, %v, want all %d", len(got), err, len(sent))
		}
	})
}

func TestAWriterLearnsThatThePeerHasClosed(t *testing.T) {
	eachTransport(t, func(t *testing.T, viewer, host wire.Stream) {
		viewer.Close()
		host.SetDeadline(time.Now().Add(20 * time.Second))
		for {
			_, err := host.Write(make([]byte, 64<<10))
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("the host writes on")
			}
			if err != nil {
				return
			}
		}
	})
}

func TestADeadlinePassesAndCanBeLifted(t *testing.T) {
	eachTransport(t, func(t *testing.T, viewer, host wire.Stream) {
		viewer.SetDeadline(time.Now().Add(time.Millisecond))
		if _, err := viewer.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Read: %v, want os.ErrDeadlineExceeded", err)
		}
		viewer.SetDeadline(time.Time{})
		host.Write([]byte("late"))
		got := make([]byte, 4)
		if _, err := io.ReadFull(viewer, got); err != nil || string(got) != "late" {
			t.Errorf("afterwards: %q, %v", got, err)
		}
	})
}

func TestAClosedStreamStaysClosed(t *testing.T) {
	eachTransport(t, func(t *testing.T, viewer, host wire.Stream) {
		viewer.Close()
		viewer.Close()
		if _, err := viewer.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("Write: %v", err)
		}
		if _, err := viewer.Read(make([]byte, 1)); err == nil {
			t.Error("Read works")
		}
		if err := viewer.SetDeadline(time.Time{}); err == nil {
			t.Error("SetDeadline works")
		}
	})
}
