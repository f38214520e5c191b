package p2p

import (
	"context"
	"os"
	"syscall"
)

// networkEvents puts a token into events whenever the kernel tells (rtnetlink)
// that a link, an address or a route has changed, and once when it has begun to listen.
func networkEvents(ctx context.Context, events chan struct{}) {
	const groups = 1<<0 | 1<<4 | 1<<6 | 1<<8 // RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_IFADDR
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, syscall.NETLINK_ROUTE)
	if err != nil {
		pollNetwork(ctx, events)
		return
	}
	socket := os.NewFile(uintptr(fd), "rtnetlink")
	defer socket.Close()
	if err := syscall.Bind(fd, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK, Groups: groups}); err != nil {
		pollNetwork(ctx, events)
		return
	}
	stop := context.AfterFunc(ctx, func() { socket.Close() })
	defer stop()
	offer(events)
	buf := make([]byte, 8<<10)
	for ctx.Err() == nil {
		// An error is that of a full buffer: something has changed then, too.
		if _, err := socket.Read(buf); err != nil && ctx.Err() == nil {
			rest(ctx, networkRest, nil)
		}
		offer(events)
	}
}
