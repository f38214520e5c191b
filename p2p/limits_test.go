package p2p

import (
	"fmt"
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
	ma "github.com/multiformats/go-multiaddr"
)

// Behind a carrier's NAT thousands share an address (100 of them that connect at
// once do not keep the owner out), and who has many takes only his share.
func TestNeighboursBehindOneAddressDoNotShutTheOwnerOut(t *testing.T) {
	rm, err := newResourceManager(boundsOf(Host))
	if err != nil {
		t.Fatal(err)
	}
	defer rm.Close()
	open := func(addr string) error {
		_, err := rm.OpenConnection(network.DirInbound, true, ma.StringCast(addr))
		return err
	}
	for i := range 100 {
		if err := open(fmt.Sprintf("/ip4/100.64.0.1/tcp/%d", 1000+i)); err != nil {
			t.Fatalf("neighbour %d: %v", i, err)
		}
	}
	taken := 100
	for range 1000 {
		if open("/ip4/100.64.0.1/tcp/5000") == nil {
			taken++
		}
	}
	if taken > 300 {
		t.Errorf("one address has taken %d connections", taken)
	}
	if err := open("/ip4/11.0.0.1/tcp/5000"); err != nil {
		t.Errorf("the owner, from elsewhere: %v", err)
	}
}
