package p2p

import (
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/x/rate"
)

// bounds are how much of this computer strangers can take before anybody has
// logged in.
type bounds struct {
	conns   int     // that others have made
	streams int     // that others have opened, or as many that this computer has
	shaking int     // of them, without a finished handshake: at most 5 s each
	shakes  int     // the same over TCP alone, where crowd.go makes room
	memory  int64   // bytes that libp2p accounts for
	perIP   int     // conns from one IPv4 address or IPv6 /48; half of it from a /64
	rate    float64 // conns a second from there, once perIP have come at once
}

func boundsOf(r Role) bounds {
	if r == server {
		// A relay that has been restarted is called by all its hosts at once, and a
		// carrier's NAT may hide a thousand of them. Each has some streams then, and a
		// stream is taken for its whole window.
		return bounds{conns: 8192, streams: 4 * 8192, shaking: 2048, shakes: 1024, memory: 1 << 30, perIP: 2048, rate: 100}
	}
	return bounds{conns: 1024, streams: 2 * strangerStreams * maxCallers * 3 / 2, shaking: 512, shakes: maxShakes, memory: 512 << 20, perIP: 256, rate: 10}
}

// newResourceManager sets up the walls. libp2p's defaults allow 8 connections
// per IPv4 address and 16 and then one each 5 seconds: behind a carrier's NAT
// thousands share an address, and any of them could shut the owner out. crowd.go
// makes room before a wall is reached.
func newResourceManager(b bounds) (network.ResourceManager, error) {
	const dialled = 256
	limits := rcmgr.PartialLimitConfig{
		System: rcmgr.ResourceLimits{
			Conns: limit(b.conns + dialled), ConnsInbound: limit(b.conns), ConnsOutbound: dialled, FD: limit(b.conns),
			Streams: limit(2 * b.streams), StreamsInbound: limit(b.streams), StreamsOutbound: limit(b.streams), Memory: rcmgr.LimitVal64(b.memory),
		},
		Transient: rcmgr.ResourceLimits{
			Conns: limit(b.shaking + dialled/2), ConnsInbound: limit(b.shaking), ConnsOutbound: dialled / 2, FD: limit(b.shaking + dialled/2),
			// A stream is transient until it is said what for, which budget.go never does.
			Streams: limit(2 * b.streams), StreamsInbound: limit(b.streams), StreamsOutbound: limit(b.streams), Memory: rcmgr.LimitVal64(b.memory),
		},
		// A tunnel opens a stream for each TCP connection of a browser. What strangers
		// get of a host or a relay is in budget.go.
		PeerDefault: rcmgr.ResourceLimits{
			Conns: 16, ConnsInbound: 8, ConnsOutbound: 16, FD: 16,
			Streams: 1024, StreamsInbound: 512, StreamsOutbound: 512, Memory: 128 << 20,
		},
	}.Build(rcmgr.InfiniteLimits)
	return rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limits), rcmgr.WithMetricsDisabled(),
		rcmgr.WithLimitPerSubnet(
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: b.perIP}},
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 64, ConnCount: b.perIP / 2}, {PrefixLength: 48, ConnCount: b.perIP}}),
		rcmgr.WithConnRateLimiters(newRateLimiter(b)))
}

func limit(n int) rcmgr.LimitVal { return rcmgr.LimitVal(n) }

// newRateLimiter slows down a flood from one network. This computer itself is
// exempt.
func newRateLimiter(b bounds) *rate.Limiter {
	whole, half := rate.Limit{RPS: b.rate, Burst: b.perIP}, rate.Limit{RPS: b.rate / 2, Burst: b.perIP / 2}
	return &rate.Limiter{
		NetworkPrefixLimits: []rate.PrefixLimit{
			{Prefix: netip.MustParsePrefix("127.0.0.0/8")},
			{Prefix: netip.MustParsePrefix("::1/128")},
		},
		SubnetRateLimiter: rate.SubnetLimiter{
			IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: whole}},
			IPv6SubnetLimits: []rate.SubnetLimit{{PrefixLength: 64, Limit: half}, {PrefixLength: 48, Limit: whole}},
			GracePeriod:      time.Minute,
		},
	}
}
