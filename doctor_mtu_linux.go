package main

import (
	"net"

	"golang.org/x/sys/unix"
)

// pathMTU returns the largest packet that this computer sends to ip in one piece:
// that of its way out, or what routers on the path have told since.
func pathMTU(ip net.IP) (mtu int, err error) {
	c, err := net.DialUDP("udp", nil, &net.UDPAddr{IP: ip, Port: 9}) // connecting sends nothing
	if err != nil {
		return 0, err
	}
	defer c.Close()
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	level, option := unix.IPPROTO_IP, unix.IP_MTU
	if ip.To4() == nil {
		level, option = unix.IPPROTO_IPV6, unix.IPV6_MTU
	}
	ctlErr := raw.Control(func(fd uintptr) { mtu, err = unix.GetsockoptInt(int(fd), level, option) })
	if ctlErr != nil {
		return 0, ctlErr
	}
	return mtu, err
}
