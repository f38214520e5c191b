package input

// The messages of an input stream. The viewer opens it and writes; the host
// writes one message, at the end. Where the viewer begins with msgBegin the host
// also reports, as it goes on, how much it has put in.

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rac/p2p/wire"
)

// Protocol carries one viewer's keys and pointer to the host.
const Protocol wire.Protocol = "/rac/input/1"

// maxBody bounds a message's body, of whatever type.
const maxBody = 64 << 10

// From the viewer.
const (
	msgKey    wire.Type = 0x01 // usage uint16 (HID page 0x07; 0: known by its keysym alone), down uint8 (0, 1; 2: still, and it repeats), keysym uint32 (X11; 0: none)
	msgMotion wire.Type = 0x02 // x, y int32: pixel of the host's desktop (of the picture, plus the display's origin)
	msgButton wire.Type = 0x03 // button uint8 (1 left, 2 middle, 3 right, 8 back, 9 forward), down uint8
	msgWheel  wire.Type = 0x04 // dx, dy int32: 1/120 notch, positive is right and down
	msgText   wire.Type = 0x05 // text, UTF-8, at most 4 KiB
	msgLocks  wire.Type = 0x06 // locks uint8: 1 Caps, 2 Num, 4 Scroll
	msgAlive  wire.Type = 0x07 // nothing: what is held is still held
	msgBegin  wire.Type = 0x08 // chain [16]byte: first of all; what follows goes on with the input of the chain's last stream
	msgHeard  wire.Type = 0x09 // clock uint32: the newest of the host's; what follows was sent later
	msgAge    wire.Type = 0x0a // age uint32: milliseconds; what follows was made so long before it was sent; 0 until it is said
)

// From the host: msgDone or msgFailed once, when the viewer has ended its half of
// the stream or something has failed; msgTaken in answer to msgBegin, soon after more
// was taken, and once a second; msgMissed before it, when that has changed.
const (
	msgDone   wire.Type = 0x11 // nothing: all that the viewer sent has been put in
	msgFailed wire.Type = 0x12 // text: why not
	msgTaken  wire.Type = 0x13 // taken uint64: events of the chain that were put in, or missed; clock uint32: milliseconds that this stream is old here
	msgMissed wire.Type = 0x14 // missed uint64: presses and characters of the chain that were taken and could not be put in; 0 until it is said
)

const (
	maxText   = 4 << 10
	maxReason = 1 << 10
	// maxWheel is the most that one message may turn: a hundred notches, each of
	// which is two events at the host.
	maxWheel = 100 * 120
	// maxKeysym: the X protocol leaves the top three bits zero.
	maxKeysym = 1<<29 - 1
)

// alive is the heartbeat.
type alive struct{}

func (alive) event() {}

// begin, heard and aged are about the stream, as alive is.
type begin struct{ id chainID }

type heard struct{ clock time.Duration }

type aged struct{ age time.Duration }

func (begin) event() {}
func (heard) event() {}
func (aged) event()  {}

// The bits of msgLocks.
const (
	lockCaps = 1 << iota
	lockNum
	lockScroll
	lockAll = 1<<iota - 1
)

// typeOf returns the type of the message for ev.
func typeOf(ev Event) wire.Type {
	switch ev.(type) {
	case Key:
		return msgKey
	case Motion:
		return msgMotion
	case Button:
		return msgButton
	case Wheel:
		return msgWheel
	case Text:
		return msgText
	case Locks:
		return msgLocks
	case begin:
		return msgBegin
	case heard:
		return msgHeard
	case aged:
		return msgAge
	}
	return msgAlive
}

// appendEvent appends the body of the message for ev.
func appendEvent(dst []byte, ev Event) []byte {
	be := binary.BigEndian
	switch ev := ev.(type) {
	case Key:
		dst = be.AppendUint16(dst, uint16(ev.Usage))
		return be.AppendUint32(append(dst, bit(ev.Down, 1)+bit(ev.Again, 1)), ev.Sym)
	case Motion:
		return be.AppendUint32(be.AppendUint32(dst, uint32(ev.X)), uint32(ev.Y))
	case Button:
		return append(dst, ev.Button, bit(ev.Down, 1))
	case Wheel:
		return be.AppendUint32(be.AppendUint32(dst, uint32(ev.DX)), uint32(ev.DY))
	case Text:
		return append(dst, ev.Text...)
	case Locks:
		return append(dst, bit(ev.Caps, lockCaps)|bit(ev.Num, lockNum)|bit(ev.Scroll, lockScroll))
	case begin:
		return append(dst, ev.id[:]...)
	case heard:
		return be.AppendUint32(dst, uint32(ev.clock.Milliseconds()))
	case aged:
		return be.AppendUint32(dst, uint32(ev.age.Milliseconds()))
	}
	return dst
}

func bit(on bool, b byte) byte {
	if on {
		return b
	}
	return 0
}

// parseEvent reads a message from a viewer. It returns nil for a type that it
// does not know: a newer viewer may say more.
func parseEvent(t wire.Type, b []byte) (Event, error) {
	if want, fixed := bodyLen(t); fixed && len(b) != want {
		return nil, fmt.Errorf("input: message 0x%02x has %d bytes, not %d", uint8(t), len(b), want)
	}
	be := binary.BigEndian
	switch t {
	case msgKey:
		return checkKey(Key{Usage(be.Uint16(b)), b[2] != 0, be.Uint32(b[3:]), b[2] == 2}, b[2])
	case msgMotion:
		return Motion{int(int32(be.Uint32(b))), int(int32(be.Uint32(b[4:])))}, nil
	case msgButton:
		return checkButton(Button{b[0], b[1] != 0}, b[1])
	case msgWheel:
		return checkWheel(Wheel{int(int32(be.Uint32(b))), int(int32(be.Uint32(b[4:])))})
	case msgText:
		if len(b) > maxText {
			return nil, fmt.Errorf("input: text of %d bytes, at most %d are allowed", len(b), maxText)
		}
		text := string(b)
		return Text{text}, checkText(text)
	case msgLocks:
		if b[0] > lockAll {
			return nil, fmt.Errorf("input: locks 0x%02x", b[0])
		}
		return Locks{b[0]&lockCaps != 0, b[0]&lockNum != 0, b[0]&lockScroll != 0}, nil
	case msgAlive:
		return alive{}, nil
	case msgBegin:
		return begin{chainID(b)}, nil
	case msgHeard:
		return heard{time.Duration(be.Uint32(b)) * time.Millisecond}, nil
	case msgAge:
		return aged{time.Duration(be.Uint32(b)) * time.Millisecond}, nil
	}
	return nil, nil
}

// bodyLen returns the length of the bodies of a type, if they all have the same.
func bodyLen(t wire.Type) (n int, fixed bool) {
	switch t {
	case msgKey:
		return 7, true
	case msgMotion, msgWheel:
		return 8, true
	case msgButton:
		return 2, true
	case msgLocks:
		return 1, true
	case msgAlive:
		return 0, true
	case msgBegin:
		return len(chainID{}), true
	case msgHeard, msgAge:
		return 4, true
	}
	return 0, false
}

func checkKey(k Key, down byte) (Event, error) {
	if down > 2 || k.Sym > maxKeysym {
		return nil, fmt.Errorf("input: key 0x%02x with down %d and keysym 0x%x", k.Usage, down, k.Sym)
	}
	return k, nil
}

func checkButton(b Button, down byte) (Event, error) {
	if down > 1 || b.Button == 0 || b.Button > 9 || b.Button >= 4 && b.Button <= 7 {
		return nil, fmt.Errorf("input: button %d with down %d", b.Button, down)
	}
	return b, nil
}

func checkWheel(w Wheel) (Event, error) {
	if w != clampWheel(w) {
		return nil, fmt.Errorf("input: the wheel turned by %d, %d at once", w.DX, w.DY)
	}
	return w, nil
}

func clampWheel(w Wheel) Wheel {
	return Wheel{min(max(w.DX, -maxWheel), maxWheel), min(max(w.DY, -maxWheel), maxWheel)}
}

// checkText tells whether a text can be typed: UTF-8 whose control characters
// are those that have a key.
func checkText(s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("input: the text is not UTF-8")
	}
	for _, r := range s {
		if !typeable(r) {
			return fmt.Errorf("input: the text has the control character %U, which no key makes", r)
		}
	}
	return nil
}

// typeable tells whether a character is printed, or has a key of its own: Tab,
// Enter, Backspace, Escape, Delete.
func typeable(r rune) bool {
	switch r {
	case '\t', '\n', '\r', '\b', 0x1b, 0x7f:
		return true
	}
	return r >= 0x20 && (r < 0x7f || r > 0x9f)
}

// clean drops what cannot be typed from a text.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !typeable(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// printable replaces what a terminal would obey by question marks.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// appendReason appends the body of msgFailed.
func appendReason(dst []byte, reason string) []byte {
	return append(dst, strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "")...)
}

// taken is msgTaken, and the msgMissed before it.
type taken struct {
	events uint64
	clock  time.Duration
	missed uint64
}

func appendTaken(dst []byte, t taken) []byte {
	dst = binary.BigEndian.AppendUint64(dst, t.events)
	return binary.BigEndian.AppendUint32(dst, uint32(t.clock.Milliseconds()))
}

func parseTaken(b []byte) (taken, error) {
	if len(b) != 12 {
		return taken{}, fmt.Errorf("input: message 0x%02x has %d bytes, not 12", uint8(msgTaken), len(b))
	}
	return taken{events: binary.BigEndian.Uint64(b), clock: time.Duration(binary.BigEndian.Uint32(b[8:])) * time.Millisecond}, nil
}

func appendMissed(dst []byte, missed uint64) []byte {
	return binary.BigEndian.AppendUint64(dst, missed)
}

func parseMissed(b []byte) (uint64, error) {
	if len(b) != 8 {
		return 0, fmt.Errorf("input: message 0x%02x has %d bytes, not 8", uint8(msgMissed), len(b))
	}
	return binary.BigEndian.Uint64(b), nil
}

// parseReply reads one of the host's last words. ok is false for a type that it does
// not know. The reason of a failure is the host's word: what could move the
// cursor of a terminal is taken out of it.
func parseReply(t wire.Type, b []byte) (failure string, ok bool, err error) {
	switch t {
	case msgDone:
		if len(b) != 0 {
			return "", false, fmt.Errorf("input: message 0x%02x has %d bytes, not 0", uint8(t), len(b))
		}
		return "", true, nil
	case msgFailed:
		if len(b) > maxReason {
			return "", false, fmt.Errorf("input: reason of %d bytes, at most %d are allowed", len(b), maxReason)
		}
		return printable(string(b)), true, nil
	}
	return "", false, nil
}
