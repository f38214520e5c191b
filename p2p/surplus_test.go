package p2p

import (
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

func TestOfTwoConnectionsOfOneKindTheIdleOneIsClosed(t *testing.T) {
	host := start(t, Options{})
	host.Handle(echo, serveEcho)
	viewer := start(t, Options{Role: Connector})
	var overQUIC, overTCP string
	for _, a := range host.Addrs() {
		switch {
		case !strings.HasPrefix(a, "/ip4/127.0.0.1/"):
		case strings.Contains(a, "/quic-v1"):
			overQUIC, _, _ = strings.Cut(a, "/p2p/")
		default:
			overTCP, _, _ = strings.Cut(a, "/p2p/")
		}
	}
	c := dial(t, viewer, Target{ID: host.ID(), Addrs: []string{overQUIC}})
	for _, a := range []string{overQUIC, overTCP, overTCP} { // as a punch leaves them
		conn, err := viewer.dialers.dial(t.Context(), host.id, ma.StringCast(a), fromAny)
		if err != nil {
			t.Fatal(err)
		}
		if err := viewer.dialers.adopt(conn); err != nil {
			t.Fatal(err)
		}
	}
	count := func(n *Node, id peer.ID) int { return len(n.host.Network().ConnsToPeer(id)) }
	for count(viewer, host.id) < 4 || !atRest(viewer, host.id) {
		rest(t.Context(), 5*time.Millisecond, nil)
	}
	viewer.closeSurplus(host.id)
	if got := count(viewer, host.id); got != 4 {
		t.Errorf("%d connections without a stream, want all of 4: nothing shows which one will be used", got)
	}
	s := open(t, c, echo)
	say(t, s, "hello")
	viewer.closeSurplus(host.id)
	for count(viewer, host.id) != 3 || count(host, viewer.id) != 3 { // the stream's own, and those over the other transport
		rest(t.Context(), 5*time.Millisecond, nil)
	}
	say(t, s, "still here")
}

// atRest tells whether nothing runs on the connections to id.
func atRest(n *Node, id peer.ID) bool {
	for _, c := range n.host.Network().ConnsToPeer(id) {
		if len(c.GetStreams()) > 0 {
			return false
		}
	}
	return n.host.Network().Connectedness(id) == network.Connected
}
