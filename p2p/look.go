package p2p

// What this computer sees of the network, for rac doctor: nothing is left there,
// neither a record nor a place on a relay nor a forwarded port.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/p2p/net/nat"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// Outlook is what Look has found.
type Outlook struct {
	NAT    NAT
	Relays []Sighting // the user's own
	Public *Sighting  // the public libp2p network; nil: not asked
	Router *Sighting  // one that forwards ports on request, named by the protocols: "PCP and UPnP"; nil: not asked
}

// Sighting is whether something answers.
type Sighting struct {
	Name string
	Took time.Duration
	Err  error // nil: it answers
}

func sighted(name string, try func() error) Sighting {
	began := time.Now()
	err := try()
	return Sighting{name, time.Since(began), err}
}

// askTime is for whoever is asked: a router answers within it, or never.
const askTime = 5 * time.Second

// Look looks around until everything has answered or has had its time. Of o it takes
// the identity (nil: one for the moment), the relays and, if Public is set, the
// bootstrap list.
func Look(ctx context.Context, o Options) (*Outlook, error) {
	meet, err := rendezvousOf(Options{Public: o.Public, Bootstrap: o.Bootstrap}, nil)
	if err != nil {
		return nil, err
	}
	if o.Identity == nil {
		if o.Identity, err = throwAwayIdentity(); err != nil {
			return nil, err
		}
	}
	n, err := Start(ctx, Options{Identity: o.Identity, Role: Connector, Relays: o.Relays, Log: o.Log})
	if err != nil {
		return nil, err
	}
	defer n.Close()
	began := time.Now()
	asking, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	out := &Outlook{Relays: make([]Sighting, len(n.relay))}
	var work sync.WaitGroup
	for i, l := range n.relay {
		work.Go(func() {
			out.Relays[i] = sighted(l.id().Short(), func() error { return l.wait(asking) })
		})
	}
	for _, r := range meet {
		out.Public = new(Sighting)
		work.Go(func() { *out.Public = sighted(r.name, func() error { return n.tryVisit(asking, r) }) })
	}
	if o.Public { // as a host asks the router
		out.Router = new(Sighting)
		work.Go(func() {
			var by string
			*out.Router = sighted("", func() (err error) {
				by, err = askRouter(asking)
				return err
			})
			out.Router.Name = by
		})
	}
	work.Wait()
	n.untilSeen(ctx, began)
	out.NAT = n.NAT()
	return out, nil
}

// tryVisit tells whether a rendezvous lets this computer in.
func (n *Node) tryVisit(ctx context.Context, r rendezvous) error {
	v, err := n.visit(ctx, r)
	if err != nil {
		return fmt.Errorf("nobody answers; is this computer on the internet? (%w)", shortest(err))
	}
	v.leave()
	return nil
}

// errNoRouter stands for what the libraries say of each protocol that they have
// tried.
var errNoRouter = errors.New("none answers: a host here is called by way of a relay or a punched hole")

// askRouter returns by which protocols the router would forward, or let callers in.
func askRouter(ctx context.Context) (by string, err error) {
	var names [3]string
	var work sync.WaitGroup
	work.Go(func() { names[0], _ = probeGateway(ctx, portmapAnywhere4) })
	work.Go(func() {
		if router, err := nat.DiscoverNAT(ctx); err == nil {
			router.Close()
			names[1] = "UPnP"
		}
	})
	work.Go(func() {
		if name, err := probeGateway(ctx, portmapAnywhere6); err == nil {
			names[2] = name + " over IPv6"
		}
	})
	work.Wait()
	found := slices.DeleteFunc(names[:], func(name string) bool { return name == "" })
	if len(found) == 0 {
		return "", errNoRouter
	}
	return strings.Join(found, " and "), nil
}

const (
	// seenTime is how long a second observer is waited for: one alone cannot tell
	// what kind of NAT there is.
	seenTime = 1500 * time.Millisecond

	// blockedTime is how long, from the start, a relay that answers over TCP may take
	// to answer over UDP: QUIC's own patience, and a little.
	blockedTime = 6 * time.Second
)

// untilSeen waits until the relays have told what there is to tell, with and
// without UDP.
func (n *Node) untilSeen(ctx context.Context, began time.Time) {
	if !slices.ContainsFunc(n.relay, (*relayLink).isUp) {
		return
	}
	ctx, cancel := context.WithDeadline(ctx, began.Add(blockedTime))
	defer cancel()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for asked := time.Now(); ; {
		kind := n.NAT().UDP
		unsure := kind == NATSome || !slices.ContainsFunc(n.relay, (*relayLink).hasUDP)
		if kind != NATUnknown && kind != NATSome || unsure && time.Since(asked) > seenTime {
			return
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// hasUDP tells whether the relay is said to be on the internet with UDP.
func (l *relayLink) hasUDP() bool {
	return slices.ContainsFunc(l.info.Addrs, func(a ma.Multiaddr) bool { return has(a, ma.P_UDP) && manet.IsPublicAddr(a) })
}
