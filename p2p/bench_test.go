package p2p

import (
	"context"
	"io"
	"testing"
	"time"

	"rac/p2p/wire"
)

// BenchmarkStream is what one stream carries over loopback, in writes of 64 KiB.
func BenchmarkStream(b *testing.B) {
	for _, transport := range []string{"tcp", "quic-v1"} {
		b.Run(transport, func(b *testing.B) {
			host := start(b, Options{})
			host.Handle(echo, func(_ context.Context, _ wire.PeerID, s wire.Stream) error {
				io.Copy(io.Discard, s)
				return nil
			})
			s := open(b, dial(b, start(b, Options{Role: Connector}), at(host, transport)), echo)
			piece := make([]byte, 64<<10)
			b.SetBytes(int64(len(piece)))
			for b.Loop() {
				if _, err := s.Write(piece); err != nil {
					b.Fatal(err)
				}
			}
			s.CloseWrite()
			s.Read(piece)
		})
	}
}

// BenchmarkRoundTrip is a small message there and back on an open stream: what
// a key waits for.
func BenchmarkRoundTrip(b *testing.B) {
	for _, transport := range []string{"tcp", "quic-v1"} {
		b.Run(transport, func(b *testing.B) {
			host := start(b, Options{})
			host.Handle(echo, serveEcho)
			s := open(b, dial(b, start(b, Options{Role: Connector}), at(host, transport)), echo)
			key := make([]byte, 16)
			for b.Loop() {
				s.Write(key)
				if _, err := io.ReadFull(s, key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStart is a host from nothing to its addresses, and its end.
func BenchmarkStart(b *testing.B) {
	id := newIdentity(b)
	var up time.Duration
	for b.Loop() {
		began := time.Now()
		n, err := Start(b.Context(), Options{Identity: id, LAN: true})
		if err != nil || len(n.Addrs()) == 0 {
			b.Fatal(err)
		}
		up += time.Since(began)
		n.Close()
	}
	b.ReportMetric(float64(up.Microseconds())/1000/float64(b.N), "ms/up")
}

// BenchmarkConnect is a dial by address and a first stream.
func BenchmarkConnect(b *testing.B) {
	host := start(b, Options{})
	host.Handle(echo, serveEcho)
	viewer := start(b, Options{Role: Connector})
	for b.Loop() {
		c := dial(b, viewer, at(host, "tcp"))
		s, err := c.Open(b.Context(), echo)
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
		c.Close()
	}
}
