package p2p

import (
	"strings"
	"testing"
)

func TestTheDoctorAsksThePublicNetworkAndTheRouter(t *testing.T) {
	seeds := startPublicNetwork(t, 3, loopback)
	dead := "/ip4/127.0.0.1/tcp/1/p2p/" + string(newIdentity(t).ID())
	for name, c := range map[string]struct {
		bootstrap []string
		want      string
	}{"all answer": {seeds, ""}, "one does not": {append([]string{dead}, seeds...), ""}, "none does": {[]string{dead}, "nobody answers; is this computer on the internet? ("}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // a router has its time to answer
			seen, err := Look(t.Context(), Options{Identity: newIdentity(t), Public: true, Bootstrap: c.bootstrap})
			if err != nil {
				t.Fatal(err)
			}
			if said := seen.Public.Err; (said == nil) != (c.want == "") || said != nil && !strings.HasPrefix(said.Error(), c.want) {
				t.Errorf("the public network: %v, want %q", said, c.want)
			}
			if r := seen.Router; r == nil || (r.Err == nil) == (r.Name == "") {
				t.Errorf("the router: %+v, want a protocol or an error", r)
			}
		})
	}
}
