package p2p

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"rac/p2p/wire"
)

const echo wire.Protocol = "/rac/echo/1"

// loopback is where the nodes of a test listen: two nodes of different tests
// must not find each other.
var loopback = []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"}

// newIdentity is one that no file remembers.
func newIdentity(t testing.TB) *Identity {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, err := identityOf(key)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// start starts a node on loopback that ends with the test.
func start(t testing.TB, o Options) *Node {
	t.Helper()
	if o.Identity == nil {
		o.Identity = newIdentity(t)
	}
	if o.Listen == nil {
		o.Listen = loopback
	}
	if os.Getenv("P2P_LOG") != "" {
		o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	n, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

func serveEcho(_ context.Context, _ wire.PeerID, s wire.Stream) error {
	_, err := io.Copy(s, s)
	return err
}

// at is the target of n at its addresses of one transport.
func at(n *Node, transport string) Target {
	t := Target{ID: n.ID()}
	for _, a := range n.Addrs() {
		if strings.Contains(a, transport) {
			t.Addrs = append(t.Addrs, strings.TrimSuffix(a, "/p2p/"+string(n.ID())))
		}
	}
	return t
}

func dial(t testing.TB, n *Node, target Target) *Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, err := n.Dial(ctx, target)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func open(t testing.TB, c *Conn, proto wire.Protocol) wire.Stream {
	t.Helper()
	s, err := c.Open(t.Context(), proto)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// say sends a line over s to an echo and checks what comes back.
func say(t testing.TB, s wire.Stream, text string) {
	t.Helper()
	s.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(s, text); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(s, got); err != nil || string(got) != text {
		t.Fatalf("echo of %q: %q, %v", text, got, err)
	}
}

func TestAStreamCarriesBytesBothWays(t *testing.T) {
	for _, transport := range []string{"tcp", "quic-v1"} {
		t.Run(transport, func(t *testing.T) {
			host := start(t, Options{})
			viewer := start(t, Options{Role: Connector})
			var seen wire.PeerID
			var remote wire.Remote
			host.Handle(echo, func(ctx context.Context, from wire.PeerID, s wire.Stream) error {
				seen, remote = from, wire.RemoteOf(s)
				return serveEcho(ctx, from, s)
			})
			c := dial(t, viewer, at(host, transport))
			s := open(t, c, echo)
			say(t, s, "hello")
			s.CloseWrite()
			if rest, err := io.ReadAll(s); err != nil || len(rest) > 0 {
				t.Errorf("after the end: %q, %v", rest, err)
			}
			if seen != viewer.ID() || c.ID() != host.ID() {
				t.Errorf("the host saw %s and the viewer %s, want %s and %s", seen, c.ID(), viewer.ID(), host.ID())
			}
			if remote.Source != "127.0.0.0/24" || !remote.Direct {
				t.Errorf("the stream came from %+v, want directly from 127.0.0.0/24", remote)
			}
			for c.Path().RTT == 0 {
				runtime.Gosched() // it is measured beside what comes first
			}
			if p := c.Path(); !p.Direct || p.Transport != transport || p.RTT <= 0 || !strings.HasPrefix(p.String(), "direct, ") {
				t.Errorf("path %+v (%s), want a direct one over %s with a round trip", p, p, transport)
			}
		})
	}
}

func TestAHostListensOnLoopbackAndTCPAmongOthers(t *testing.T) {
	id := newIdentity(t)
	n, err := Start(t.Context(), Options{Identity: id})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	addrs := strings.Join(n.Addrs(), "\n")
	for _, want := range []string{"/ip4/127.0.0.1/tcp/", "/ip4/127.0.0.1/udp/", "/quic-v1/p2p/" + string(id.ID())} {
		if !strings.Contains(addrs, want) {
			t.Errorf("addresses\n%s\nlack %s", addrs, want)
		}
	}
	if port := fmt.Sprintf("/tcp/%d/", hostPort(id.id)); !strings.Contains(addrs, port) {
		t.Errorf("addresses\n%s\nlack the host's own port %s", addrs, port)
	}
}

func TestTwoHostsOfOneKeyDoNotFightForThePort(t *testing.T) {
	id := newIdentity(t)
	taken := map[string]int{}
	for range 2 {
		n, err := Start(t.Context(), Options{Identity: id})
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		for _, a := range n.Addrs() {
			if strings.Contains(a, "/tcp/") {
				taken[strings.TrimSuffix(a, string(id.ID()))]++
			}
		}
	}
	for a, n := range taken {
		if n > 1 {
			t.Errorf("%d hosts listen on %s", n, a)
		}
	}
}

func TestAnAddressToListenOnThatIsTakenIsAnError(t *testing.T) {
	first := start(t, Options{})
	taken := at(first, "tcp").Addrs[:1]
	n, err := Start(t.Context(), Options{Identity: newIdentity(t), Listen: taken})
	if err == nil {
		n.Close()
		t.Fatal("two nodes listen on the same port")
	}
	if !strings.Contains(err.Error(), taken[0]) {
		t.Errorf("error %q does not name %s", err, taken[0])
	}
}

func TestAStreamThatNobodyServesIsRefused(t *testing.T) {
	host := start(t, Options{})
	host.Handle(echo, serveEcho)
	viewer := start(t, Options{Role: Connector})
	c := dial(t, viewer, at(host, "tcp"))
	if _, err := c.Open(t.Context(), "/rac/unknown/1"); !errors.Is(err, ErrRefused) {
		t.Errorf("an unknown protocol: %v, want ErrRefused", err)
	}
	back := dial(t, host, at(viewer, "tcp"))
	if _, err := back.Open(t.Context(), echo); !errors.Is(err, ErrRefused) {
		t.Errorf("a stream to a viewer: %v, want ErrRefused", err)
	}
}

func TestAnotherComputerAtTheAddressIsNamed(t *testing.T) {
	for _, transport := range []string{"tcp", "quic-v1"} {
		t.Run(transport, func(t *testing.T) {
			other := start(t, Options{})
			viewer := start(t, Options{Role: Connector})
			target := at(other, transport)
			target.ID = newIdentity(t).ID()
			_, err := viewer.Dial(t.Context(), target)
			if !errors.Is(err, ErrWrongPeer) || !errors.Is(err, ErrUnreachable) {
				t.Fatalf("dial: %v, want ErrWrongPeer", err)
			}
			if !strings.Contains(err.Error(), string(other.ID())) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q does not name the other in one line", err)
			}
		})
	}
}

func TestAnAddressWithNobodyBehindItFailsAtOnce(t *testing.T) {
	viewer := start(t, Options{Role: Connector})
	began := time.Now()
	_, err := viewer.Dial(t.Context(), Target{ID: newIdentity(t).ID(), Addrs: []string{"/ip4/127.0.0.1/tcp/9"}})
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("dial: %v, want ErrUnreachable and the reason", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestCloseWaitsForHandlersAndDeliversWhatTheyWroteLast(t *testing.T) {
	for _, transport := range []string{"tcp", "quic-v1"} {
		t.Run(transport, func(t *testing.T) {
			host := start(t, Options{})
			viewer := start(t, Options{Role: Connector})
			const goodbye = "stopped"
			ended := false
			host.Handle(echo, func(ctx context.Context, _ wire.PeerID, s wire.Stream) error {
				io.ReadFull(s, make([]byte, 5))
				<-ctx.Done()
				io.WriteString(s, goodbye)
				ended = true
				return nil
			})
			s := open(t, dial(t, viewer, at(host, transport)), echo)
			io.WriteString(s, "hello")
			got := make(chan string)
			go func() {
				text, _ := io.ReadAll(s)
				got <- string(text)
			}()
			for len(host.openStreams()) == 0 {
				runtime.Gosched()
			}
			if err := host.Close(); err != nil || !ended {
				t.Errorf("closed with error %v, handler ended: %v", err, ended)
			}
			if text := <-got; text != goodbye {
				t.Errorf("the viewer read %q, want %q", text, goodbye)
			}
		})
	}
}

func (n *Node) openStreams() []*stream {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []*stream
	for s := range n.streams {
		all = append(all, s)
	}
	return all
}

func TestCloseDoesNotHangOnAHandlerThatReadsForEver(t *testing.T) {
	host := start(t, Options{})
	viewer := start(t, Options{Role: Connector})
	host.Handle(echo, serveEcho)
	s := open(t, dial(t, viewer, at(host, "tcp")), echo)
	say(t, s, "hello")
	closed := make(chan struct{})
	go func() { host.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(30 * time.Second):
		t.Fatal("Close hangs")
	}
	if _, err := s.Read(make([]byte, 1)); err == nil {
		t.Error("the viewer's stream lives on")
	}
}

func TestNoGoroutineOutlivesClose(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		host := start(t, Options{LAN: true, Public: true})
		viewer := start(t, Options{Role: Connector, LAN: true})
		host.Handle(echo, serveEcho)
		say(t, open(t, dial(t, viewer, at(host, "tcp")), echo), "hello")
		say(t, open(t, dial(t, viewer, at(host, "quic")), echo), "hello")
		viewer.Close()
		host.Close()
	}
	deadline := time.Now().Add(20 * time.Second)
	for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond) // goroutines of libp2p and net that are on their way out
	}
	if now := runtime.NumGoroutine(); now > before {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines before, %d after:\n%s", before, now, stacks[:runtime.Stack(stacks, true)])
	}
}

func TestAPanicInAHandlerIsNotHidden(t *testing.T) {
	if os.Getenv("P2P_TEST_PANIC") != "" {
		host := start(t, Options{})
		host.Handle(echo, func(context.Context, wire.PeerID, wire.Stream) error { panic("the handler's own words") })
		s := open(t, dial(t, start(t, Options{Role: Connector}), at(host, "tcp")), echo)
		io.WriteString(s, "hello")
		time.Sleep(20 * time.Second) // the process ends long before
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "P2P_TEST_PANIC=1")
	out, err := cmd.CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("the handler's own words")) {
		t.Errorf("the process ended with %v and\n%s", err, out)
	}
}

func TestAPeerThatHasGoneIsForgotten(t *testing.T) {
	host := start(t, Options{})
	host.Handle(echo, serveEcho)
	for range 3 {
		guest := start(t, Options{Role: Connector})
		say(t, open(t, dial(t, guest, at(host, "tcp")), echo), "x")
		guest.Close()
	}
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		host.mu.Lock()
		n := len(host.used)
		host.mu.Unlock()
		if n == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d peers that have gone are remembered", n)
		}
	}
}

// fewer is n, or a quarter where each costs ten times as much.
func fewer(n int) int {
	if racing {
		return (n + 3) / 4
	}
	return n
}
