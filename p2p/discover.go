package p2p

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// lan finds and is found on the local network; mdns.go says what is spoken
// there. A host listens all the time, a connector only while it looks.
type lan struct {
	node *Node
	work sync.WaitGroup

	mu       sync.Mutex
	answered map[answerKey]time.Time
}

// answerKey is a line that an answer went out on.
type answerKey struct {
	ifIndex int
	sock    *multicast
}

const (
	// answerPause bounds the answers on one interface. RFC 6762 wants a second
	// (section 6); then whoever begins to look just after another has would
	// wait longer than a person likes.
	answerPause = 100 * time.Millisecond

	firstQuery  = 250 * time.Millisecond // after the first; doubles
	announceGap = time.Second            // between the two announcements (section 8.3)
)

// startLAN never fails: a machine without a network is still reached by its
// addresses, and the network may come later.
func (n *Node) startLAN() {
	n.lan = &lan{node: n, answered: map[answerKey]time.Time{}}
	if n.role == Host {
		n.lan.work.Go(n.lan.announce)
	}
}

func (n *Node) stopLAN() {
	if n.lan != nil {
		n.lan.work.Wait()
	}
}

// announce answers who looks for us, and says unasked where we are when that
// has changed, until the node closes.
func (l *lan) announce() {
	socks, err := openMulticast()
	if err != nil {
		l.node.log.Warn("not announced on the local network", "error", err)
		return
	}
	var readers sync.WaitGroup
	for _, s := range socks {
		readers.Go(func() { l.read(s, func(m lanMessage, ifIndex int) { l.answer(s, m, ifIndex) }) })
	}
	l.announceLoop(socks)
	closeAll(socks)
	readers.Wait()
}

func (l *lan) announceLoop(socks []*multicast) {
	again := time.NewTimer(announceGap)
	defer again.Stop()
	events := make(chan struct{}, 1)
	l.work.Go(func() { networkEvents(l.node.ctx, events) })
	known := interfaceState()
	l.tell(socks)
	for {
		select {
		case <-again.C:
			l.tell(socks)
		case <-events:
			rest(l.node.ctx, networkRest, nil)
			if now := interfaceState(); now != known {
				known = now
				l.tell(socks)
				again.Reset(announceGap)
			}
		case <-l.node.ctx.Done():
			return
		}
	}
}

// interfaceState changes when a network comes, goes or gets another address.
func interfaceState() string {
	var state strings.Builder
	for _, i := range multicastInterfaces() {
		addrs, _ := i.Addrs()
		fmt.Fprintln(&state, i.Index, addrs)
	}
	return state.String()
}

// tell sends our addresses to each network.
func (l *lan) tell(socks []*multicast) {
	for _, s := range socks {
		s.joinAll()
		for _, i := range multicastInterfaces() {
			l.sendAnswer(s, &i)
		}
	}
}

// read hands on what concerns rac until the socket is closed.
func (l *lan) read(s *multicast, handle func(m lanMessage, ifIndex int)) {
	packet := make([]byte, maxPacket)
	for {
		n, ifIndex, err := s.read(packet)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			rest(l.node.ctx, time.Second, nil) // such as an interface that has just gone
			if l.node.ctx.Err() != nil {
				return
			}
			continue
		}
		if m, err := parseLAN(packet[:n]); err == nil {
			handle(m, ifIndex)
		}
	}
}

// answer answers on the interface that the question came in on, and on all where
// the system does not tell.
func (l *lan) answer(s *multicast, m lanMessage, ifIndex int) {
	if !slices.Contains(m.asked, lanKey(l.node.id)) {
		return
	}
	for _, i := range multicastInterfaces() {
		if (ifIndex == 0 || i.Index == ifIndex) && l.mayAnswer(answerKey{i.Index, s}) {
			l.sendAnswer(s, &i)
		}
	}
}

func (l *lan) mayAnswer(k answerKey) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Sub(l.answered[k]) < answerPause {
		return false
	}
	l.answered[k] = now
	return true
}

func (l *lan) sendAnswer(s *multicast, i *net.Interface) {
	addrs := l.addrsOn(i)
	if len(addrs) == 0 {
		return
	}
	packet, err := lanAnswer(l.node.id, addrs)
	if err == nil {
		err = s.send(i, packet)
	}
	if err != nil {
		l.node.log.Debug("no answer to the local network", "interface", i.Name, "error", err)
	}
}

// addrsOn are the addresses that we listen on and that belong to interface i:
// those of other networks are nobody's business there, and cannot be reached.
func (l *lan) addrsOn(i *net.Interface) []ma.Multiaddr {
	own, err := i.Addrs()
	if err != nil {
		return nil // it has gone
	}
	return slices.DeleteFunc(l.node.listening(own), manet.IsIP6LinkLocal) // those mean something else on each machine
}

// find asks the local network where id is, again and again until ctx ends, and
// dials what it is told. It returns nil when dial has.
func (l *lan) find(ctx context.Context, id peer.ID, dial func(context.Context, []ma.Multiaddr) error) error {
	query, err := lanQuery(id)
	if err != nil {
		return err
	}
	socks, err := openMulticast()
	if err != nil {
		return fmt.Errorf("looking on the local network: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	defer closeAll(socks)

	told := make(chan []ma.Multiaddr)
	for _, s := range socks {
		work.Go(func() {
			l.read(s, func(m lanMessage, _ int) {
				if addrs := m.answered[lanKey(id)]; len(addrs) > 0 {
					select {
					case told <- addrs:
					case <-ctx.Done():
					}
				}
			})
		})
	}
	asking := make(chan error, 1)
	work.Go(func() { asking <- l.ask(ctx, socks, query) })
	return l.dialTold(ctx, &work, told, asking, dial)
}

// dialTold dials each address once, as soon as it is told.
func (l *lan) dialTold(ctx context.Context, work *sync.WaitGroup, told <-chan []ma.Multiaddr, asking <-chan error, dial func(context.Context, []ma.Multiaddr) error) error {
	known := map[string]bool{}
	dialled := make(chan error)
	var failed []error
	for {
		select {
		case addrs := <-told:
			addrs = slices.DeleteFunc(addrs, func(a ma.Multiaddr) bool { return known[a.String()] })
			if len(addrs) == 0 || len(known) > maxLANAddrs {
				continue
			}
			for _, a := range addrs {
				known[a.String()] = true
			}
			work.Go(func() {
				select {
				case dialled <- dial(ctx, addrs):
				case <-ctx.Done():
				}
			})
		case err := <-dialled:
			if err == nil {
				return nil
			}
			failed = append(failed, err)
		case err := <-asking:
			if err != nil {
				return fmt.Errorf("looking on the local network: %w", err)
			}
		case <-ctx.Done():
			if len(known) == 0 {
				return errors.New("nobody on the local network answers to that ID")
			}
			if len(failed) == 0 {
				failed = append(failed, errors.New("its address on the local network does not answer"))
			}
			return errors.Join(failed...)
		}
	}
}

// ask sends the query, ever more seldom. It returns an error when the query
// cannot be sent at all.
func (l *lan) ask(ctx context.Context, socks []*multicast, query []byte) error {
	for pause := firstQuery; ctx.Err() == nil; pause *= 2 {
		sent := 0
		for _, s := range socks {
			s.joinAll()
			for _, i := range multicastInterfaces() {
				if s.send(&i, query) == nil {
					sent++
				}
			}
		}
		if sent == 0 && pause > firstQuery {
			return errNoMulticast
		}
		rest(ctx, pause, nil)
	}
	return nil
}

func closeAll(socks []*multicast) {
	for _, s := range socks {
		s.conn.Close()
	}
}
