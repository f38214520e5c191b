package p2p

import (
	"errors"
	"strings"
	"testing"
)

const routeHead = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"

func TestTheGatewayIsThatOfTheBestDefaultRoute(t *testing.T) {
	for table, want := range map[string]string{
		routeHead: "",
		routeHead + "wg0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n":                                                                                              "", // no router
		routeHead + "eth0\t0000A8C0\t0101A8C0\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0\n":                                                                                             "", // no default route
		routeHead + "wlan0\t00000000\t0100A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\neth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\nnonsense\n0 1 2 3 4 5 6 7\n": "192.168.1.1",
	} {
		got, err := gatewayIn(strings.NewReader(table))
		if want == "" && !errors.Is(err, errNoGateway) || want != "" && (err != nil || got.String() != want) {
			t.Errorf("the gateway is %v, %v, want %q, in\n%s", got, err, want, table)
		}
	}
}
