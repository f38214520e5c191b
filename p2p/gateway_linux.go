package p2p

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// maxRoutes bounds what is read of a routing table; the default route is among the
// first lines of it.
const maxRoutes = 1 << 20

var errNoGateway = errors.New("there is no default route over IPv4")

// defaultGateway is the router that the way to the internet begins with.
func defaultGateway() (netip.Addr, error) {
	table, err := os.Open("/proc/net/route")
	if err != nil {
		return netip.Addr{}, err
	}
	defer table.Close()
	return gatewayIn(io.LimitReader(table, maxRoutes))
}

// gatewayIn reads proc_pid_net(5)'s route: interface, destination, gateway, flags,
// two counters, metric, mask, addresses as the kernel has them in memory. Of
// several default routes the one with the lowest metric is taken, as the kernel
// does.
func gatewayIn(table io.Reader) (gateway netip.Addr, err error) {
	const up, viaGateway = 1, 2
	best := uint64(1 << 32)
	for lines := bufio.NewScanner(table); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) < 8 || f[1] != "00000000" || f[7] != "00000000" {
			continue
		}
		ip, err1 := strconv.ParseUint(f[2], 16, 32)
		flags, err2 := strconv.ParseUint(f[3], 16, 16)
		metric, err3 := strconv.ParseUint(f[6], 10, 32)
		if errors.Join(err1, err2, err3) != nil || flags&(up|viaGateway) != up|viaGateway || metric >= best {
			continue
		}
		var raw [4]byte
		binary.NativeEndian.PutUint32(raw[:], uint32(ip))
		gateway, best = netip.AddrFrom4(raw), metric
	}
	if !gateway.IsValid() {
		return gateway, errNoGateway
	}
	return gateway, nil
}
