package p2p

// A host looks at its connections over QUIC while something runs on them. QUIC's
// control here takes each lost packet for a full queue; on a line that loses packets
// for other reasons (radio, mostly) it sends a fraction of what TCP with BBR does.

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multistream"
	"github.com/quic-go/quic-go"

	"rac/p2p/wire"
)

const (
	lossLook    = 250 * time.Millisecond // between two looks
	lossSamples = 10                     // of the round trip, in between

	// What makes a line lossy: so many of so many packets, while they held back what
	// was to be sent for so long.
	lossPackets  = 1000
	lossThousand = 5
	lossHeld     = time.Second

	// lossRepeat is when a viewer that has stayed is told again, and once it has heard
	// twice as late each time: it had no way over TCP, or the machine no time.
	lossRepeat     = 5 * time.Second
	lossRepeatMost = 2 * time.Minute
)

// losses sums up how a connection does in the times in which it is held back: it
// sends most of what its window allows, and no queue makes its round trips longer,
// which would mean that the line is full.
//
// A queue of the line's own makes all round trips longer. What radio and a busy
// computer do makes some longer, so the shorter ones count: the mean would tell
// nothing for most of the time, on just those lines that lose most.
type losses struct {
	last       quic.ConnectionStats
	at         time.Time
	trips      []time.Duration // since then
	sent, lost int64           // packets
	held       time.Duration
}

// sample takes what the connection says of itself now. It tells whether the line is
// lossy.
func (l *losses) sample(s quic.ConnectionStats, now time.Time) bool {
	l.trips = append(l.trips, s.LatestRTT)
	if now.Sub(l.at) < lossLook {
		return false
	}
	slices.Sort(l.trips)
	short := l.trips[len(l.trips)/4]
	l.trips = l.trips[:0]
	return l.look(s, short, now)
}

// look sums up since the last look; short is what a round trip took that is longer
// than one in four.
func (l *losses) look(s quic.ConnectionStats, short time.Duration, now time.Time) bool {
	took := now.Sub(l.at)
	sent, lost := int64(s.PacketsSent-l.last.PacketsSent), int64(s.PacketsLost-l.last.PacketsLost)
	bytes := float64(s.BytesSent - l.last.BytesSent)
	first := l.at.IsZero()
	l.last, l.at = s, now
	if first || s.SmoothedRTT <= 0 || short > s.MinRTT+s.MinRTT/4+5*time.Millisecond {
		return false
	}
	if allowed := float64(s.CongestionWindow) / s.SmoothedRTT.Seconds(); bytes/took.Seconds() < allowed/2 {
		return false
	}
	l.sent, l.lost, l.held = l.sent+sent, l.lost+lost, l.held+took
	if l.sent > 4*lossPackets { // what was long ago counts less
		l.sent, l.lost, l.held = l.sent/2, l.lost/2, l.held/2
	}
	return l.sent >= lossPackets && l.lost*1000 >= l.sent*lossThousand && l.held >= lossHeld
}

// watchLosses follows a connection that a stream was opened on, if it is a host's
// over QUIC.
func (n *Node) watchLosses(c network.Conn) {
	var line *quic.Conn
	if n.role != Host || !isDirect(c.RemoteMultiaddr()) || !c.As(&line) || !n.watched.add(c) {
		return
	}
	if !n.goWork(func() { n.followLosses(c, line) }) {
		n.watched.remove(c)
	}
}

// followLosses ends with the connection, or when nothing runs on it.
func (n *Node) followLosses(c network.Conn, line *quic.Conn) {
	defer n.watched.remove(c)
	tick := time.NewTicker(lossLook / lossSamples)
	defer tick.Stop()
	var l losses
	var told time.Time
	var pause time.Duration
	for {
		select {
		case now := <-tick.C:
			if len(c.GetStreams()) == 0 {
				return
			}
			if l.sample(line.ConnectionStats(), now) && now.Sub(told) > pause && hasBBR() {
				told = now
				n.log.Debug("the line loses packets", "peer", c.RemotePeer(), "sent", l.sent, "lost", l.lost)
				if err := n.tellLossy(c); err == nil {
					pause = min(max(lossRepeat, 2*pause), lossRepeatMost)
				} else {
					pause = lossRepeat
					n.log.Debug("not told of lost packets", "peer", c.RemotePeer(), "error", err)
				}
			}
		case <-line.Context().Done():
			return
		case <-n.ctx.Done():
			return
		}
	}
}

// tellLossy tells the viewer: see LossyProtocol.
func (n *Node) tellLossy(c network.Conn) error {
	ctx, cancel := context.WithTimeout(n.ctx, openTimeout)
	defer cancel()
	raw, err := c.NewStream(ctx)
	if err != nil {
		return err
	}
	defer raw.Reset()
	stop := context.AfterFunc(ctx, func() { raw.Reset() })
	defer stop()
	if err := raw.SetProtocol(protocol.ID(LossyProtocol)); err != nil {
		return err
	}
	s := multistream.NewMSSelect(raw, protocol.ID(LossyProtocol)) // sends the protocol's name along
	if err := wire.NewWriter(s, maxLossy).Write(msgLossy, nil); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(s, maxLossy)) // it has heard when it closes the stream
	return err
}
