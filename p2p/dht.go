package p2p

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/ipfs/go-cid"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"github.com/multiformats/go-multihash"
)

// At a rendezvous a connector finds the addresses of an ID that nobody has told it: the
// host leaves a record there, with the servers of a distributed hash table (Kademlia),
// and the connector asks for it. There are two: that of our own relays, and that of the
// public libp2p network, where Options.Public allows it.
//
// The record's key is a hash of the ID and the day (rendezvousKey): who knows
// the ID can compute it, who only sees the key learns nothing. The servers that
// keep the record, about twenty, do see the ID and the public addresses.
//
// A node is a client only: it asks and is not asked. It comes when something has to be
// left or found (dht_client.go) and then closes all those connections: at rest a host
// holds none of them. dht_publish.go is
// the host's half, with its way to the servers that shall keep the record
// (dht_walk.go) and the relays of others that it needs to be called
// (dht_relays.go); dht_find.go is the connector's; dht_ask.go carries the questions
// of both; dht_server.go is the relay's half.

// rendezvous is one of them.
type rendezvous struct {
	name   string // for people
	prefix protocol.ID
	public bool
	seeds  []peer.AddrInfo // who can be asked first
}

// ownPrefix is spoken by rac's relays.
const ownPrefix protocol.ID = "/rac"

// rendezvousOf returns where a node meets others.
func rendezvousOf(o Options, links []*relayLink) ([]rendezvous, error) {
	var all []rendezvous
	if len(links) > 0 {
		own := rendezvous{name: "your relays", prefix: ownPrefix}
		for _, l := range links {
			own.seeds = append(own.seeds, l.info)
		}
		all = append(all, own)
	}
	if o.Public {
		public := rendezvous{name: "the public network", prefix: dht.DefaultPrefix, public: true, seeds: dht.GetDefaultBootstrapPeerAddrInfos()}
		if len(o.Bootstrap) > 0 {
			seeds, err := parseSeeds(o.Bootstrap)
			if err != nil {
				return nil, err
			}
			public.seeds = seeds
		}
		all = append(all, public)
	}
	return all, nil
}

func parseSeeds(texts []string) ([]peer.AddrInfo, error) {
	var addrs []ma.Multiaddr
	for _, s := range texts {
		info, err := parseRelay(s)
		if err != nil {
			return nil, fmt.Errorf("network.bootstrap: %w", err)
		}
		addrs = append(addrs, ma.Join(info.Addrs[0], ma.StringCast("/p2p/"+info.ID.String())))
	}
	return peer.AddrInfosFromP2pAddrs(addrs...)
}

// rendezvousKey is where the record of id lies on the day of t (UTC). It changes
// daily, so that a server that happens to keep one record cannot follow a host.
func rendezvousKey(id peer.ID, t time.Time) cid.Cid {
	sum := sha256.Sum256([]byte("rac rendezvous v1" + string(id) + t.UTC().Format(time.DateOnly)))
	hash, err := multihash.Encode(sum[:], multihash.SHA2_256)
	if err != nil {
		panic("p2p: SHA-256 is unknown to multihash: " + err.Error())
	}
	return cid.NewCidV1(cid.Raw, hash)
}

// rendezvousDays are the days under which a record may lie: it is left for a day
// and renewed twice a day, and clocks differ.
func rendezvousDays(now time.Time) []time.Time {
	return []time.Time{now, now.AddDate(0, 0, -1), now.AddDate(0, 0, 1)}
}

const (
	maxRecordAddrs  = 16 // of a record, ours or another's
	maxRecordRelays = 4  // of them: relays that are tried
)

// worthTelling leaves of addrs what strangers may know and can use: nothing of
// the local network, and no names, which may mean anything where they are
// looked up.
func (n *Node) worthTelling(addrs []ma.Multiaddr) []ma.Multiaddr {
	addrs = slices.DeleteFunc(ma.Unique(slices.Clone(addrs)), func(a ma.Multiaddr) bool {
		_, err := manet.ToIP(a)
		return err != nil || !manet.IsPublicAddr(a) && !n.tests.anywhere
	})
	return addrs[:min(len(addrs), maxRecordAddrs)]
}
