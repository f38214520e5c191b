package tunnel

// Where tunnels lead, and where they may.

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Address is a port of a computer: an IP address or a name, in lower case.
type Address struct {
	Host string
	Port uint16
}

func (a Address) String() string { return net.JoinHostPort(a.Host, strconv.Itoa(int(a.Port))) }

// parseAddress reads "HOST:PORT" or "[IPV6]:PORT". A name is letters, digits,
// ".", "-" and "_".
func parseAddress(s string) (Address, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return Address{}, fmt.Errorf("%q is not HOST:PORT", shortened(s))
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return Address{}, fmt.Errorf("%q: a port is a number from 1 to 65535", shortened(s))
	}
	if ip, err := netip.ParseAddr(host); err != nil && !isName(host) || ip.Zone() != "" && !isName(ip.Zone()) {
		return Address{}, fmt.Errorf("%q is neither a name nor an address", shortened(host))
	}
	return Address{strings.ToLower(strings.TrimSuffix(host, ".")), uint16(n)}, nil
}

// isName knows what stands in hosts files and in the DNS.
func isName(s string) bool {
	if s == "" || len(s) > 253 || s[0] == '.' || strings.Contains(s, "..") {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
	}) < 0
}

func shortened(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// Rules are where tunnels may lead: any that matches allows.
type Rules []rule

type rule struct {
	any    bool         // every computer
	self   bool         // this computer, by its loopback addresses
	prefix netip.Prefix // if valid: these addresses
	name   string       // else: this name
	port   uint16       // 0: each
}

// ParseRules reads rules as the config has them: HOST:PORT, where HOST is "*"
// for all, "localhost" for this computer's loopback addresses, a name, an
// address or a network (192.0.2.0/24), and PORT a number or "*". A rule for
// addresses is not about names, whatever they resolve to, and the reverse.
func ParseRules(list []string) (Rules, error) {
	var rules Rules
	for _, s := range list {
		r, err := parseRule(s)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func parseRule(s string) (r rule, err error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return r, fmt.Errorf("%q is not HOST:PORT, such as localhost:22 or *:80", shortened(s))
	}
	if port == "*" {
		port = "1"
	} else if n, err := strconv.ParseUint(port, 10, 16); err == nil {
		r.port = uint16(n)
	}
	if host == "*" {
		r.any = true
		_, err = parseAddress("localhost:" + port)
		return r, err
	}
	if p, err := netip.ParsePrefix(host); err == nil {
		r.prefix = p.Masked()
		_, err = parseAddress("localhost:" + port)
		return r, err
	}
	a, err := parseAddress(net.JoinHostPort(host, port))
	if err != nil {
		return r, err
	}
	r.name = a.Host
	r.self = a.Host == "localhost"
	if ip, err := netip.ParseAddr(a.Host); err == nil {
		ip = ip.Unmap().WithZone("")
		r.prefix = netip.PrefixFrom(ip, ip.BitLen())
	}
	return r, nil
}

// Allow tells whether a tunnel may lead to a.
func (rules Rules) Allow(a Address) bool {
	return slices.ContainsFunc(rules, func(r rule) bool { return r.matches(a) })
}

func (r rule) matches(a Address) bool {
	if r.port != 0 && r.port != a.Port {
		return false
	}
	if r.any {
		return true
	}
	ip, err := netip.ParseAddr(a.Host)
	if err != nil {
		return r.name != "" && r.name == a.Host
	}
	ip = ip.Unmap()
	return r.self && ip.IsLoopback() || r.prefix.IsValid() && r.prefix.Contains(ip.WithZone(""))
}
