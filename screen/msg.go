package screen

import (
	"encoding/binary"
	"fmt"
	"image"
	"strings"
	"time"
	"unicode/utf8"

	"rac/p2p/wire"
)

// Protocol carries one screen to one viewer.
const Protocol wire.Protocol = "/rac/screen/1"

// maxBody bounds a message from the host; maxReply one from the viewer.
const (
	maxBody  = 8 << 20
	maxReply = 64
)

// From the host.
const (
	msgDisplay wire.Type = 0x01 // seq uint32, generation uint32, width, height uint16, origin x, y int32, scale uint16 (percent), name (length uint8, UTF-8), monitors (count uint8, each x, y int32, w, h uint16)
	msgFrame   wire.Type = 0x02 // seq uint32, generation uint32, flags uint8 (1: exact), captured int64 (µs since 1970, host's clock), ops: see screen/codec
	msgCursor  wire.Type = 0x03 // serial uint32, then nothing when the viewer has that picture, else hot x, hot y, w, h uint16, w*h pixels uint32 premultiplied ARGB
	msgStatus  wire.Type = 0x04 // text: why there is no new picture; "": there is one again
)

// From the viewer. Want comes first; without it the host sends nothing.
const (
	msgShown wire.Type = 0x11 // seq uint32 of a frame or a display, took uint32 (µs to decode and show)
	msgWant  wire.Type = 0x12 // monitor uint8 (0: all), fps uint8 (0: no limit), quality uint8 (0 auto, 1 lossless, 2 low)
)

const flagExact = 1

const (
	maxName       = 255
	maxStatus     = 1000
	maxMonitors   = 64
	maxCursorSide = 256
	// cursorsKept is how many pointer pictures both ends keep, the oldest
	// dropped first: enough for the shapes of a desktop and a spinning watch.
	cursorsKept = 64
)

// Want is what a viewer asks for.
type Want struct {
	Monitor int // 0: the whole desktop, 1…: that monitor alone
	FPS     int // at most this many frames a second; 0: as many as the line takes
	Quality Quality
}

// Quality says what may be given up for speed.
type Quality uint8

// The qualities. At rest the picture is exact with each of them, and text always is.
const (
	Auto     Quality = iota // pictures that the line is too slow for come coarsely and become exact at rest
	Lossless                // they come exactly and take their time
	Low                     // they come coarser, and stay so until nothing has moved for a second
)

type frameHeader struct {
	seq, generation uint32
	exact           bool
	captured        time.Time
}

const frameHeaderLen = 4 + 4 + 1 + 8

func appendFrameHeader(dst []byte, h frameHeader) []byte {
	dst = binary.BigEndian.AppendUint32(dst, h.seq)
	dst = binary.BigEndian.AppendUint32(dst, h.generation)
	var flags byte
	if h.exact {
		flags = flagExact
	}
	dst = append(dst, flags)
	return binary.BigEndian.AppendUint64(dst, uint64(h.captured.UnixMicro()))
}

func parseFrameHeader(body []byte) (h frameHeader, ops []byte, err error) {
	if len(body) < frameHeaderLen {
		return h, nil, shortError(msgFrame, body)
	}
	h.seq = binary.BigEndian.Uint32(body)
	h.generation = binary.BigEndian.Uint32(body[4:])
	h.exact = body[8]&flagExact != 0
	h.captured = time.UnixMicro(int64(binary.BigEndian.Uint64(body[9:])))
	return h, body[frameHeaderLen:], nil
}

func appendDisplay(dst []byte, seq uint32, d Display) []byte {
	dst = binary.BigEndian.AppendUint32(dst, seq)
	dst = binary.BigEndian.AppendUint32(dst, d.Generation)
	dst = binary.BigEndian.AppendUint16(dst, uint16(d.W))
	dst = binary.BigEndian.AppendUint16(dst, uint16(d.H))
	dst = appendPoint(dst, d.Origin)
	dst = binary.BigEndian.AppendUint16(dst, uint16(d.Scale*100))
	name := cut(d.Name, maxName)
	dst = append(dst, byte(len(name)))
	dst = append(dst, name...)
	monitors := d.Monitors[:min(len(d.Monitors), maxMonitors)]
	dst = append(dst, byte(len(monitors)))
	for _, m := range monitors {
		dst = appendPoint(dst, m.Min)
		dst = binary.BigEndian.AppendUint16(dst, uint16(m.Dx()))
		dst = binary.BigEndian.AppendUint16(dst, uint16(m.Dy()))
	}
	return dst
}

func parseDisplay(body []byte) (seq uint32, d Display, err error) {
	const fixed, monitorLen = 4 + 4 + 4 + 8 + 2 + 1, 12
	if len(body) < fixed || len(body) < fixed+int(body[fixed-1])+1 {
		return 0, d, shortError(msgDisplay, body)
	}
	seq = binary.BigEndian.Uint32(body)
	d.Generation = binary.BigEndian.Uint32(body[4:])
	d.W = int(binary.BigEndian.Uint16(body[8:]))
	d.H = int(binary.BigEndian.Uint16(body[10:]))
	d.Origin = parsePoint(body[12:])
	d.Scale = float64(binary.BigEndian.Uint16(body[20:])) / 100
	if err := checkSize(d.W, d.H); err != nil {
		return 0, d, err
	}
	d.Name = clean(body[fixed : fixed+int(body[fixed-1])])
	rest := body[fixed+int(body[fixed-1]):]
	n := int(rest[0])
	if rest = rest[1:]; n > maxMonitors || len(rest) < n*monitorLen {
		return 0, d, shortError(msgDisplay, body)
	}
	for ; n > 0; n-- {
		at := parsePoint(rest)
		w, h := int(binary.BigEndian.Uint16(rest[8:])), int(binary.BigEndian.Uint16(rest[10:]))
		d.Monitors = append(d.Monitors, image.Rectangle{Min: at, Max: at.Add(image.Pt(w, h))})
		rest = rest[monitorLen:]
	}
	return seq, d, nil
}

// checkSize refuses pictures that would take more memory than a screen needs.
func checkSize(w, h int) error {
	if w < 1 || h < 1 || w > MaxSide || h > MaxSide || w*h > MaxPixels {
		return fmt.Errorf("screen: a display of %d×%d pixels is outside of what rac shows (1×1 to %d a side, %d in all)", w, h, MaxSide, MaxPixels)
	}
	return nil
}

// appendCursor appends the whole picture of c, or its serial alone when known.
func appendCursor(dst []byte, c *Cursor, known bool) []byte {
	dst = binary.BigEndian.AppendUint32(dst, c.Serial)
	if known {
		return dst
	}
	for _, v := range []int{c.HotX, c.HotY, c.W, c.H} {
		dst = binary.BigEndian.AppendUint16(dst, uint16(v))
	}
	for _, p := range c.Pix {
		dst = binary.BigEndian.AppendUint32(dst, p)
	}
	return dst
}

// parseCursor returns a Cursor whose W is -1 when the message bears only the
// serial of one that was sent before.
func parseCursor(body []byte) (*Cursor, error) {
	const fixed = 4 + 8
	if len(body) == 4 {
		return &Cursor{Serial: binary.BigEndian.Uint32(body), W: -1}, nil
	}
	if len(body) < fixed {
		return nil, shortError(msgCursor, body)
	}
	c := &Cursor{Serial: binary.BigEndian.Uint32(body)}
	for i, v := range []*int{&c.HotX, &c.HotY, &c.W, &c.H} {
		*v = int(binary.BigEndian.Uint16(body[4+2*i:]))
	}
	pixels := body[fixed:]
	if c.W > maxCursorSide || c.H > maxCursorSide || len(pixels) != c.W*c.H*4 {
		return nil, fmt.Errorf("screen: a pointer of %d×%d pixels came with %d bytes", c.W, c.H, len(pixels))
	}
	if c.HotX > c.W || c.HotY > c.H {
		return nil, fmt.Errorf("screen: the hot spot %d,%d lies outside of a pointer of %d×%d pixels", c.HotX, c.HotY, c.W, c.H)
	}
	c.Pix = make([]uint32, c.W*c.H)
	for i := range c.Pix {
		c.Pix[i] = binary.BigEndian.Uint32(pixels[4*i:])
	}
	return c, nil
}

func parseStatus(body []byte) (string, error) {
	if len(body) > maxStatus {
		return "", fmt.Errorf("screen: a status of %d bytes, at most %d are allowed", len(body), maxStatus)
	}
	return clean(body), nil
}

func appendShown(dst []byte, seq uint32, took time.Duration) []byte {
	dst = binary.BigEndian.AppendUint32(dst, seq)
	return binary.BigEndian.AppendUint32(dst, uint32(min(max(took.Microseconds(), 0), 1<<31)))
}

func parseShown(body []byte) (seq uint32, took time.Duration, err error) {
	if len(body) < 8 {
		return 0, 0, shortError(msgShown, body)
	}
	return binary.BigEndian.Uint32(body), time.Duration(binary.BigEndian.Uint32(body[4:])) * time.Microsecond, nil
}

func appendWant(dst []byte, w Want) []byte {
	return append(dst, byte(w.Monitor), byte(min(w.FPS, 255)), byte(w.Quality))
}

func parseWant(body []byte) (Want, error) {
	if len(body) < 3 {
		return Want{}, shortError(msgWant, body)
	}
	return Want{Monitor: int(body[0]), FPS: int(body[1]), Quality: Quality(body[2])}, nil
}

func appendPoint(dst []byte, p image.Point) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(int32(p.X)))
	return binary.BigEndian.AppendUint32(dst, uint32(int32(p.Y)))
}

func parsePoint(b []byte) image.Point {
	return image.Pt(int(int32(binary.BigEndian.Uint32(b))), int(int32(binary.BigEndian.Uint32(b[4:]))))
}

// clean makes foreign text fit for a terminal and a title bar: one line of valid
// UTF-8 without control characters or marks that turn its direction around.
func clean(b []byte) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r >= 0x7f && r < 0xa0, r == utf8.RuneError,
			r == 0x200e, r == 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, string(b))
}

// cut shortens s to at most n bytes at the border of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func shortError(t wire.Type, body []byte) error {
	return fmt.Errorf("screen: message 0x%02x has %d bytes", uint8(t), len(body))
}
