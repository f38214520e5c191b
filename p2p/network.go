package p2p

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// networkPoll is how often the interfaces are looked at where the system does
// not tell of changes; networkRest is how long it may take until a change is
// complete: a link comes up, then it has an address, then another one.
const (
	networkPoll = 3 * time.Second
	networkRest = 100 * time.Millisecond
)

// changed returns a channel that is closed when this computer's network has
// changed: its own addresses, or those under which others see it.
func (n *Node) changed() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.change
}

func (n *Node) tellChange() {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.change)
	n.change = make(chan struct{})
}

// watchNetwork tells of changes until the node closes.
func (n *Node) watchNetwork() {
	events := make(chan struct{}, 1)
	n.work.Go(func() { networkEvents(n.ctx, events) })
	for known := linkState(); ; {
		select {
		case <-events:
		case <-n.ctx.Done():
			return
		}
		rest(n.ctx, networkRest, nil)
		if now := linkState(); now != known && n.ctx.Err() == nil {
			known = now
			n.log.Debug("the network has changed")
			n.tellChange()
			n.repunch()
			n.searchRouter()
		}
	}
}

func (n *Node) searchRouter() {
	if n.router == nil {
		return
	}
	if old := n.router.search(); old != nil && !n.goWork(func() { old.Close() }) {
		old.Close()
	}
}

// linkState is another text when an interface comes, goes, or gets another
// address, and when the way to the internet begins with another router. Link-local ones come and go with it.
func linkState() string {
	all, err := net.Interfaces()
	if err != nil {
		return ""
	}
	var state strings.Builder
	if gateway, err := defaultGateway(); err == nil {
		fmt.Fprintln(&state, gateway)
	}
	for _, i := range all {
		addrs, _ := i.Addrs()
		addrs = slices.DeleteFunc(addrs, func(a net.Addr) bool {
			n, ok := a.(*net.IPNet)
			return ok && n.IP.IsLinkLocalUnicast()
		})
		fmt.Fprintln(&state, i.Index, i.Flags&(net.FlagUp|net.FlagRunning), addrs)
	}
	return state.String()
}

// repunch tries at once to reach again those peers directly that are connected
// through a relay: the other half of improve, for the side that was dialled.
func (n *Node) repunch() {
	if n.role != Host {
		return
	}
	for _, id := range n.host.Network().Peers() {
		if c := n.best(id); c != nil && !isDirect(c.RemoteMultiaddr()) {
			n.goWork(func() {
				ctx, cancel := context.WithTimeout(n.ctx, improveTime)
				defer cancel()
				if _, err := n.punch.begin(ctx, c); err != nil {
					n.log.Debug("still relayed", "peer", id, "error", err)
				}
			})
		}
	}
}

func pollNetwork(ctx context.Context, events chan struct{}) {
	for ctx.Err() == nil {
		rest(ctx, networkPoll, nil)
		offer(events)
	}
}
