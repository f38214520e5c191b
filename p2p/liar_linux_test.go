package p2p

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"
	ma "github.com/multiformats/go-multiaddr"

	"rac/p2p/p2ptest"
)

// A relay sees its host elsewhere each time that it is asked. A new address is a reason
// to ask again; but not without end.
func TestARelayThatLiesAboutOurAddressDoesNotKeepAHostBusy(t *testing.T) {
	roles{
		"liar": lyingRelay,
		"host": func(t *testing.T, relay []string) {
			n := startInLab(t, Options{Relays: relay})
			untilReserved(t, n)
			fmt.Println("HOST is there")
			stay()
		},
	}.play(t, func(t *testing.T) {
		router := p2ptest.Router{NAT: p2ptest.Restricted, Delay: time.Millisecond}
		lab := p2ptest.NewLab(t, router, router)
		liar := startRole(t, lab.Internet, "liar", "")
		startRole(t, lab.B, "host", liar.reads(t, "RELAY ")).reads(t, "HOST is there")
		asked, err := strconv.Atoi(liar.reads(t, "ASKED "))
		t.Logf("%d times in 5 s", asked)
		if err != nil || asked < 3 || asked > 100 {
			t.Errorf("the host has asked %d times where it is, %v", asked, err)
		}
	})
}

// lyingRelay says RELAY and its addresses, and, 5 s after it has been asked for the
// fourth time, ASKED and how often in these.
func lyingRelay(t *testing.T, _ []string) {
	r := startOwnRelay(t, RelayOptions{Listen: onServer()})
	var asked atomic.Int64
	r.stack.host.SetStreamHandler(identify.ID, func(s network.Stream) {
		defer s.Close()
		n := asked.Add(1)
		_, rest := ma.SplitFirst(s.Conn().RemoteMultiaddr())
		lie := ma.Join(ma.StringCast(fmt.Sprintf("/ip4/9.9.9.%d", 1+n%2)), rest)
		var body bytes.Buffer
		body.WriteByte(4<<3 | 2)
		body.Write(binary.AppendUvarint(nil, uint64(len(lie.Bytes()))))
		body.Write(lie.Bytes())
		s.Write(append(binary.AppendUvarint(nil, uint64(body.Len())), body.Bytes()...))
	})
	fmt.Println("RELAY", strings.Join(r.Addrs(), " "))
	for asked.Load() < 4 {
		rest(t.Context(), time.Millisecond, nil)
	}
	before := asked.Load()
	rest(t.Context(), 5*time.Second, nil)
	fmt.Println("ASKED", asked.Load()-before)
	stay()
}
