package p2p

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	pb "github.com/libp2p/go-libp2p-kad-dht/pb"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-msgio/pbio"
	ma "github.com/multiformats/go-multiaddr"
)

// A world is a public network of many servers that take no memory to speak of: they
// have an ID, a routing table as Kademlia fills it, and a place for records, and
// answer kad-dht's own messages. Their clients are kad-dht's, unchanged, and the
// time is synctest's: what passes between is a round trip.
type world struct {
	servers []keeper // by their key
	at      map[peer.ID]*keeper
	rand    *rand.Rand

	mu              sync.Mutex
	messages, calls int         // since count: questions and records; connections, also those tried in vain
	left            []time.Time // when a record came, since count
}

// keeper is one of them.
type keeper struct {
	id      peer.ID
	key     kadKey
	addr    ma.Multiaddr
	rtt     time.Duration
	health  health
	knows   []*keeper
	records map[string]*pb.Message_Peer // by key; no key has two hosts here
}

// kadKey is where a server or a record stands: SHA-256 of its ID or its hash.
type kadKey [sha256.Size]byte

type health int

const (
	alive health = iota
	gone         // whoever calls waits in vain
	mute         // it takes calls, and answers nothing
)

const (
	bucket      = 20              // servers known at each distance, and told to who asks
	deadDial    = 5 * time.Second // quic-go's and libp2p's TCP transport's patience
	dialBackoff = 5 * time.Second // libp2p's
	dialTrips   = 3               // round trips before the first question: handshake and identify
)

// newWorld makes a network of so many servers, of which a share does not answer:
// five in six of those are gone, the others mute. Round trips are lognormal, nine
// in ten between 20 and 300 ms.
func newWorld(size int, silent float64, seed uint64) *world {
	w := &world{at: map[peer.ID]*keeper{}, rand: rand.New(rand.NewPCG(seed, 0))}
	w.servers = make([]keeper, size)
	for i := range w.servers {
		s := &w.servers[i]
		s.id = w.newID()
		s.key = sha256.Sum256([]byte(s.id))
		s.addr = ma.StringCast(fmt.Sprintf("/ip4/11.%d.%d.%d/udp/4001/quic-v1", i>>16, i>>8&255, i&255))
		s.rtt = time.Duration(math.Exp(w.rand.NormFloat64()*math.Log(15)/2/1.645) * 77e6)
		s.health = w.anyHealth(silent)
		s.records = map[string]*pb.Message_Peer{}
	}
	slices.SortFunc(w.servers, func(a, b keeper) int { return bytes.Compare(a.key[:], b.key[:]) })
	for i := range w.servers {
		w.at[w.servers[i].id] = &w.servers[i]
	}
	for i := range w.servers {
		w.introduce(i)
	}
	return w
}

func (w *world) anyHealth(silent float64) health {
	switch x := w.rand.Float64(); {
	case x < silent*5/6:
		return gone
	case x < silent:
		return mute
	}
	return alive
}

// newID is like one of an Ed25519 key: the identity hash of a protobuf of 36 bytes.
func (w *world) newID() peer.ID {
	id := []byte{0, 36, 8, 1, 18, 32}
	for range 4 {
		id = binary.BigEndian.AppendUint64(id, w.rand.Uint64())
	}
	return peer.ID(id)
}

// introduce fills the table of the server at i: of each distance at most a bucket
// of servers, any of them.
func (w *world) introduce(i int) {
	s := &w.servers[i]
	from, to := 0, len(w.servers)
	for bit := 0; to-from > 1; bit++ {
		ones, _ := slices.BinarySearchFunc(w.servers[from:to], 1, func(o keeper, one int) int { return int(o.key.bit(bit)) - one })
		mid := from + ones
		far := [2]int{mid, to}
		if s.key.bit(bit) == 1 {
			far = [2]int{from, mid}
			from = mid
		} else {
			to = mid
		}
		others := far[1] - far[0]
		for k, n := range w.rand.Perm(others) {
			if k == bucket {
				break
			}
			s.knows = append(s.knows, &w.servers[far[0]+n])
		}
	}
}

func (k kadKey) bit(i int) byte { return k[i/8] >> (7 - i%8) & 1 }

// nearer compares the distances of two keys to k.
func (k kadKey) nearer(a, b kadKey) int {
	for i := range k {
		if x, y := a[i]^k[i], b[i]^k[i]; x != y {
			return int(x) - int(y)
		}
	}
	return 0
}

// near returns those that s knows nearest to k.
func (s *keeper) near(k kadKey) []*pb.Message_Peer {
	known := slices.Clone(s.knows)
	slices.SortFunc(known, func(a, b *keeper) int { return k.nearer(a.key, b.key) })
	var infos []peer.AddrInfo
	for _, o := range known[:min(len(known), bucket)] {
		infos = append(infos, peer.AddrInfo{ID: o.id, Addrs: []ma.Multiaddr{o.addr}})
	}
	return pb.RawPeerInfosToPBPeers(infos)
}

// answer is what s says to a question; nil: nothing.
func (w *world) answer(s *keeper, q *pb.Message) *pb.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.messages++
	a := pb.NewMessage(q.Type, q.Key, 0)
	switch q.Type {
	case pb.Message_ADD_PROVIDER:
		s.records[string(q.Key)] = q.ProviderPeers[0]
		w.left = append(w.left, time.Now())
		return nil
	case pb.Message_GET_PROVIDERS:
		if r := s.records[string(q.Key)]; r != nil {
			a.ProviderPeers = []*pb.Message_Peer{r}
		}
	}
	a.CloserPeers = s.near(sha256.Sum256(q.Key))
	return a
}

// serve answers on one stream until it is closed.
func (w *world) serve(s *keeper, line *tube) {
	in, out := pbio.NewDelimitedReader(line, maxAnswer), pbio.NewDelimitedWriter(line)
	for {
		var q pb.Message
		if in.ReadMsg(&q) != nil {
			return
		}
		if s.health == mute {
			continue
		}
		time.Sleep(s.rtt / 2)
		a := w.answer(s, &q)
		time.Sleep(s.rtt / 2)
		if a != nil && out.WriteMsg(a) != nil {
			return
		}
	}
}

// holders counts who answers and has a record of id for today.
func (w *world) holders(id peer.ID) (n int) {
	key := string(rendezvousKey(id, time.Now()).Hash())
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.servers {
		if s := &w.servers[i]; s.health == alive && s.records[key] != nil {
			n++
		}
	}
	return n
}

// renew replaces a share of the servers by others, which keep nothing. Their places
// in the tables stay.
func (w *world) renew(share, silent float64) {
	for i := range w.servers {
		if w.rand.Float64() < share {
			w.servers[i].health = w.anyHealth(silent)
			clear(w.servers[i].records)
		}
	}
}

func (w *world) anyAlive() *keeper {
	for {
		if s := &w.servers[w.rand.IntN(len(w.servers))]; s.health == alive {
			return s
		}
	}
}

// count begins to count what passes.
func (w *world) count() (began time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.messages, w.calls, w.left = 0, 0, nil
	return time.Now()
}

func (w *world) since(began time.Time) toll {
	w.mu.Lock()
	defer w.mu.Unlock()
	return toll{whole: time.Since(began), took: time.Since(began), messages: w.messages, calls: w.calls}
}
