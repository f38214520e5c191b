package x11

// The name of a display, and the sockets that it may stand for (X(7), "DISPLAY
// NAMES"; the abstract socket is Linux's).

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// display is a parsed name.
type display struct {
	name   string // as written
	socket string // the path of a socket in place of a host
	host   string // "" is this machine, by a unix socket
	number int
	screen int
}

func (d display) String() string { return d.name }

// parseDisplay reads [protocol/][host]:number[.screen]; "" is $DISPLAY.
func parseDisplay(name string) (display, error) {
	if name == "" {
		name = os.Getenv("DISPLAY")
	}
	if name == "" {
		return display{}, fmt.Errorf("%w: DISPLAY is not set", ErrNoDisplay)
	}
	d := display{name: name}
	colon := strings.LastIndexByte(name, ':')
	if colon < 0 {
		return d, fmt.Errorf("%w: %q is not a display name such as :0", ErrNoDisplay, name)
	}
	d.setHost(name[:colon])
	number, screen, hasScreen := strings.Cut(name[colon+1:], ".")
	var err error
	if d.number, err = parseNumber(number); err == nil && hasScreen {
		d.screen, err = parseNumber(screen)
	}
	if err != nil {
		return d, fmt.Errorf("%w: %q is not a display name such as :0", ErrNoDisplay, name)
	}
	return d, nil
}

// parseNumber reads a display or screen number; TCP port 6000+number must exist.
func parseNumber(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if n > 65535-6000 {
		return 0, strconv.ErrRange
	}
	return int(n), err
}

// setHost takes what stands before the colon.
func (d *display) setHost(s string) {
	if strings.HasPrefix(s, "/") {
		d.socket = s
		return
	}
	proto, host, ok := strings.Cut(s, "/")
	if !ok {
		proto, host = "", s
	}
	if proto == "unix" || host == "unix" {
		host = ""
	}
	d.host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

// local tells whether d is reached by a unix socket.
func (d display) local() bool { return d.host == "" }

// address is a socket to try.
type address struct{ network, addr string }

// addresses lists the sockets to try, in order. The file comes before the
// abstract name: anybody may take a free abstract name, while the folder of the
// files belongs to root.
func (d display) addresses() []address {
	if d.socket != "" {
		return []address{{"unix", fmt.Sprintf("%s:%d", d.socket, d.number)}, {"unix", d.socket}}
	}
	if !d.local() {
		return []address{{"tcp", net.JoinHostPort(d.host, strconv.Itoa(6000+d.number))}}
	}
	path := fmt.Sprintf("/tmp/.X11-unix/X%d", d.number)
	list := []address{{"unix", path}}
	if runtime.GOOS == "linux" {
		list = append(list, address{"unix", "@" + path})
	}
	return list
}

// dial opens the first socket of d that somebody listens on.
func (d display) dial(ctx context.Context) (net.Conn, error) {
	var why []string
	for _, a := range d.addresses() {
		c, err := new(net.Dialer).DialContext(ctx, a.network, a.addr)
		if err == nil {
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		why = append(why, a.addr+": "+reason(err))
	}
	return nil, fmt.Errorf("%w: %s (%s)", ErrNoDisplay, d, strings.Join(why, ", "))
}

// reason is the innermost cause of a network error, without the addresses that
// package net repeats.
func reason(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err.Error()
}
