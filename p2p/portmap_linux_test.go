package p2p

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// portmapRouter forwards ports on request at 11.7.7.7, by NAT-PMP, and by PCP if it
// is a newer one. It tells of what it is asked: "ports 2" that it has forwarded,
// "ports 0" when all is taken back.
func portmapRouter(t *testing.T, ip string, newer bool) <-chan string {
	conn, err := net.ListenPacket("udp4", ip+":5351")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	told := make(chan string, 100)
	go func() {
		ports := map[string]bool{}
		ask := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFrom(ask)
			if err != nil {
				return
			}
			answer, key, life := portmapAnswers(ask[:n], newer)
			conn.WriteTo([]byte("a stray packet"), from)
			conn.WriteTo(answer, from)
			if key == "" {
				continue
			}
			ports[key] = true
			if life == 0 {
				delete(ports, key)
			}
			told <- fmt.Sprintf("ports %d", len(ports))
		}
	}()
	return told
}

// portmapAnswers is what such a router says: each port is forwarded from the next
// one.
func portmapAnswers(ask []byte, newer bool) (answer []byte, key string, life uint32) {
	switch {
	case ask[0] == pcpVersion && !newer:
		return []byte{0, 0x80 | ask[1], 0, 1, 0, 0, 0, 7}, "", 0
	case ask[0] == pcpVersion && ask[1] == pcpAnnounce:
		return append([]byte{2, 0x80, 0, 0}, make([]byte, 20)...), "", 0
	case ask[0] == pcpVersion:
		answer = append([]byte{2, 0x81, 0, 0}, ask[4:8]...)
		answer = append(answer, make([]byte, 16)...)
		answer = append(answer, ask[24:42]...) // nonce, protocol, port
		answer = binary.BigEndian.AppendUint16(answer, binary.BigEndian.Uint16(ask[40:])+1)
		answer = append(answer, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 11, 7, 7, 7)
		return answer, string(ask[24:42]), binary.BigEndian.Uint32(ask[4:])
	case ask[1] == pmpAddress:
		return []byte{0, 0x80, 0, 0, 0, 0, 0, 7, 11, 7, 7, 7}, "", 0
	}
	answer = append([]byte{0, 0x80 | ask[1], 0, 0, 0, 0, 0, 7}, ask[4:6]...)
	answer = binary.BigEndian.AppendUint16(answer, binary.BigEndian.Uint16(ask[4:])+1)
	return append(answer, ask[8:12]...), string(ask[1:6]), binary.BigEndian.Uint32(ask[8:])
}

func TestARouterForwardsThePortsByPCP(t *testing.T)    { portsAreForwarded(t, true, "PCP") }
func TestARouterForwardsThePortsByNATPMP(t *testing.T) { portsAreForwarded(t, false, "NAT-PMP") }

func portsAreForwarded(t *testing.T, newer bool, by string) {
	twoComputers(t, func(t *testing.T, in io.Writer, out *bufio.Reader) {
		told := portmapRouter(t, "10.77.0.1", newer)
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
		name, err := probeGateway(t.Context())
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
