package p2p

import (
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/x/rate"
)

// newResourceManager bounds what strangers can take of this computer before
// anybody has logged in. libp2p's defaults allow 8 connections per IPv4 address
// and 16 and then one each 5 seconds: behind a carrier's NAT thousands share an
// address, and any of them could shut the owner out. These are walls: crowd.go
// makes room before one is reached.
func newResourceManager() (network.ResourceManager, error) {
	limits := rcmgr.PartialLimitConfig{
		System: rcmgr.ResourceLimits{
			Conns: 1280, ConnsInbound: 1024, ConnsOutbound: 256, FD: 1024,
			Streams: 8192, StreamsInbound: 4096, StreamsOutbound: 4096, Memory: 512 << 20,
		},
		// Transient is what has not finished its handshake: at most 5 s each.
		Transient: rcmgr.ResourceLimits{
			Conns: 640, ConnsInbound: 512, ConnsOutbound: 128, FD: 640,
			Streams: 1024, StreamsInbound: 768, StreamsOutbound: 256, Memory: 64 << 20,
		},
		// A tunnel opens a stream for each TCP connection of a browser.
		PeerDefault: rcmgr.ResourceLimits{
			Conns: 16, ConnsInbound: 8, ConnsOutbound: 16, FD: 16,
			Streams: 1024, StreamsInbound: 512, StreamsOutbound: 512, Memory: 128 << 20,
		},
	}.Build(rcmgr.InfiniteLimits)
	return rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limits), rcmgr.WithMetricsDisabled(),
		rcmgr.WithLimitPerSubnet(
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: 256}},
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 64, ConnCount: 128}, {PrefixLength: 48, ConnCount: 256}}),
		rcmgr.WithConnRateLimiters(newRateLimiter()))
}

// newRateLimiter slows down a flood from one network. This computer itself is
// exempt.
func newRateLimiter() *rate.Limiter {
	return &rate.Limiter{
		NetworkPrefixLimits: []rate.PrefixLimit{
			{Prefix: netip.MustParsePrefix("127.0.0.0/8")},
			{Prefix: netip.MustParsePrefix("::1/128")},
		},
		SubnetRateLimiter: rate.SubnetLimiter{
			IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: rate.Limit{RPS: 10, Burst: 256}}},
			IPv6SubnetLimits: []rate.SubnetLimit{
				{PrefixLength: 64, Limit: rate.Limit{RPS: 5, Burst: 128}},
				{PrefixLength: 48, Limit: rate.Limit{RPS: 10, Burst: 256}},
			},
			GracePeriod: time.Minute,
		},
	}
}
