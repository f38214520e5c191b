package p2p

// Whether anything at all comes in on a connection. An answer that is late may wait in
// a queue, of a line that is full or of a peer that has much to do; a line that is dead
// says nothing.

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/quic-go/quic-go"
)

const (
	// silentTime is how long a connection on which something runs may say nothing to a
	// question; a long line gets some round trips.
	silentTime  = 700 * time.Millisecond
	silentTrips = 4

	// silentParts is how many times in a row nothing has been heard when a silence is
	// over. When this computer has stood still for as long as all of them, one or two
	// come at once when it goes on, and in the others it hears what has arrived.
	silentParts = 5
)

// bound is how long an answer on a connection is waited for.
type bound func(context.Context, network.Conn) (context.Context, context.CancelFunc)

// within waits for so long.
func within(d time.Duration) bound {
	return func(ctx context.Context, _ network.Conn) (context.Context, context.CancelFunc) { return awake(ctx, d) }
}

// awake returns a context that ends after d in which this computer has not stood still.
func awake(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return untilSilent(ctx, d, func() uint64 { return 0 })
}

// untilSilent returns a context that ends when count has stayed the same for so long.
func untilSilent(ctx context.Context, silence time.Duration, count func() uint64) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	last := count()
	look := time.NewTicker(silence / silentParts)
	var work sync.WaitGroup
	work.Go(func() {
		defer look.Stop()
		for quiet := 0; quiet < silentParts; {
			select {
			case <-look.C:
			case <-ctx.Done():
				return
			}
			quiet++
			if now := count(); now != last {
				quiet, last = 0, now
			}
		}
		cancel()
	})
	return ctx, func() { cancel(); work.Wait() }
}

// lateTime is how long an answer may take at most where something is heard meanwhile,
// or where nobody can tell.
const lateTime = 10 * time.Second

// packetsFrom returns how many packets have come in over QUIC, and a round trip; false: it
// is another connection.
func packetsFrom(c network.Conn) (n uint64, rtt time.Duration, ok bool) {
	var line *quic.Conn
	if !c.As(&line) {
		return 0, 0, false
	}
	s := line.ConnectionStats()
	return s.PacketsReceived, s.SmoothedRTT, true
}

// countedConn is a connection over TCP whose segments are counted. Those come even while
// the peer has no time for an answer: its system says what has arrived.
type countedConn struct {
	transport.CapableConn
	socket net.Conn
}

// counted returns c so, or as it is where its bytes do not go over this computer's TCP.
func counted(c transport.CapableConn, socket net.Conn) transport.CapableConn {
	if _, err := segmentsIn(socket); err != nil {
		return c
	}
	return &countedConn{c, socket}
}

// Stat is looked for by the swarm.
func (c *countedConn) Stat() (s network.ConnStats) {
	if inner, ok := c.CapableConn.(network.ConnStat); ok {
		s = inner.Stat()
	}
	return s
}

// As is how a network.Conn gives its parts away.
func (c *countedConn) As(target any) bool {
	if to, ok := target.(**countedConn); ok {
		*to = c
		return true
	}
	return c.CapableConn.As(target)
}

// segmentsFrom is packetsFrom for connections over TCP that this computer has made.
func segmentsFrom(c network.Conn) (n uint64, ok bool) {
	var line *countedConn
	if !c.As(&line) {
		return 0, false
	}
	n, err := segmentsIn(line.socket)
	return n, err == nil
}

// whileHeard waits until nothing has come in for as long as silence, lateTime at the
// most. Over TCP, which takes its time to send again, silence is unknown, and where
// nothing is counted it waits for that.
func whileHeard(silence, unknown time.Duration) bound {
	return func(ctx context.Context, c network.Conn) (context.Context, context.CancelFunc) {
		count, silence := func() uint64 { n, _, _ := packetsFrom(c); return n }, silence
		if _, rtt, ok := packetsFrom(c); ok {
			silence = max(silence, silentTrips*rtt)
		} else if _, ok := segmentsFrom(c); ok {
			count, silence = func() uint64 { n, _ := segmentsFrom(c); return n }, unknown
		} else {
			return awake(ctx, unknown)
		}
		most, cancel := context.WithTimeout(ctx, lateTime)
		heard, end := untilSilent(most, silence, count)
		return heard, func() { end(); cancel() }
	}
}

// ear notices that a connection falls silent.
type ear struct{ heard map[network.Conn]uint64 }

// silent returns those of conns that nothing has come in on since it was last asked, and
// those where packets are not counted.
func (e *ear) silent(conns []network.Conn) (quiet, unknown []network.Conn) {
	heard := map[network.Conn]uint64{}
	for _, c := range conns {
		n, _, counted := packetsFrom(c)
		before, known := e.heard[c]
		switch {
		case !counted:
			unknown = append(unknown, c)
		case known && before == n:
			quiet = append(quiet, c)
		}
		heard[c] = n
	}
	e.heard = heard
	return quiet, unknown
}
