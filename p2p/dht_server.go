package p2p

import (
	"bytes"
	"container/list"
	"context"
	"slices"
	"sync"
	"time"

	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// A relay keeps the records of its hosts, and of no more than fit: a stranger
// can come with as many IDs as he likes.

const (
	maxKept     = 16384
	maxKeptEach = 4 // keys of one host: it has one for each day
	recordLife  = 26 * time.Hour
)

// startRecords makes h a server of the relays' rendezvous.
func startRecords(h host.Host, allows func(peer.ID) bool) (*dht.IpfsDHT, error) {
	return dht.New(context.Background(), h, dht.Mode(dht.ModeServer), dht.ProtocolPrefix(ownPrefix), dht.DisableValues(),
		dht.ProviderStore(newRecordStore(allows)))
}

// recordStore is in memory: a host leaves its record again within half a day,
// and at once when it comes back to a relay that was restarted.
type recordStore struct {
	allows func(peer.ID) bool

	mu     sync.Mutex
	byKey  map[string]map[peer.ID]*list.Element
	byPeer map[peer.ID]int
	oldest *list.List // of *record
}

type record struct {
	key   string
	id    peer.ID
	addrs []ma.Multiaddr
	until time.Time
}

func newRecordStore(allows func(peer.ID) bool) *recordStore {
	return &recordStore{allows: allows, byKey: map[string]map[peer.ID]*list.Element{}, byPeer: map[peer.ID]int{}, oldest: list.New()}
}

// AddProvider keeps a record, in place of the oldest where there are too many.
// The DHT has checked that it comes from the peer that it is about. It must lie
// where that peer's records do: otherwise strangers could leave theirs beside a host's
// until no answer has room for all of them.
func (s *recordStore) AddProvider(_ context.Context, key []byte, about peer.AddrInfo) error {
	lies := func(day time.Time) bool { return bytes.Equal(key, rendezvousKey(about.ID, day).Hash()) }
	if !s.allows(about.ID) || !slices.ContainsFunc(rendezvousDays(time.Now()), lies) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byKey[string(key)][about.ID]; e != nil {
		s.dropLocked(e)
	}
	s.dropOldLocked()
	for s.byPeer[about.ID] >= maxKeptEach || s.oldest.Len() >= maxKept {
		s.dropLocked(s.firstLocked(about.ID))
	}
	r := &record{string(key), about.ID, about.Addrs[:min(len(about.Addrs), maxRecordAddrs)], time.Now().Add(recordLife)}
	if s.byKey[r.key] == nil {
		s.byKey[r.key] = map[peer.ID]*list.Element{}
	}
	s.byKey[r.key][r.id] = s.oldest.PushBack(r)
	s.byPeer[r.id]++
	return nil
}

// GetProviders returns who has a record under key.
func (s *recordStore) GetProviders(_ context.Context, key []byte) ([]peer.AddrInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropOldLocked()
	var found []peer.AddrInfo
	for id, e := range s.byKey[string(key)] {
		found = append(found, peer.AddrInfo{ID: id, Addrs: e.Value.(*record).addrs})
	}
	return found, nil
}

func (s *recordStore) Close() error { return nil }

// firstLocked is the oldest record of id where it has too many, else of all.
func (s *recordStore) firstLocked(id peer.ID) *list.Element {
	if s.byPeer[id] < maxKeptEach {
		return s.oldest.Front()
	}
	e := s.oldest.Front()
	for e.Value.(*record).id != id {
		e = e.Next()
	}
	return e
}

func (s *recordStore) dropOldLocked() {
	for e := s.oldest.Front(); e != nil && time.Now().After(e.Value.(*record).until); e = s.oldest.Front() {
		s.dropLocked(e)
	}
}

func (s *recordStore) dropLocked(e *list.Element) {
	r := s.oldest.Remove(e).(*record)
	delete(s.byKey[r.key], r.id)
	if len(s.byKey[r.key]) == 0 {
		delete(s.byKey, r.key)
	}
	if s.byPeer[r.id]--; s.byPeer[r.id] == 0 {
		delete(s.byPeer, r.id)
	}
}
