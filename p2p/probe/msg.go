package probe

// The messages of a measurement.

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"rac/p2p/wire"
)

// Protocol measures the line, for rac doctor. A stream is one question.
const Protocol wire.Protocol = "/rac/probe/1"

// maxBody bounds a message's body, of whatever type.
const maxBody = 16 << 10

// From the viewer, first.
const (
	msgAsk  wire.Type = 0x01 // nothing: what does the host say of itself
	msgDown wire.Type = 0x02 // milliseconds uint16, at most 3000: send data for so long
	msgUp   wire.Type = 0x03 // nothing: data follows, for at most 3 s
)

// From the host.
const (
	msgSelf wire.Type = 0x11 // JSON {udp, tcp: kind of NAT, router, relays, version}
	msgRate wire.Type = 0x12 // bytes uint64, microseconds uint64: what has arrived since the first piece, and how long it took
	msgBusy wire.Type = 0x13 // nothing: it is answering somebody else
)

// From whoever sends.
const (
	msgData wire.Type = 0x21 // bytes of no meaning
	msgEnd  wire.Type = 0x22 // nothing: that was all
)

func appendTime(dst []byte, d time.Duration) []byte {
	return binary.BigEndian.AppendUint16(dst, uint16(min(max(d, 0), maxTime).Milliseconds()))
}

func parseTime(b []byte) (time.Duration, error) {
	if len(b) != 2 {
		return 0, malformed(msgDown, b)
	}
	return min(time.Duration(binary.BigEndian.Uint16(b))*time.Millisecond, maxTime), nil
}

func (r Rate) append(dst []byte) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, uint64(r.Bytes)), uint64(r.Took.Microseconds()))
}

func parseRate(b []byte) (Rate, error) {
	if len(b) != 16 {
		return Rate{}, malformed(msgRate, b)
	}
	bytes, took := binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
	if bytes > 1<<50 || took > uint64(time.Hour.Microseconds()) {
		return Rate{}, malformed(msgRate, b)
	}
	return Rate{int64(bytes), time.Duration(took) * time.Microsecond}, nil
}

// parseSelf reads what a host says of itself: short words, fit to be shown.
func parseSelf(b []byte) (Self, error) {
	var s Self
	if err := json.Unmarshal(b, &s); err != nil {
		return Self{}, malformed(msgSelf, b)
	}
	for _, word := range []*string{&s.UDP, &s.TCP, &s.Router, &s.Version} {
		*word = strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return '?'
			}
			return r
		}, (*word)[:min(len(*word), 80)])
	}
	s.Relays = min(max(s.Relays, 0), 1000)
	return s, nil
}

func malformed(t wire.Type, b []byte) error {
	return fmt.Errorf("probe: message 0x%02x of %d bytes makes no sense", uint8(t), len(b))
}
