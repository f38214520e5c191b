package tunnel

// What a user types behind --forward.

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Spec is one --forward: where to listen on this computer, and where each
// connection goes at the host.
type Spec struct {
	Listen string // "127.0.0.1:8080"; port 0: any free one
	To     Address
}

// ParseSpec reads [BIND:]PORT:HOST:PORT. Without BIND only this computer's own
// programs reach it; BIND is an address of this computer, localhost, or * for
// all. IPv6 addresses stand in brackets.
func ParseSpec(s string) (Spec, error) {
	parts := splitColons(s)
	if len(parts) == 3 {
		parts = append([]string{"localhost"}, parts...)
	}
	if len(parts) != 4 {
		return Spec{}, fmt.Errorf("%q is not LOCAL:HOST:PORT, such as 8080:localhost:80", shortened(s))
	}
	port, err := strconv.ParseUint(parts[1], 10, 16)
	if err != nil {
		return Spec{}, fmt.Errorf("%q: the local port is a number from 0 (any free one) to 65535", shortened(s))
	}
	bind, err := parseBind(parts[0])
	if err != nil {
		return Spec{}, err
	}
	to, err := parseAddress(net.JoinHostPort(parts[2], parts[3]))
	if err != nil {
		return Spec{}, err
	}
	return Spec{net.JoinHostPort(bind, strconv.FormatUint(port, 10)), to}, nil
}

func parseBind(s string) (string, error) {
	switch s {
	case "localhost":
		return "127.0.0.1", nil
	case "*":
		return "", nil
	}
	if _, err := netip.ParseAddr(s); err != nil {
		return "", fmt.Errorf("%q is no address of this computer to listen on", shortened(s))
	}
	return s, nil
}

// splitColons cuts at the colons that are not within brackets, and drops these.
func splitColons(s string) (parts []string) {
	for {
		if inner, rest, ok := strings.Cut(strings.TrimPrefix(s, "["), "]"); ok && strings.HasPrefix(s, "[") {
			parts = append(parts, inner)
			if rest == "" {
				return parts
			}
			if rest[0] != ':' {
				return nil
			}
			s = rest[1:]
			continue
		}
		part, rest, more := strings.Cut(s, ":")
		parts = append(parts, part)
		if !more {
			return parts
		}
		s = rest
	}
}
