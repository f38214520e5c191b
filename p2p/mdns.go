package p2p

import (
	"errors"
	"fmt"
	"strings"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	"golang.org/x/net/dns/dnsmessage"
)

// What is said on the local network, in multicast DNS (RFC 6762): who looks for
// a computer asks for the TXT records of
//
//	12D3KooW….  _rac._udp.local.
//
// and the one with that ID answers with its addresses on that network, as
// "dnsaddr=/ip4/192.168.1.7/tcp/20123", the form of libp2p's own discovery. No
// name of a person or machine is in it, and who does not know the ID cannot ask
// for it. Whoever answers still has to prove the ID in the handshake.
//
// libp2p's own package (p2p/discovery/mdns) is not used: it lists each peer
// under a random name, so that who looks for one must ask for all; it takes the
// addresses once, at the start, and shows those of every network to every
// other; it leaves out loopback; and it needs two more modules.

const (
	lanService = "_rac._udp.local."
	lanTTL     = 120 // seconds, as RFC 6762 section 10 wants for addresses
	dnsaddrTag = "dnsaddr="

	// maxLANAddrs bounds the addresses of one answer, so that it fits a packet
	// of 1,500 bytes, and what a liar on the network can make us dial.
	maxLANAddrs = 16
	maxPacket   = 9000 // RFC 6762 section 17
	maxRecords  = 64   // of one packet that are looked at

	cacheFlush = 1 << 15 // in an answer's class: there is only one such record
)

// lanMessage is what a packet says, as far as it concerns rac.
type lanMessage struct {
	asked    []string                  // IDs that somebody looks for, in lower case
	answered map[string][]ma.Multiaddr // by ID in lower case
}

func lanName(id peer.ID) (dnsmessage.Name, error) {
	return dnsmessage.NewName(id.String() + "." + lanService)
}

// lanKey is the ID as DNS compares it: without regard to case.
func lanKey(id peer.ID) string { return strings.ToLower(id.String()) }

// lanQuery asks where id is.
func lanQuery(id peer.ID) ([]byte, error) {
	name, err := lanName(id)
	if err != nil {
		return nil, err
	}
	m := dnsmessage.Message{Questions: []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeTXT, Class: dnsmessage.ClassINET}}}
	return m.Pack()
}

// lanAnswer tells where id is.
func lanAnswer(id peer.ID, addrs []ma.Multiaddr) ([]byte, error) {
	name, err := lanName(id)
	if err != nil {
		return nil, err
	}
	var txt dnsmessage.TXTResource
	for _, a := range addrs[:min(len(addrs), maxLANAddrs)] {
		txt.TXT = append(txt.TXT, dnsaddrTag+a.String())
	}
	m := dnsmessage.Message{
		Header: dnsmessage.Header{Response: true, Authoritative: true},
		Answers: []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: name, Type: dnsmessage.TypeTXT, Class: dnsmessage.ClassINET | cacheFlush, TTL: lanTTL},
			Body:   &txt,
		}},
	}
	return m.Pack()
}

// parseLAN reads a packet. Most of those on a network are about printers and
// such: they are no error and say nothing.
func parseLAN(packet []byte) (lanMessage, error) {
	var p dnsmessage.Parser
	header, err := p.Start(packet)
	if err != nil {
		return lanMessage{}, fmt.Errorf("p2p: mdns: %w", err)
	}
	if !header.Response {
		return parseQuestions(&p)
	}
	if err := p.SkipAllQuestions(); err != nil {
		return lanMessage{}, fmt.Errorf("p2p: mdns: %w", err)
	}
	return parseAnswers(&p)
}

func parseQuestions(p *dnsmessage.Parser) (m lanMessage, err error) {
	for range maxRecords {
		q, err := p.Question()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			break
		}
		if err != nil {
			return m, fmt.Errorf("p2p: mdns: %w", err)
		}
		if key, ok := lanLabel(q.Name); ok && (q.Type == dnsmessage.TypeTXT || q.Type == dnsmessage.TypeALL) {
			m.asked = append(m.asked, key)
		}
	}
	return m, nil
}

func parseAnswers(p *dnsmessage.Parser) (m lanMessage, err error) {
	for range maxRecords {
		h, err := p.AnswerHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			break
		}
		if err != nil {
			return m, fmt.Errorf("p2p: mdns: %w", err)
		}
		key, ok := lanLabel(h.Name)
		if !ok || h.Type != dnsmessage.TypeTXT {
			if err := p.SkipAnswer(); err != nil {
				return m, fmt.Errorf("p2p: mdns: %w", err)
			}
			continue
		}
		txt, err := p.TXTResource()
		if err != nil {
			return m, fmt.Errorf("p2p: mdns: %w", err)
		}
		if m.answered == nil {
			m.answered = map[string][]ma.Multiaddr{}
		}
		m.answered[key] = lanAddrs(txt.TXT)
	}
	return m, nil
}

// lanLabel returns the first label of a name of our service, in lower case.
func lanLabel(name dnsmessage.Name) (string, bool) {
	return strings.CutSuffix(strings.ToLower(name.String()), "."+lanService)
}

// lanAddrs reads addresses, and leaves out what cannot be dialled directly.
func lanAddrs(txt []string) []ma.Multiaddr {
	var addrs []ma.Multiaddr
	for _, t := range txt[:min(len(txt), maxLANAddrs)] {
		text, ok := strings.CutPrefix(t, dnsaddrTag)
		if !ok {
			continue
		}
		addr, _, err := splitAddr(text)
		if err != nil || checkDialable(text, addr) != nil || !isDirect(addr) || !has(addr, ma.P_IP4) && !has(addr, ma.P_IP6) {
			continue
		}
		addrs = append(addrs, addr)
	}
	return addrs
}
