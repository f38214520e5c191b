package p2p

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore/pstoremem"
)

// caller is a computer in a world.
type caller struct {
	host.Host // what is not below is never asked
	world     *world
	id        peer.ID
	store     peerstore.Peerstore
	bus       event.Bus
	found     event.Emitter
	work      sync.WaitGroup

	mu      sync.Mutex
	calls   map[peer.ID]*call
	streams []*tube
}

// call is a connection, or the attempt at one.
type call struct {
	done chan struct{}
	err  error
	at   time.Time
}

var errNoAnswer = errors.New("nobody answers")

func (w *world) newCaller(t testing.TB) *caller {
	t.Helper()
	c := &caller{world: w, id: w.newID(), bus: eventbus.NewBus(), calls: map[peer.ID]*call{}}
	var err error
	if c.store, err = pstoremem.NewPeerstore(); err != nil {
		t.Fatal(err)
	}
	if c.found, err = c.bus.Emitter(new(event.EvtPeerIdentificationCompleted)); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *caller) ID() peer.ID                      { return c.id }
func (c *caller) Peerstore() peerstore.Peerstore   { return c.store }
func (c *caller) EventBus() event.Bus              { return c.bus }
func (c *caller) ConnManager() connmgr.ConnManager { return connmgr.NullConnMgr{} }
func (c *caller) Network() network.Network         { return lines{caller: c} }

// lines are a caller's connections.
type lines struct {
	network.Network
	caller *caller
}

func (l lines) Peers() []peer.ID { return nil }
func (l lines) Connectedness(id peer.ID) network.Connectedness {
	l.caller.mu.Lock()
	defer l.caller.mu.Unlock()
	if k := l.caller.calls[id]; k != nil && !k.at.IsZero() && k.err == nil {
		return network.Connected
	}
	return network.NotConnected
}

// Connect is what libp2p does: one call at a time, and none soon after one in vain.
func (c *caller) Connect(ctx context.Context, to peer.AddrInfo) error {
	c.mu.Lock()
	k := c.calls[to.ID]
	if k == nil || !k.at.IsZero() && k.err != nil && time.Since(k.at) > dialBackoff {
		k = &call{done: make(chan struct{})}
		c.calls[to.ID] = k
		c.work.Go(func() { c.dial(k, c.world.at[to.ID]) })
	}
	c.mu.Unlock()
	select {
	case <-k.done:
		return k.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *caller) dial(k *call, s *keeper) {
	var err error
	if s.health == gone {
		time.Sleep(deadDial)
		err = errNoAnswer
	} else {
		time.Sleep(dialTrips * s.rtt)
		err = c.store.AddProtocols(s.id, dht.DefaultPrefix+"/kad/1.0.0")
	}
	c.world.mu.Lock()
	c.world.calls++
	c.world.mu.Unlock()
	c.mu.Lock()
	k.err, k.at = err, time.Now()
	c.mu.Unlock()
	close(k.done)
	if err == nil {
		c.found.Emit(event.EvtPeerIdentificationCompleted{Peer: s.id})
	}
}

func (c *caller) NewStream(ctx context.Context, to peer.ID, _ ...protocol.ID) (network.Stream, error) {
	if err := c.Connect(ctx, peer.AddrInfo{ID: to}); err != nil {
		return nil, err
	}
	here, there := newTube()
	c.mu.Lock()
	c.streams = append(c.streams, here)
	c.mu.Unlock()
	c.work.Go(func() { c.world.serve(c.world.at[to], there); there.Close() })
	return here, nil
}

// Close ends the connections.
func (c *caller) Close() error {
	c.mu.Lock()
	for _, s := range c.streams {
		s.end(io.ErrClosedPipe)
	}
	c.mu.Unlock()
	c.work.Wait()
	return errors.Join(c.found.Close(), c.store.Close())
}

// tube is one end of a stream.
type tube struct {
	network.Stream
	in  *io.PipeReader
	out *io.PipeWriter
}

func newTube() (*tube, *tube) {
	in, theirOut := io.Pipe()
	theirIn, out := io.Pipe()
	return &tube{in: in, out: out}, &tube{in: theirIn, out: theirOut}
}

func (l *tube) end(err error) { l.in.CloseWithError(err); l.out.CloseWithError(err) }

func (l *tube) Read(b []byte) (int, error)  { return l.in.Read(b) }
func (l *tube) Write(b []byte) (int, error) { return l.out.Write(b) }
func (l *tube) CloseWrite() error           { return l.out.Close() }
func (l *tube) Close() error                { l.end(io.EOF); return nil }
func (l *tube) Reset() error                { l.end(network.ErrReset); return nil }
func (l *tube) SetDeadline(at time.Time) error {
	time.AfterFunc(time.Until(at), func() { l.end(os.ErrDeadlineExceeded) })
	return nil
}
