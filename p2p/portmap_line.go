package p2p

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	manet "github.com/multiformats/go-multiaddr/net"
)

// Each question is asked three times: after 250 ms as in RFC 6886 section 3.1, then
// 500 ms. So both protocols have had their chance in 3.5 s.
const (
	portmapFirst = 250 * time.Millisecond
	portmapTries = 3
)

// gatewayLine is a socket that takes packets from the gateway's portmapPort alone:
// nobody else in the network has a word in what is forwarded.
type gatewayLine struct {
	*net.UDPConn
	gateway, inside netip.Addr // IPv4 both, or IPv6 both
	nonce           [12]byte
}

// What says that there is nothing to forward, or nobody to forward it to.
var (
	errNoNAT    = errors.New("this computer has a public address: no port needs to be forwarded")
	errNoPublic = errors.New("this computer has no public address over IPv6")
)

// openGateway opens the line to the router on the way to portmapAnywhere4 or 6. What
// is forwarded is the address that we speak from; over IPv6 that is not the one that
// the system would take for a neighbour.
func openGateway(to netip.Addr, nonce [12]byte) (*gatewayLine, error) {
	gateway, from, err := gatewayTo(to)
	if err != nil {
		return nil, err
	}
	if to.Is4() {
		from = netip.IPv4Unspecified()
	}
	line, err := dialGateway(gateway, from, nonce)
	if err != nil {
		return nil, err
	}
	own, err := manet.FromIP(line.inside.AsSlice())
	switch public := err == nil && manet.IsPublicAddr(own); {
	case to.Is4() && public:
		err = errNoNAT
	case to.Is6() && !public:
		err = errNoPublic
	default:
		return line, nil
	}
	line.Close()
	return nil, err
}

func dialGateway(gateway, from netip.Addr, nonce [12]byte) (*gatewayLine, error) {
	conn, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), net.UDPAddrFromAddrPort(netip.AddrPortFrom(gateway, portmapPort)))
	if err != nil {
		return nil, err
	}
	inside := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap().WithZone("")
	return &gatewayLine{conn, gateway, inside, nonce}, nil
}

// exchange asks until read has understood an answer. Packets that read calls
// errStray are left out: late answers to what was asked before.
func (l *gatewayLine) exchange(ctx context.Context, ask []byte, read func(answer []byte) error) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	answer := make([]byte, maxPortmap)
	wait := portmapFirst
	for range portmapTries {
		if _, err := l.Write(ask); err != nil {
			return shortest(err)
		}
		l.SetReadDeadline(time.Now().Add(wait))
		for {
			n, err := l.Read(answer)
			if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
				break
			}
			if err != nil {
				return shortest(err) // most often that nobody listens there
			}
			if err := read(answer[:n]); !errors.Is(err, errStray) {
				return err
			}
		}
		wait *= 2
	}
	return fmt.Errorf("%s does not answer", l.gateway)
}

// portmapper is one of the two protocols.
type portmapper interface {
	String() string
	forward(context.Context, forwarding) (forwarding, error)
	end(forwarding)              // does not wait for an answer
	probe(context.Context) error // nil: the router speaks it; nothing is changed there
}

// portmappers are both, the better one first. A router that has only the older one
// refuses the version of the other, or keeps silent; that one knows no IPv6.
func (l *gatewayLine) portmappers() []portmapper {
	if l.inside.Is6() {
		return []portmapper{pcp{l}}
	}
	return []portmapper{pcp{l}, natPMP{l}}
}

type pcp struct{ *gatewayLine }

func (pcp) String() string { return "PCP" }

func (p pcp) forward(ctx context.Context, f forwarding) (got forwarding, err error) {
	err = p.exchange(ctx, appendPCP(nil, p.nonce, p.inside, f), func(answer []byte) error {
		got, err = parsePCP(answer, p.nonce, f.portKey)
		return err
	})
	return got, err
}

func (p pcp) end(f forwarding) {
	p.Write(appendPCP(nil, p.nonce, p.inside, forwarding{portKey: f.portKey}))
}

// probe announces us. A router that does without that operation answers, too.
func (p pcp) probe(ctx context.Context) error {
	return p.exchange(ctx, appendPCPHead(nil, pcpAnnounce, p.inside, 0), func(answer []byte) error {
		if err := checkPCP(answer, pcpAnnounce); err == nil || errors.Is(err, errStray) || errors.Is(err, errOtherVersion) || answer[3] != pcpNoSuchOperation {
			return err
		}
		return nil
	})
}

type natPMP struct{ *gatewayLine }

func (natPMP) String() string { return "NAT-PMP" }

func (p natPMP) forward(ctx context.Context, f forwarding) (got forwarding, err error) {
	outside, err := p.outside(ctx)
	if err != nil {
		return got, err
	}
	err = p.exchange(ctx, appendPMP(nil, f), func(answer []byte) error {
		got, err = parsePMP(answer, f.portKey)
		return err
	})
	got.outside = netip.AddrPortFrom(outside, got.outside.Port())
	return got, err
}

// outside asks for the router's own address.
func (p natPMP) outside(ctx context.Context) (ip netip.Addr, err error) {
	err = p.exchange(ctx, []byte{pmpVersion, pmpAddress}, func(answer []byte) error {
		ip, err = parsePMPAddress(answer)
		return err
	})
	return ip, err
}

func (p natPMP) end(f forwarding) { p.Write(appendPMP(nil, forwarding{portKey: f.portKey})) }

func (p natPMP) probe(ctx context.Context) error {
	_, err := p.outside(ctx)
	return err
}

// probeGateway returns by which protocol the gateway on the way to portmapAnywhere4 or
// 6 would forward.
func probeGateway(ctx context.Context, to netip.Addr) (string, error) {
	line, err := openGateway(to, [12]byte{})
	if err != nil {
		return "", err
	}
	defer line.Close()
	var failed []error
	for _, p := range line.portmappers() {
		err := p.probe(ctx)
		if err == nil {
			return p.String(), nil
		}
		failed = append(failed, fmt.Errorf("%s: %w", p, err))
	}
	return "", errors.Join(failed...)
}
