package p2p

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	ma "github.com/multiformats/go-multiaddr"
)

// A relay that is connected and answers no more, as one that has just died, must
// not hold up the way through another.
func TestARelayThatSaysNothingDoesNotHoldUpAnother(t *testing.T) {
	mute := start(t, Options{})
	mute.host.SetStreamHandler(proto.ProtoIDv2Hop, func(s network.Stream) { <-mute.ctx.Done() })
	_, good := startRelay(t, Options{})
	host := start(t, Options{Relays: good})
	host.Handle(echo, serveEcho)
	untilReserved(t, host)
	viewer := start(t, Options{Role: Connector, Relays: append(mute.Addrs(), good...), testing: testOptions{gater: &wall{peer: host.ID()}, improve: time.Hour}})
	for _, l := range viewer.relay {
		if err := l.wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 { // which of the two is asked first is chance
		began := time.Now()
		c := dial(t, viewer, Target{ID: host.ID()})
		say(t, open(t, c, echo), "hello")
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("the way through the other relay was there after %v", took)
		}
		viewer.host.Network().ClosePeer(host.id) // the relays stay
	}
}

func TestAWebServerAtTheAddressIsToldInWords(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	_, port, _ := net.SplitHostPort(web.Listener.Addr().String())
	viewer := start(t, Options{Role: Connector})
	_, err := viewer.Dial(t.Context(), Target{ID: newIdentity(t).ID(), Addrs: []string{"/ip4/127.0.0.1/tcp/" + port}})
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "does not speak libp2p") {
		t.Errorf("dial: %v", err)
	}
	relay := "/ip4/127.0.0.1/tcp/" + port + "/p2p/" + string(newIdentity(t).ID())
	out, err := Look(t.Context(), Options{Relays: []string{relay}})
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Relays[0].Err; err == nil || !strings.Contains(err.Error(), "does not speak libp2p") {
		t.Errorf("the relay: %v", err)
	}
}

// The host is back at its relay while an address where nobody answers is still tried.
func TestAHostThatComesToTheRelayLateIsFoundWhileOtherWaysAreTried(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close() // it takes calls and says nothing
	_, port, _ := net.SplitHostPort(silent.Addr().String())
	_, relays := startRelay(t, Options{})
	id := newIdentity(t)
	viewer := start(t, Options{Role: Connector, Relays: relays})
	if err := viewer.relay[0].wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	viewer.host.Peerstore().AddAddr(id.id, ma.StringCast("/ip4/127.0.0.1/tcp/"+port), time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	found := make(chan error, 1)
	go func() {
		_, err := viewer.Dial(ctx, Target{ID: id.ID()})
		found <- err
	}()
	rest(t.Context(), 700*time.Millisecond, nil)
	start(t, Options{Identity: id, Relays: relays})
	if err := <-found; err != nil {
		t.Error(err)
	}
}
