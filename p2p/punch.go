package p2p

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multistream"

	"rac/p2p/wire"
)

const (
	arrangeTime = 5 * time.Second // for the talk over the relay

	// maxPunches bounds what strangers make a host do at once; friends do not count.
	maxPunches = 16

	// sightWait is how long a punch waits for our first address as others see it:
	// the relay tells it a round trip after it is connected.
	sightWait  = time.Second
	sightPause = 10 * time.Millisecond

	// lowestPort keeps strangers from making us call at a system's own services
	// somewhere: no NAT maps a caller there.
	lowestPort = 1024
)

// puncher punches holes: see PunchProtocol.
type puncher struct {
	node *Node

	mu   sync.Mutex
	busy map[peer.ID]*punch
}

// punch is one that is under way. A direct connection ends it, and so does the
// peer that begins another one: it has given up this one. Where both begin at
// the same moment, that of the greater ID goes on.
type punch struct {
	ctx    context.Context
	end    context.CancelFunc
	over   chan struct{}           // closed when it has left
	asking bool                    // under puncher.mu: our Meet is on its way, the answer has not come
	useful func(ma.Multiaddr) bool // of our addresses and theirs; nil where the peer has begun
}

func startPuncher(n *Node) *puncher {
	p := &puncher{node: n, busy: map[peer.ID]*punch{}}
	n.host.SetStreamHandler(protocol.ID(PunchProtocol), func(s network.Stream) {
		if !n.goWork(func() { p.answer(s) }) {
			s.Reset()
		}
	})
	return p
}

// enter returns the place of a new punch to id; nil: there is one under way, or
// too many with others.
func (p *puncher) enter(ctx context.Context, id peer.ID) *punch {
	p.mu.Lock()
	defer p.mu.Unlock()
	friend := p.node.known != nil && p.node.known(wire.PeerID(id.String()))
	if p.busy[id] != nil || len(p.busy) >= maxPunches && !friend {
		return nil
	}
	u := &punch{over: make(chan struct{})}
	u.ctx, u.end = context.WithCancel(ctx)
	p.busy[id] = u
	return u
}

func (p *puncher) leave(id peer.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.busy[id]
	delete(p.busy, id)
	u.end()
	close(u.over)
}

// stop ends the punch to id and waits until it has left. It is told of each
// direct connection.
func (p *puncher) stop(id peer.ID) {
	p.mu.Lock()
	u := p.busy[id]
	p.mu.Unlock()
	if u != nil {
		u.end()
		<-u.over
	}
}

// asks notes whether we wait for the answer to our Meet.
func (p *puncher) asks(u *punch, asking bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u.asking = asking
}

// giveWay makes room for a punch that id has begun. Where ours was begun at the same
// moment and goes before it, it returns ours: id gives way to that.
func (p *puncher) giveWay(id peer.ID) (first *punch) {
	p.mu.Lock()
	u := p.busy[id]
	if u != nil && u.asking && p.node.id > id {
		p.mu.Unlock()
		return u
	}
	p.mu.Unlock()
	p.stop(id)
	return nil
}

// errPunching says that another punch to the same peer is under way.
var errPunching = errors.New("a punch is under way")

// begin punches a hole to the peer at the other end of a relayed connection. It
// returns what the peer has said of itself, and nil when there is a direct
// connection.
func (p *puncher) begin(ctx context.Context, c network.Conn) (theirs meet, err error) {
	return p.beginAt(ctx, c, isDirect)
}

// beginAt is begin from and to those addresses only that are useful.
func (p *puncher) beginAt(ctx context.Context, c network.Conn, useful func(ma.Multiaddr) bool) (theirs meet, err error) {
	u := p.enter(ctx, c.RemotePeer())
	if u == nil {
		return theirs, errPunching
	}
	u.useful = useful
	defer p.leave(c.RemotePeer())
	outer := ctx
	ctx = u.ctx
	p.awaitSight(ctx, c)
	theirs, addrs, err := p.arrange(ctx, c, u)
	if err == nil {
		addrs = slices.DeleteFunc(p.node.callables(c, addrs), func(a ma.Multiaddr) bool { return !useful(a) })
		err = p.knock(ctx, c.RemotePeer(), theirs, addrs, fromClient)
	}
	if p.node.over(c.RemotePeer(), useful) != nil {
		return theirs, nil
	}
	if u.ctx.Err() != nil && outer.Err() == nil {
		return theirs, errPunching // the other side's, which goes on
	}
	p.node.lookAnew() // perhaps we have told an address that is ours no more
	return theirs, err
}

// arrange agrees with the peer on the moment, and returns at that moment.
func (p *puncher) arrange(ctx context.Context, c network.Conn, u *punch) (theirs meet, addrs []ma.Multiaddr, err error) {
	ctx, cancel := context.WithTimeout(ctx, arrangeTime)
	defer cancel()
	raw, s, err := openPunch(ctx, c)
	if err != nil {
		return theirs, nil, err
	}
	stop := context.AfterFunc(ctx, func() { raw.Reset() })
	defer func() {
		if !stop() || err != nil {
			raw.Reset()
		}
	}()
	w := wire.NewWriter(s, maxMeet)
	began := time.Now()
	p.asks(u, true)
	defer p.asks(u, false)
	ours := p.node.meeting(c, nil)
	ours.Addrs = slices.DeleteFunc(ours.Addrs, func(a string) bool { return !u.useful(ma.StringCast(a)) })
	if err := w.Append(msgMeet, func(dst []byte) []byte { return appendMeet(dst, ours) }); err != nil {
		return theirs, nil, err
	}
	theirs, addrs, err = readMeet(s)
	if err != nil {
		return theirs, nil, err
	}
	p.node.hears(c.RemotePeer(), theirs)
	p.asks(u, false)
	half := time.Since(began) / 2
	if err := w.Write(msgGo, nil); err != nil {
		return theirs, nil, err
	}
	hear := func() {
		defer raw.Reset()
		raw.SetDeadline(time.Now().Add(learnTime + arrangeTime))
		p.node.hearKinds(c.RemotePeer(), s)
	}
	if !p.node.goWork(hear) {
		return theirs, nil, ErrLost
	}
	rest(ctx, half, nil)
	return theirs, addrs, nil
}

// openPunch opens a stream of PunchProtocol. What is written on s takes the protocol's
// name along, so that no round trip is spent on it.
func openPunch(ctx context.Context, c network.Conn) (raw network.Stream, s io.ReadWriter, err error) {
	if raw, err = c.NewStream(network.WithAllowLimitedConn(ctx, "rac")); err != nil {
		return nil, nil, err
	}
	if err := raw.SetProtocol(protocol.ID(PunchProtocol)); err != nil {
		raw.Reset()
		return nil, nil, err
	}
	return raw, multistream.NewMSSelect(raw, protocol.ID(PunchProtocol)), nil
}

// answer is the other side.
func (p *puncher) answer(raw network.Stream) {
	defer raw.Reset()
	c := raw.Conn()
	if isDirect(c.RemoteMultiaddr()) {
		return
	}
	if first := p.giveWay(c.RemotePeer()); first != nil {
		<-first.over // the stream stays as long: the peer is not to take this for a failure
		return
	}
	u := p.enter(p.node.ctx, c.RemotePeer())
	if u == nil {
		return
	}
	var telling sync.WaitGroup
	defer telling.Wait()
	defer p.leave(c.RemotePeer())
	ctx := u.ctx
	raw.SetDeadline(time.Now().Add(arrangeTime))
	stop := context.AfterFunc(ctx, func() { raw.Reset() })
	theirs, addrs, err := readMeet(raw)
	if err != nil {
		return
	}
	p.node.hears(c.RemotePeer(), theirs)
	p.awaitSight(ctx, c)
	w := wire.NewWriter(raw, maxMeet)
	ours := p.node.meeting(c, addrs)
	if err := w.Append(msgMeet, func(dst []byte) []byte { return appendMeet(dst, ours) }); err != nil {
		return
	}
	if t, _, err := wire.NewReader(raw, maxMeet).Next(); err != nil || t != msgGo || !stop() {
		return
	}
	raw.SetDeadline(time.Now().Add(learnTime + arrangeTime))
	telling.Go(func() { p.node.tellKinds(p.node.ctx, w, ours) })
	if err := p.knock(ctx, c.RemotePeer(), theirs, p.node.callables(c, addrs), fromServer); err != nil && ctx.Err() == nil {
		p.node.log.Debug("no hole punched", "peer", c.RemotePeer(), "error", err)
		p.node.lookAnew()
	}
}

func readMeet(r io.Reader) (m meet, addrs []ma.Multiaddr, err error) {
	t, body, err := wire.NewReader(r, maxMeet).Next()
	if err != nil {
		return m, nil, err
	}
	if t != msgMeet {
		return m, nil, fmt.Errorf("p2p: punch: message 0x%02x comes first", uint8(t))
	}
	return parseMeet(body)
}

// awaitSight waits until somebody has told us a public address of ours, where
// the relay can.
func (p *puncher) awaitSight(ctx context.Context, c network.Conn) {
	relay, err := peer.Decode(valueOf(c.RemoteMultiaddr(), ma.P_P2P))
	if err != nil || !p.node.relayIsPublic(relay) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sightWait)
	defer cancel()
	for len(p.node.sights.mapped()) == 0 && ctx.Err() == nil {
		rest(ctx, sightPause, nil)
	}
}
