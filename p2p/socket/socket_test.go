package socket

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// pair returns the two ends of a connection.
func pair(t *testing.T, network, address string) (a, b net.Conn) {
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial(network, l.Addr().String()); err == nil {
		b, err = l.Accept()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func quickly(c net.Conn) io.ReadWriter {
	bytes, _ := Quick(c)
	return bytes
}

func TestBytesGoBothWaysAtOnceAndEnd(t *testing.T) {
	for _, c := range []struct{ network, address string }{{"tcp", "127.0.0.1:0"}, {"unix", filepath.Join(t.TempDir(), "s")}} {
		a, b := pair(t, c.network, c.address)
		sent := make([]byte, 5<<20) // more than any buffer on the way
		rand.NewChaCha8([32]byte{1}).Read(sent)
		done := make(chan error, 2)
		for _, end := range []net.Conn{a, b} {
			go func() {
				_, err := quickly(end).Write(sent)
				end.(interface{ CloseWrite() error }).CloseWrite()
				done <- err
			}()
		}
		for _, end := range []net.Conn{a, b} {
			got, err := io.ReadAll(quickly(end))
			if err != nil || !bytes.Equal(got, sent) {
				t.Errorf("%s: %d bytes came of %d, error %v", c.network, len(got), len(sent), err)
			}
		}
		for range 2 {
			if err := <-done; err != nil {
				t.Errorf("%s: writing: %v", c.network, err)
			}
		}
	}
}

func TestADeadlineAndTheEndWakeWhoWaits(t *testing.T) {
	a, b := pair(t, "tcp", "127.0.0.1:0")
	a.SetDeadline(time.Unix(1, 0))
	if _, err := quickly(a).Read(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reading after the deadline: %v", err)
	}
	if n, err := quickly(a).Write(make([]byte, 9)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("writing after the deadline: %d, %v", n, err)
	}
	read := make(chan error)
	go func() {
		_, err := quickly(b).Read(make([]byte, 9))
		read <- err
	}()
	b.Close()
	if err := <-read; !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading from what is closed: %v", err)
	}
	if _, err := quickly(b).Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("writing to what is closed: %v", err)
	}
}

func TestWhatTwoWriteAtOnceStaysApart(t *testing.T) {
	a, b := pair(t, "tcp", "127.0.0.1:0")
	const each = 16 << 20 // more than any buffer on the way, so that they wait
	q := quickly(a)
	for _, c := range []byte{'a', 'b'} {
		go q.Write(bytes.Repeat([]byte{c}, each)) // ends with a
	}
	got := make([]byte, 2*each)
	if _, err := io.ReadFull(quickly(b), got); err != nil {
		t.Fatal(err)
	}
	if bytes.Count(got, []byte("ab"))+bytes.Count(got, []byte("ba")) != 1 {
		t.Error("it is mixed up")
	}
}

func TestWritingToAPeerThatIsGoneIsAnError(t *testing.T) {
	a, b := pair(t, "tcp", "127.0.0.1:0")
	b.(*net.TCPConn).SetLinger(0)
	b.Close()
	q := quickly(a)
	for {
		if _, err := q.Write(make([]byte, 1<<20)); err != nil {
			break
		}
	}
}

func TestWhatIsNoSocketIsUsedAsItIs(t *testing.T) {
	a, _ := net.Pipe()
	if bytes, ok := Quick(a); ok || bytes != io.ReadWriter(a) {
		t.Error("a pipe is taken for a socket")
	}
}

// What one side did before it wrote, the other may rely on after it has read: the race
// detector has to know, or it finds races where a socket is between two goroutines.
func TestWhatWasDoneBeforeTheWritingIsKnownAfterTheReading(t *testing.T) {
	a, b := pair(t, "tcp", "127.0.0.1:0")
	done := 0
	go func() {
		done++
		quickly(a).Write([]byte{1})
	}()
	if _, err := quickly(b).Read(make([]byte, 1)); err != nil || done != 1 {
		t.Error(done, err)
	}
}
