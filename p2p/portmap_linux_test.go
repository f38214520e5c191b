package p2p

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// fakeRouter forwards ports on request, by NAT-PMP, and by PCP if it is a newer one,
// each from the next one of its address outside; over IPv6 it lets callers through
// to the port itself.
type fakeRouter struct {
	newer   bool
	outside [4]byte
	maps    func(portKey) // a port is forwarded; nil: nothing is done
	told    chan<- string // "ports 2": it has forwarded; "ports 0": all is taken back
}

// serve answers at ip until the test ends.
func (r *fakeRouter) serve(t *testing.T, ip string) {
	conn, err := net.ListenPacket("udp", net.JoinHostPort(ip, "5351"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		ports := map[portKey]bool{}
		ask := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFrom(ask)
			if err != nil {
				return
			}
			answer, key, life := r.answer(ask[:n])
			if key.port != 0 {
				ports[key] = true
				if life == 0 {
					delete(ports, key)
				} else if r.maps != nil {
					r.maps(key)
				}
				r.told <- fmt.Sprintf("ports %d", len(ports))
			}
			conn.WriteTo([]byte("a stray packet"), from)
			conn.WriteTo(answer, from)
		}
	}()
}

func (r *fakeRouter) answer(ask []byte) (answer []byte, key portKey, life uint32) {
	be := binary.BigEndian
	switch {
	case ask[0] == pcpVersion && !r.newer:
		return []byte{0, 0x80 | ask[1], 0, 1, 0, 0, 0, 7}, key, 0
	case ask[0] == pcpVersion && ask[1] == pcpAnnounce:
		return append([]byte{2, 0x80, 0, 0}, make([]byte, 20)...), key, 0
	case ask[0] == pcpVersion:
		key = portKey{udp: ask[36] == protocolUDP, port: be.Uint16(ask[40:])}
		answer = append([]byte{2, 0x81, 0, 0}, ask[4:8]...)
		answer = append(answer, make([]byte, 16)...)
		answer = append(answer, ask[24:42]...) // nonce, protocol, port
		if inside := netip.AddrFrom16([16]byte(ask[8:24])); !inside.Is4In6() {
			return append(append(answer, ask[40:42]...), ask[8:24]...), key, be.Uint32(ask[4:])
		}
		answer = be.AppendUint16(answer, key.port+1)
		answer = append(answer, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff)
		return append(answer, r.outside[:]...), key, be.Uint32(ask[4:])
	case ask[1] == pmpAddress:
		return append([]byte{0, 0x80, 0, 0, 0, 0, 0, 7}, r.outside[:]...), key, 0
	}
	key = portKey{udp: ask[1] == 1, port: be.Uint16(ask[4:])}
	answer = append([]byte{0, 0x80 | ask[1], 0, 0, 0, 0, 0, 7}, ask[4:6]...)
	answer = be.AppendUint16(answer, key.port+1)
	return append(answer, ask[8:12]...), key, be.Uint32(ask[8:])
}

// The firewall of a router at home lets nobody in over IPv6 who was not called. It is
// asked at the address that a neighbour has for it, from our own public one.
func TestAFirewallIsAskedToLetCallersInOverIPv6(t *testing.T) {
	twoComputers(t, func(t *testing.T, in io.Writer, out *bufio.Reader) {
		ip(t, "addr add fe80::1/64 dev v0 nodad")
		ip(t, "-6 route add 2a00:77::/64 dev v0")
		told := make(chan string, 100)
		(&fakeRouter{newer: true, told: told}).serve(t, "fe80::1%v0")
		fmt.Fprintln(in, "plug")
		line, err := out.ReadString('\n')
		for err == nil && !strings.HasPrefix(line, "GRANTED") {
			line, err = out.ReadString('\n')
		}
		if line != "GRANTED 2a00:77::2 2 PCP over IPv6 <nil>\n" {
			t.Errorf("the host says %q, %v", line, err)
		}
		last := ""
		for len(told) > 0 || last != "ports 0" {
			select {
			case last = <-told:
			case <-time.After(20 * time.Second):
				t.Fatalf("%s are left after the host's end", last)
			}
		}
	}, func(t *testing.T) {
		bufio.NewReader(os.Stdin).ReadString('\n')
		ip(t, "addr add 2a00:77::2/64 dev v1 nodad")
		ip(t, "addr add fd00:77::2/64 dev v1 nodad")
		ip(t, "link set v1 up")
		ip(t, "route add default via fe80::1 dev v1")
		n, err := Start(t.Context(), Options{Identity: newIdentity(t), Public: true, Bootstrap: []string{"/ip4/10.77.0.9/tcp/1/p2p/" + someRelay}})
		if err != nil {
			t.Fatal(err)
		}
		for began := time.Now(); n.router.six.protocol() == "" && time.Since(began) < 20*time.Second; {
			time.Sleep(10 * time.Millisecond)
		}
		at := map[netip.Addr]int{}
		n.router.six.mu.Lock()
		for _, g := range n.router.six.granted {
			at[g.outside.Addr()]++
		}
		n.router.six.mu.Unlock()
		by, err := askRouter(t.Context())
		for ip, ports := range at {
			fmt.Println("GRANTED", ip, ports, by, err)
		}
		n.Close()
	})
}

// Two that are both behind symmetric NATs stay relayed for ever, unless the host's
// router forwards its port.
func TestBehindTwoSymmetricNATsAForwardedPortMakesThePathDirect(t *testing.T) {
	roles{
		"relay": relayRole,
		"router": func(t *testing.T, _ []string) {
			r := &fakeRouter{newer: true, outside: [4]byte{11, 102, 0, 1}, told: make(chan string, 100)}
			r.maps = func(k portKey) {
				layer := map[bool]string{false: "tcp", true: "udp"}[k.udp]
				rule := fmt.Sprintf("add rule ip nat in iifname wan %s dport %d dnat to 192.168.2.11:%d", layer, k.port+1, k.port)
				if out, err := exec.Command("nft", strings.Fields(rule)...).CombinedOutput(); err != nil {
					fmt.Println("ROUTER", rule, err, string(out))
				}
			}
			r.serve(t, "192.168.2.1")
			fmt.Println("ROUTER is ready")
			stay()
		},
		"host": func(t *testing.T, relay []string) {
			n := startInLab(t, Options{Public: true, Bootstrap: []string{"/ip4/" + p2ptest.ServerAddr + "/tcp/1/p2p/" + someRelay}, Relays: relay})
			n.Handle(echo, serveEcho)
			untilReserved(t, n)
			for len(n.NAT().Mapped) < 2 {
				rest(t.Context(), 10*time.Millisecond, nil)
			}
			fmt.Println("ID", n.ID())
			stay()
		},
		"viewer": func(t *testing.T, args []string) {
			n := startInLab(t, Options{Role: Connector, Relays: args[1:]})
			began := time.Now()
			c := dial(t, n, Target{ID: wire.PeerID(args[0])})
			if !c.Path().Direct {
				select {
				case <-c.Better():
				case <-time.After(20 * time.Second):
				}
			}
			say(t, open(t, c, echo), "hello")
			fmt.Println("PATH", time.Since(began).Round(time.Millisecond), c.Path(), c.Path().Addr, c.Path().Why)
		},
	}.play(t, func(t *testing.T) {
		nat := p2ptest.Router{NAT: p2ptest.Symmetric, Delay: 20 * time.Millisecond}
		lab := p2ptest.NewLab(t, nat, nat)
		relay := startRole(t, lab.Internet, "relay", "").reads(t, "RELAY ")
		startRole(t, lab.RouterB.Router(), "router", "").reads(t, "ROUTER is ready")
		id := startRole(t, lab.B, "host", relay).reads(t, "ID ")
		directPath(t, lab, id+" "+relay)
	})
}

func TestARouterForwardsThePortsByPCP(t *testing.T)    { portsAreForwarded(t, true, "PCP") }
func TestARouterForwardsThePortsByNATPMP(t *testing.T) { portsAreForwarded(t, false, "NAT-PMP") }

func portsAreForwarded(t *testing.T, newer bool, by string) {
	twoComputers(t, func(t *testing.T, in io.Writer, out *bufio.Reader) {
		told := make(chan string, 100)
		(&fakeRouter{newer: newer, outside: [4]byte{11, 7, 7, 7}, told: told}).serve(t, "10.77.0.1")
		fmt.Fprintln(in, "plug")
		for _, want := range []string{"LOOK " + by + " <nil>", "NAT forwards by " + by + " 11.7.7.7 2", "ADDRS true", "CLOSED true"} {
			line, err := out.ReadString('\n')
			for err == nil && !strings.HasPrefix(line, want[:3]) {
				line, err = out.ReadString('\n')
			}
			if strings.TrimSpace(line) != want {
				t.Errorf("the host says %q, %v, want %q", line, err, want)
			}
		}
		last := ""
		for len(told) > 0 || last != "ports 0" {
			select {
			case last = <-told:
			case <-time.After(5 * time.Second):
				t.Fatalf("%s are left after the host's end", last)
			}
		}
		t.Log("found, used and left:", by)
	}, func(t *testing.T) {
		in := bufio.NewReader(os.Stdin)
		in.ReadString('\n')
		plug(t)
		n, err := Start(t.Context(), Options{Identity: newIdentity(t), Public: true, Bootstrap: []string{"/ip4/10.77.0.9/tcp/1/p2p/" + someRelay}})
		if err != nil {
			t.Fatal(err)
		}
		ip(t, "route add default via 10.77.0.1") // as it is at home: after the address
		name, err := probeGateway(t.Context(), portmapAnywhere4)
		fmt.Println("LOOK", name, err)
		for began := time.Now(); len(n.NAT().Mapped) < 2 && time.Since(began) < 20*time.Second; {
			time.Sleep(10 * time.Millisecond)
		}
		nat := n.NAT()
		fmt.Println("NAT", nat.Router, "by", nat.By, "11.7.7.7", strings.Count(fmt.Sprint(nat.Mapped), "/ip4/11.7.7.7/"))
		has := func() bool { return strings.Count(fmt.Sprint(n.Addrs()), "/ip4/11.7.7.7/") == 2 }
		for began := time.Now(); !has() && time.Since(began) < 20*time.Second; {
			time.Sleep(10 * time.Millisecond)
		}
		fmt.Println("ADDRS", has())
		began := time.Now()
		n.Close()
		fmt.Println("CLOSED", time.Since(began) < 2*time.Second)
		fmt.Fprintln(os.Stderr, "found: closed after", time.Since(began))
		go io.Copy(io.Discard, in)
	})
}
