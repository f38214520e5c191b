package tunnel

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// echo listens on this computer and hands each connection to serve.
func echo(t *testing.T, serve func(*net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() { defer c.Close(); serve(c.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() { l.Close(); work.Wait() })
	return l.Addr().String()
}

// pair is a TCP connection: what a program holds, and what Carry is given.
func pair(t *testing.T) (program, carried *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); s.Close() })
	return c.(*net.TCPConn), s.(*net.TCPConn)
}

func hostThatAllows(t *testing.T, rules ...string) *Host {
	t.Helper()
	parsed, err := ParseRules(rules)
	if err != nil {
		t.Fatal(err)
	}
	h := NewHost()
	h.Permit(parsed)
	return h
}

// carried is a tunnel that is up.
type carried struct {
	program *net.TCPConn
	viewer  chan error // what Carry returned
	host    chan error // what Serve returned
}

func carry(t *testing.T, ctx context.Context, h *Host, to string) *carried {
	t.Helper()
	a, b := p2ptest.Pipe(64 << 10)
	program, local := pair(t)
	r := &carried{program, make(chan error, 1), make(chan error, 1)}
	go func() { r.host <- h.Serve(ctx, b) }()
	address, err := parseAddress(to)
	if err != nil {
		t.Fatal(err)
	}
	go func() { r.viewer <- Carry(ctx, a, local, address) }()
	program.SetDeadline(time.Now().Add(20 * time.Second))
	return r
}

func TestBytesGoThereAndBackAndEachDirectionEndsByItself(t *testing.T) {
	// The server answers only when it has heard the end.
	addr := echo(t, func(c *net.TCPConn) {
		all, _ := io.ReadAll(c)
		c.Write(bytes.ToUpper(all))
	})
	r := carry(t, t.Context(), hostThatAllows(t, "localhost:*"), addr)
	question := bytes.Repeat([]byte("there and back "), 100_000)
	go func() { r.program.Write(question); r.program.CloseWrite() }()
	got, err := io.ReadAll(r.program)
	if err != nil || !bytes.Equal(got, bytes.ToUpper(question)) {
		t.Fatalf("%d bytes came back with %v, want %d", len(got), err, len(question))
	}
	for _, end := range []chan error{r.viewer, r.host} {
		if err := <-end; err != nil {
			t.Errorf("the tunnel ended with %v", err)
		}
	}
}

func TestTheServerMayTalkFirst(t *testing.T) {
	addr := echo(t, func(c *net.TCPConn) { io.WriteString(c, "SSH-2.0-test\n") })
	r := carry(t, t.Context(), hostThatAllows(t, "localhost:*"), addr)
	if got, err := io.ReadAll(r.program); err != nil || string(got) != "SSH-2.0-test\n" {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestWhatIsNotAllowedIsNotTried(t *testing.T) {
	dialled := make(chan string, 1)
	h := hostThatAllows(t, "localhost:22", "192.0.2.0/24:*")
	h.dial = func(_ context.Context, _, address string) (net.Conn, error) {
		dialled <- address
		return nil, syscall.ECONNREFUSED
	}
	r := carry(t, t.Context(), h, "localhost:23")
	var failed *Failed
	if err := <-r.viewer; !errors.As(err, &failed) || failed.Code != NotAllowed {
		t.Errorf("the viewer hears %v", err)
	}
	if _, err := io.ReadAll(r.program); err == nil {
		t.Error("the program took it for a connection that has ended well")
	}
	if len(dialled) > 0 {
		t.Errorf("the host dialled %s", <-dialled)
	}
	r = carry(t, t.Context(), h, "192.0.2.9:1")
	if err := <-r.viewer; !errors.As(err, &failed) || failed.Code != Refused {
		t.Errorf("a refused connection: the viewer hears %v", err)
	}
}

func TestTheHostSaysWhyItCannotConnect(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Code
	}{
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, Refused},
		{&net.DNSError{Err: "no such host", IsNotFound: true}, UnknownName},
		{context.DeadlineExceeded, NoAnswer},
		{syscall.EHOSTUNREACH, Unreachable},
	} {
		if got := codeOf(c.err); got != c.want {
			t.Errorf("%v: code %d, want %d", c.err, got, c.want)
		}
	}
}

func TestATunnelEndsWhenItIsNoLongerAllowed(t *testing.T) {
	addr := echo(t, func(c *net.TCPConn) { io.Copy(c, c) })
	h := hostThatAllows(t, "localhost:*")
	r := carry(t, t.Context(), h, addr)
	io.WriteString(r.program, "hello")
	io.ReadFull(r.program, make([]byte, 5))
	h.Permit(nil)
	if _, err := io.ReadAll(r.program); err == nil {
		t.Error("the program saw a regular end")
	}
	if err := <-r.host; !errors.As(err, new(*Failed)) {
		t.Errorf("the host's end: %v", err)
	}
	<-r.viewer
}

func TestATunnelEndsWithItsSession(t *testing.T) {
	addr := echo(t, func(c *net.TCPConn) { io.Copy(c, c) })
	ctx, cancel := context.WithCancel(t.Context())
	r := carry(t, ctx, hostThatAllows(t, "*:*"), addr)
	io.WriteString(r.program, "hello")
	io.ReadFull(r.program, make([]byte, 5))
	cancel()
	<-r.host
	<-r.viewer
	if _, err := io.ReadAll(r.program); err == nil {
		t.Error("the program saw a regular end")
	}
}

// TestASlowReaderHoldsUpTheSender: nothing piles up in between.
func TestASlowReaderHoldsUpTheSender(t *testing.T) {
	release := make(chan struct{})
	addr := echo(t, func(c *net.TCPConn) { <-release })
	r := carry(t, t.Context(), hostThatAllows(t, "*:*"), addr)
	r.program.SetWriteDeadline(time.Now().Add(time.Second))
	var sent int
	for block := make([]byte, 1<<20); ; {
		n, err := r.program.Write(block)
		if sent += n; err != nil {
			break
		}
		if sent > 64<<20 {
			t.Fatal("64 MiB went into a tunnel whose far end reads nothing")
		}
	}
	close(release)
	<-r.host
	<-r.viewer
}

func TestAHostileViewerGetsNoConnection(t *testing.T) {
	for name, line := range map[string]string{
		"nothing":      "",
		"too long":     "\x01\xff\xff\xff\xff",
		"no port":      "\x01\x00\x00\x00\x04host",
		"control":      "\x01\x00\x00\x00\x06a\nb:22",
		"port 0":       "\x01\x00\x00\x00\x0blocalhost:0",
		"another type": "\x07\x00\x00\x00\x00",
	} {
		h := hostThatAllows(t, "*:*")
		h.dial = func(context.Context, string, string) (net.Conn, error) {
			t.Errorf("%s: the host dials", name)
			return nil, io.EOF
		}
		a, b := p2ptest.Pipe(1 << 10)
		done := make(chan error, 1)
		go func() { done <- h.Serve(t.Context(), b) }()
		io.WriteString(a, line)
		a.CloseWrite()
		if err := <-done; err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestAHostileHostIsNotBelieved(t *testing.T) {
	for _, answer := range []string{
		"", "\x12\x00\x00\x00\x00", "\x12\x00\x00\x00\x02\x01\x01", "\x11\xff\xff\xff\xff",
		"\x21\x00\x00\x00\x01x", "\x22\x00\x00\x00\x00", // bytes before the connection is made
		"\x11\x00\x00\x00\x00\x21\x00\x00\x00\x05half", // and none after it was
	} {
		a, b := p2ptest.Pipe(1 << 10)
		program, local := pair(t)
		done := make(chan error, 1)
		go func() { done <- Carry(t.Context(), a, local, Address{"localhost", 22}) }()
		io.WriteString(b, answer)
		b.Close()
		if err := <-done; err == nil {
			t.Errorf("%q: no error", answer)
		}
		program.Close()
	}
}

func FuzzOpen(f *testing.F) {
	for _, s := range []string{"localhost:22", "[::1]:80", "192.0.2.1:65535", "a.example.:443", "[fe80::1%eth0]:1", "x:0", ":1"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := parseAddress(string(body))
		if err != nil {
			return
		}
		again, err := parseAddress(a.String())
		if err != nil || again != a {
			t.Errorf("%q is %v, which reads as %v, %v", body, a, again, err)
		}
		if strings.ContainsAny(a.Host, " \n\x00/") {
			t.Errorf("%q is an address", body)
		}
	})
}

// FuzzReceive: whatever a peer sends, a program gets no more than its data
// messages hold.
func FuzzReceive(f *testing.F) {
	f.Add([]byte("\x11\x00\x00\x00\x00\x21\x00\x00\x00\x03SSH\x22\x00\x00\x00\x00"))
	f.Add([]byte("\x12\x00\x00\x00\x01\x03"))
	f.Add([]byte("\x07\x00\x00\x00\x00\x11\x00\x00\x00\x00\x21\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, line []byte) {
		a, b := p2ptest.Pipe(len(line) + 1)
		b.Write(line)
		b.Close()
		program, c := net.Pipe()
		got := make(chan int, 1)
		go func() {
			n, _ := io.Copy(io.Discard, program)
			got <- int(n)
		}()
		err := (&joined{s: a, c: c}).receive(false)
		c.Close()
		var failed *Failed
		if errors.As(err, &failed) && failed.Error() == "" {
			t.Error("a failure without a text")
		}
		if n := <-got; n > max(0, len(line)-10) {
			t.Errorf("%d bytes came out of a line of %d", n, len(line))
		}
	})
}

func BenchmarkTunnel(b *testing.B) {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err == nil {
			io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	h := NewHost()
	rules, _ := ParseRules([]string{"*:*"})
	h.Permit(rules)
	x, y := p2ptest.Pipe(256 << 10)
	go h.Serve(b.Context(), y)
	if err := wire.NewWriter(x, maxBody).Write(msgOpen, []byte(l.Addr().String())); err != nil {
		b.Fatal(err)
	}
	if typ, _, err := wire.NewReader(x, maxBody).Next(); typ != msgOpened || err != nil {
		b.Fatal(typ, err)
	}
	w := wire.NewWriter(x, maxBody)
	block := make([]byte, piece)
	b.SetBytes(int64(len(block)))
	for b.Loop() {
		w.Write(msgData, block)
	}
	x.Close()
}
