package p2p

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multistream"

	"rac/p2p/wire"
)

const (
	hoardNetworks = 64                  // of the attackers, each with two IDs
	hoardStreams  = strangerStreams - 2 // the host asks each who he is: that counts, too
	hoardProtocol = "/rac/hoard/1"
)

// Strangers from 64 networks, two of each, take what one of them may have and no more,
// fill it with bytes that nobody reads, and keep it. Together that were 448 MiB. They
// come to no more than 256, and the owner gets in meanwhile, from a network of his own
// and from one of theirs.
func TestStrangersFromManyNetworksLeaveRoomForTheOwner(t *testing.T) {
	own, beside := newIdentity(t), newIdentity(t)
	friends := map[wire.PeerID]bool{own.ID(): true, beside.ID(): true}
	host := start(t, Options{Known: func(id wire.PeerID) bool { return friends[id] }})
	host.Handle(echo, serveEcho)
	host.Handle(hoardProtocol, func(ctx context.Context, _ wire.PeerID, s wire.Stream) error {
		<-ctx.Done()
		return nil
	})
	target := at(host, "tcp")

	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	var full, lost atomic.Int64
	for i := range 2 * hoardNetworks {
		h := newHostileFrom(t, fmt.Sprintf("127.1.%d.%d", i/2, 1+i%2))
		work.Go(func() { h.hoard(ctx, host.id, ma.StringCast(target.Addrs[0]), &full, &lost) })
	}
	var most atomic.Int64
	work.Go(func() {
		for ctx.Err() == nil {
			most.Store(max(most.Load(), memoryOf(host)))
			rest(ctx, time.Millisecond, nil)
		}
	})
	for most.Load() < 200<<20 {
		rest(ctx, time.Millisecond, nil)
	}
	for range 2 {
		for _, o := range []Options{{Identity: own}, {Identity: beside, Listen: []string{"/ip4/127.1.5.9/tcp/0"}}} {
			o.Role = Connector
			for before := lost.Load(); lost.Load() < before+hoardNetworks/2; { // they push each other out
				rest(ctx, time.Millisecond, nil)
			}
			viewer := start(t, o)
			began := time.Now()
			c := dial(t, viewer, target)
			dialled := time.Since(began)
			for i := range 8 {
				say(t, open(t, c, echo), fmt.Sprint("tunnel ", i))
			}
			t.Logf("%v: connected after %v, eight streams after %v; %d MiB at most; %d of %d strangers have what they want, %d times one was hung up on",
				o.Listen, dialled, time.Since(began), most.Load()>>20, full.Load(), 2*hoardNetworks, lost.Load())
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("the owner gets in after %v, 2 s are promised", took)
			}
			viewer.Close()
		}
	}
	if got := most.Load(); got > 256<<20+ownerMemory {
		t.Errorf("the strangers and the owner have %d MiB", got>>20)
	}
}

// ownerMemory is what his streams take, twelve at most.
const ownerMemory = 12 * friendWindow

func memoryOf(n *Node) (m int64) {
	n.host.Network().ResourceManager().ViewSystem(func(s network.ResourceScope) error { m = s.Stat().Memory; return nil })
	return m
}

// newHostileFrom is a stranger at this address, over TCP.
func newHostileFrom(t *testing.T, from string) *hostile {
	return newHostile(t, tcp.WithDialerForAddr(func(ma.Multiaddr) (tcp.ContextDialer, error) {
		return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}, nil
	}))
}

// hoard takes what a stranger may have and keeps it; when he is hung up on he comes again.
func (h *hostile) hoard(ctx context.Context, there peer.ID, addr ma.Multiaddr, full, lost *atomic.Int64) {
	for ctx.Err() == nil {
		h.hoardOnce(ctx, there, addr, full)
		lost.Add(1)
		rest(ctx, time.Second, nil)
	}
}

func (h *hostile) hoardOnce(ctx context.Context, there peer.ID, addr ma.Multiaddr, full *atomic.Int64) {
	c, err := h.lines[0].Dial(ctx, addr, there)
	if err != nil {
		return
	}
	defer c.Close()
	for range hoardStreams {
		within, cancel := context.WithTimeout(ctx, 10*time.Second)
		s, err := c.OpenStream(within)
		cancel()
		if err != nil {
			return
		}
		s.SetDeadline(time.Now().Add(10 * time.Second))
		if multistream.SelectProtoOrFail(hoardProtocol, s) != nil {
			return
		}
		if _, err := s.Write(make([]byte, yamuxWindow-1<<10)); err != nil {
			return
		}
	}
	full.Add(1)
	for !c.IsClosed() && ctx.Err() == nil {
		rest(ctx, 10*time.Millisecond, nil)
	}
	full.Add(-1)
}
