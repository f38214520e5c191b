package p2p

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// askForBBR works without rights where net.ipv4.tcp_allowed_congestion_control has
// bbr, as root wherever the kernel has it.
func askForBBR(c net.Conn) error {
	socket, ok := c.(syscall.Conn)
	if !ok {
		return errors.ErrUnsupported
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	var refused error
	err = raw.Control(func(fd uintptr) {
		refused = unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, "bbr")
	})
	return errors.Join(err, refused)
}

// hasBBR tells whether askForBBR works.
func hasBBR() bool {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	return unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, "bbr") == nil
}
