package p2p

// Whether anything at all comes in on a connection. An answer that is late may wait in
// a queue, of a line that is full or of a peer that has much to do; a line that is dead
// says nothing.

import (
	"context"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/quic-go/quic-go"
)

const (
	// silentTime is how long a connection on which something runs may say nothing to a
	// question; a long line gets some round trips.
	silentTime  = 700 * time.Millisecond
	silentTrips = 4
)

// bound is how long an answer on a connection is waited for.
type bound func(context.Context, network.Conn) (context.Context, context.CancelFunc)

// within waits for so long.
func within(d time.Duration) bound {
	return func(ctx context.Context, _ network.Conn) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, d)
	}
}

// lateTime is how long an answer may take at most where something is heard meanwhile,
// or where nobody can tell.
const lateTime = 10 * time.Second

// packetsFrom returns how many packets have come in, and a round trip; false: nobody
// counts them, as over TCP.
func packetsFrom(c network.Conn) (n uint64, rtt time.Duration, ok bool) {
	var line *quic.Conn
	if !c.As(&line) {
		return 0, 0, false
	}
	s := line.ConnectionStats()
	return s.PacketsReceived, s.SmoothedRTT, true
}

// whileHeard waits until nothing has come in for as long as silence, lateTime at the
// most. Where packets are not counted it waits for unknown.
func whileHeard(silence, unknown time.Duration) bound {
	return func(ctx context.Context, c network.Conn) (context.Context, context.CancelFunc) {
		last, rtt, counted := packetsFrom(c)
		if !counted {
			return context.WithTimeout(ctx, unknown)
		}
		ctx, cancel := context.WithTimeout(ctx, lateTime)
		listen := time.NewTicker(max(silence, silentTrips*rtt))
		var work sync.WaitGroup
		work.Go(func() {
			defer listen.Stop()
			for {
				select {
				case <-listen.C:
				case <-ctx.Done():
					return
				}
				now, _, _ := packetsFrom(c)
				if now == last {
					cancel()
				}
				last = now
			}
		})
		return ctx, func() { cancel(); work.Wait() }
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
