package p2p

import (
	"io"
	"syscall"

	manet "github.com/multiformats/go-multiaddr/net"

	"rac/p2p/socket"
)

// quickConn is a TCP connection by the system calls of package socket.
type quickConn struct {
	manet.Conn
	bytes io.ReadWriter
}

// quickly returns c so, or as it is: connections through a relay are no sockets.
func quickly(c manet.Conn) manet.Conn {
	if bytes, ok := socket.Quick(c); ok {
		return &quickConn{c, bytes}
	}
	return c
}

func (c *quickConn) Read(b []byte) (int, error)  { return c.bytes.Read(b) }
func (c *quickConn) Write(b []byte) (int, error) { return c.bytes.Write(b) }

// SyscallConn gives the socket's options.
func (c *quickConn) SyscallConn() (syscall.RawConn, error) {
	return c.Conn.(syscall.Conn).SyscallConn()
}
