package p2p

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	quictransport "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/wire"
)

// hostile is a stranger without limits of his own.
type hostile struct {
	id    peer.ID
	lines []transport.Transport // TCP, QUIC
}

func newHostile(t *testing.T, how ...tcp.Option) *hostile {
	t.Helper()
	id, rm := newIdentity(t), &network.NullResourceManager{}
	muxers := []upgrader.StreamMuxer{{ID: yamux.ID, Muxer: yamux.DefaultTransport}}
	secure, err := noise.New(noise.ID, id.key, muxers)
	if err != nil {
		t.Fatal(err)
	}
	up, err := upgrader.New([]sec.SecureTransport{secure}, muxers, nil, rm, nil)
	if err != nil {
		t.Fatal(err)
	}
	overTCP, err := tcp.NewTCPTransport(up, rm, nil, how...)
	if err != nil {
		t.Fatal(err)
	}
	manager, err := newQUIC(id, rm)
	if err != nil {
		t.Fatal(err)
	}
	overQUIC, err := quictransport.NewTransport(id.key, manager, nil, nil, rm)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { manager.Close() })
	return &hostile{id.id, []transport.Transport{overTCP, overQUIC}}
}

// open opens streams without end and does not say what for; when he is hung up on
// he calls again.
func (h *hostile) open(ctx context.Context, host peer.ID, addr ma.Multiaddr, opened *atomic.Int64) {
	for ctx.Err() == nil {
		for _, line := range h.lines {
			if line.CanDial(addr) {
				h.call(ctx, line, host, addr, opened)
			}
		}
		rest(ctx, 200*time.Millisecond, nil)
	}
}

func (h *hostile) call(ctx context.Context, line transport.Transport, host peer.ID, addr ma.Multiaddr, opened *atomic.Int64) {
	c, err := line.Dial(ctx, addr, host)
	if err != nil {
		return
	}
	defer c.Close()
	for ctx.Err() == nil {
		within, cancel := context.WithTimeout(ctx, time.Second)
		s, err := c.OpenStream(within)
		cancel()
		if err == nil {
			_, err = s.Write([]byte("\x13/multistream/1.0.0\n"))
		}
		if err != nil && c.IsClosed() {
			return
		}
		opened.Add(1)
	}
}

// Eight strangers open streams for as long as they are let. The owner, who is not
// known here yet, gets in and logs in, opens streams as a tunnel does, and what he
// had before stays.
func TestStrangersWithStreamsWithoutEndDoNotShutTheOwnerOut(t *testing.T) {
	for _, over := range []string{"tcp", "quic-v1"} {
		t.Run(over, func(t *testing.T) {
			owner := newIdentity(t)
			var in atomic.Bool
			host := start(t, Options{Known: func(id wire.PeerID) bool { return in.Load() && id == owner.ID() }})
			host.Handle(echo, serveEcho)
			target := at(host, over)

			ctx, cancel := context.WithCancel(t.Context())
			var work sync.WaitGroup
			defer work.Wait()
			defer cancel()
			var opened atomic.Int64
			strangers := map[peer.ID]bool{}
			for range 8 {
				h := newHostile(t)
				strangers[h.id] = true
				for range 2 {
					work.Go(func() { h.open(ctx, host.id, ma.StringCast(target.Addrs[0]), &opened) })
				}
			}
			for opened.Load() < 2000 {
				runtime.Gosched()
			}

			c := dial(t, start(t, Options{Identity: owner, Role: Connector}), target)
			session := open(t, c, echo)
			say(t, session, "hello")
			in.Store(true)
			for i := range 100 {
				say(t, open(t, c, echo), fmt.Sprint("tunnel ", i))
				var memory int64
				var streams int
				for id := range strangers {
					host.host.Network().ResourceManager().ViewPeer(id, func(s network.PeerScope) error {
						memory += s.Stat().Memory
						streams += s.Stat().NumStreamsInbound
						return nil
					})
				}
				if memory > 8*(4<<20) || streams > 8*16 {
					t.Fatalf("8 strangers have %d streams and %d KiB", streams, memory>>10)
				}
			}
			say(t, session, "still here")
		})
	}
}

// A friend who is none any more, since his saved login was revoked, has no more than a
// stranger as soon as he asks for more.
func TestAFriendWhoIsRevokedIsAStrangerOnTheSameConnection(t *testing.T) {
	var revoked atomic.Bool
	host := start(t, Options{Known: func(wire.PeerID) bool { return !revoked.Load() }})
	host.Handle(echo, serveEcho)
	c := dial(t, start(t, Options{Role: Connector}), at(host, "tcp"))
	for i := range 3 * strangerStreams {
		say(t, open(t, c, echo), fmt.Sprint("stream ", i))
	}
	revoked.Store(true)
	if s, err := c.Open(t.Context(), echo); err == nil {
		s.Write([]byte("one more"))
	}
	select {
	case <-c.Done():
	case <-time.After(10 * time.Second):
		t.Error("he has what he had")
	}
}
