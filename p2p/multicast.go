package p2p

import (
	"errors"
	"fmt"
	"net"
	"sync"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// multicast is a socket of one IP family in the group of multicast DNS, on all
// interfaces of the machine. It shares the port with the system's own responder
// (avahi, systemd-resolved, mDNSResponder).
type multicast struct {
	conn  *net.UDPConn
	group *net.UDPAddr

	join func(*net.Interface) error
	read func([]byte) (n, ifIndex int, err error) // ifIndex 0: not known

	sending sync.Mutex // between via and the write that it is for
	via     func(*net.Interface) error
}

var errNoMulticast = errors.New("no network interface of this machine can multicast")

// openMulticast returns the sockets of both families; one is enough.
func openMulticast() ([]*multicast, error) {
	var socks []*multicast
	four, err4 := openMulticast4()
	if err4 == nil {
		socks = append(socks, four)
	}
	six, err6 := openMulticast6()
	if err6 == nil {
		socks = append(socks, six)
	}
	if len(socks) == 0 {
		return nil, errors.Join(err4, err6)
	}
	for _, s := range socks {
		s.joinAll()
	}
	return socks, nil
}

func openMulticast4() (*multicast, error) {
	group := &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: 5353}
	conn, err := net.ListenUDP("udp4", group) // binds to the wildcard address, shared
	if err != nil {
		return nil, fmt.Errorf("port 5353 for the local network: %w", err)
	}
	p := ipv4.NewPacketConn(conn)
	p.SetMulticastTTL(255)
	p.SetMulticastLoopback(true) // the peer may be another process here
	p.SetControlMessage(ipv4.FlagInterface, true)
	return &multicast{conn: conn, group: group,
		join: func(i *net.Interface) error { return p.JoinGroup(i, group) },
		via:  p.SetMulticastInterface,
		read: func(b []byte) (int, int, error) {
			n, cm, _, err := p.ReadFrom(b)
			if cm == nil {
				return n, 0, err
			}
			return n, cm.IfIndex, err
		}}, nil
}

func openMulticast6() (*multicast, error) {
	group := &net.UDPAddr{IP: net.ParseIP("ff02::fb"), Port: 5353}
	conn, err := net.ListenUDP("udp6", group)
	if err != nil {
		return nil, fmt.Errorf("port 5353 for the local network: %w", err)
	}
	p := ipv6.NewPacketConn(conn)
	p.SetMulticastHopLimit(255)
	p.SetMulticastLoopback(true)
	p.SetControlMessage(ipv6.FlagInterface, true)
	return &multicast{conn: conn, group: group,
		join: func(i *net.Interface) error { return p.JoinGroup(i, group) },
		via:  p.SetMulticastInterface,
		read: func(b []byte) (int, int, error) {
			n, cm, _, err := p.ReadFrom(b)
			if cm == nil {
				return n, 0, err
			}
			return n, cm.IfIndex, err
		}}, nil
}

// joinAll joins the group on every interface, those that came up since included.
func (m *multicast) joinAll() {
	for _, i := range multicastInterfaces() {
		m.join(&i) // fails where it is joined already
	}
}

// send sends packet out of one interface.
func (m *multicast) send(i *net.Interface, packet []byte) error {
	m.sending.Lock()
	defer m.sending.Unlock()
	if err := m.via(i); err != nil {
		return err
	}
	_, err := m.conn.WriteToUDP(packet, m.group)
	return err
}

// multicastInterfaces are those that are up and can multicast. Loopback is one
// of them: Linux does not flag it so, but carries multicast on it.
func multicastInterfaces() []net.Interface {
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var usable []net.Interface
	for _, i := range all {
		if i.Flags&net.FlagUp != 0 && i.Flags&(net.FlagMulticast|net.FlagLoopback) != 0 {
			usable = append(usable, i)
		}
	}
	return usable
}
