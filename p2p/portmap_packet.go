package p2p

// What is said to a router that forwards ports on request, from UDP port 5351: PCP
// (RFC 6887), and NAT-PMP (RFC 6886), which came before and counts as its version
// 0. All numbers are big-endian.

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

const (
	portmapPort = 5351
	maxPortmap  = 1100 // RFC 6887 section 7

	pcpVersion, pmpVersion = 2, 0
	pcpAnnounce, pcpMap    = 0, 1
	pmpAddress             = 0
	portmapAnswer          = 0x80 // in the byte of the operation

	protocolTCP, protocolUDP = 6, 17 // IANA's numbers, in PCP

	pcpNoSuchOperation = 4 // a result
)

// portKey is a port of this computer.
type portKey struct {
	udp  bool
	port uint16
}

// forwarding is what a router does for a port, or is asked for.
type forwarding struct {
	portKey
	outside netip.AddrPort // the router's; asked for: 0 is any port, and the address is not said
	life    time.Duration  // 0: it is to be ended
}

var (
	errOtherVersion = errors.New("the router speaks another version")
	errStray        = errors.New("no answer to what was asked")
)

// appendPCP asks for a forwarding. The nonce proves who may change it later; inside
// is our address as the router must see it, so that it notices a second NAT
// between us.
func appendPCP(dst []byte, nonce [12]byte, inside netip.Addr, f forwarding) []byte {
	dst = appendPCPHead(dst, pcpMap, inside, f.life)
	dst = append(dst, nonce[:]...)
	dst = append(dst, f.protocol(), 0, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, f.port)
	dst = binary.BigEndian.AppendUint16(dst, f.outside.Port())
	any := netip.IPv4Unspecified().As16()
	if inside.Is6() {
		any = netip.IPv6Unspecified().As16()
	}
	return append(dst, any[:]...)
}

// appendPCPHead is the header of a request, and a whole one for pcpAnnounce.
func appendPCPHead(dst []byte, op byte, inside netip.Addr, life time.Duration) []byte {
	dst = append(dst, pcpVersion, op, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(life/time.Second))
	ip := inside.As16()
	return append(dst, ip[:]...)
}

func (k portKey) protocol() byte {
	if k.udp {
		return protocolUDP
	}
	return protocolTCP
}

// checkPCP looks at the header of an answer to op: 24 bytes.
func checkPCP(answer []byte, op byte) error {
	switch {
	case len(answer) < 4 || answer[1]&portmapAnswer == 0:
		return errStray
	case answer[0] != pcpVersion:
		return errOtherVersion // the answer to a version that it does not know need not repeat the operation
	case len(answer) < 24 || answer[1] != op|portmapAnswer:
		return errStray
	case answer[3] == 1:
		return errOtherVersion
	case answer[3] != 0:
		return fmt.Errorf("the router refuses: PCP result %d", answer[3])
	}
	return nil
}

// parsePCP reads the answer to appendPCP.
func parsePCP(answer []byte, nonce [12]byte, asked portKey) (f forwarding, err error) {
	if err := checkPCP(answer, pcpMap); err != nil {
		return f, err
	}
	if len(answer) < 60 || [12]byte(answer[24:36]) != nonce || answer[36] != asked.protocol() || binary.BigEndian.Uint16(answer[40:]) != asked.port {
		return f, errStray
	}
	ip := netip.AddrFrom16([16]byte(answer[44:60])).Unmap()
	return forwarding{asked, netip.AddrPortFrom(ip, binary.BigEndian.Uint16(answer[42:])), seconds(answer[4:])}, nil
}

// appendPMP asks for a forwarding.
func appendPMP(dst []byte, f forwarding) []byte {
	dst = append(dst, pmpVersion, f.operation(), 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, f.port)
	dst = binary.BigEndian.AppendUint16(dst, f.outside.Port())
	return binary.BigEndian.AppendUint32(dst, uint32(f.life/time.Second))
}

func (k portKey) operation() byte {
	if k.udp {
		return 1
	}
	return 2
}

// checkPMP looks at the header of an answer to op: 8 bytes.
func checkPMP(answer []byte, op byte) error {
	if len(answer) < 8 || answer[0] != pmpVersion || answer[1] != op|portmapAnswer {
		return errStray
	}
	if result := binary.BigEndian.Uint16(answer[2:]); result != 0 {
		return fmt.Errorf("the router refuses: NAT-PMP result %d", result)
	}
	return nil
}

// parsePMP reads the answer to appendPMP. The outside address is not in it.
func parsePMP(answer []byte, asked portKey) (f forwarding, err error) {
	if err := checkPMP(answer, asked.operation()); err != nil {
		return f, err
	}
	if len(answer) < 16 || binary.BigEndian.Uint16(answer[8:]) != asked.port {
		return f, errStray
	}
	return forwarding{asked, netip.AddrPortFrom(netip.Addr{}, binary.BigEndian.Uint16(answer[10:])), seconds(answer[12:])}, nil
}

// parsePMPAddress reads the answer to pmpAddress: the router's address outside.
func parsePMPAddress(answer []byte) (netip.Addr, error) {
	if err := checkPMP(answer, pmpAddress); err != nil {
		return netip.Addr{}, err
	}
	if len(answer) < 12 {
		return netip.Addr{}, errStray
	}
	return netip.AddrFrom4([4]byte(answer[8:12])), nil
}

func seconds(b []byte) time.Duration { return time.Duration(binary.BigEndian.Uint32(b)) * time.Second }
