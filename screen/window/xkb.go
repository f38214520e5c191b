package window

// The X Keyboard Extension, as far as a viewer needs it: the map from keycode
// and modifiers to keysym, and auto-repeat that can be told from typing. xgb has
// no package for it, so the requests are written here by hand (The X Keyboard
// Extension: Protocol Specification, X11R7, chapters 16 and D).

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jezek/xgb"

	"rac/screen/x11"
)

// Minor opcodes of XKEYBOARD, and the device that stands for "the keyboard".
const (
	xkbUseExtension   = 0
	xkbSelectEvents   = 1
	xkbGetMap         = 8
	xkbPerClientFlags = 21
	xkbCoreKeyboard   = 0x100
)

// xkb is a server's keyboard extension.
type xkb struct {
	conn  *x11.Conn
	major byte
	heard atomic.Uint64 // events so far
}

// openXKB asks for the extension and makes held keys repeat as press, press,
// press, release, so that a repeat can be told from a second stroke.
func openXKB(c *x11.Conn) (*xkb, error) {
	ext, err := c.Extension("XKEYBOARD")
	if err != nil {
		return nil, err
	}
	if ext == nil {
		return nil, errors.New("the X server has no XKEYBOARD extension")
	}
	k := &xkb{conn: c, major: ext.MajorOpcode}
	use := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, 1), 0) // version 1.0
	if _, err := k.ask(xkbUseExtension, use); err != nil {
		return nil, fmt.Errorf("XKEYBOARD: %w", err)
	}
	const detectable = 1
	flags := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(device(), detectable), detectable)
	if _, err := k.ask(xkbPerClientFlags, append(flags, make([]byte, 12)...)); err != nil {
		return nil, fmt.Errorf("XKEYBOARD: detectable repeat: %w", err)
	}
	k.watch()
	return k, nil
}

// watch asks for events on changes of the map. Who uses the extension no longer
// gets the core protocol's MappingNotify.
func (k *xkb) watch() {
	k.conn.Parse("XKEYBOARD", 0, func(raw []byte) xgb.Event {
		ev := newMapNotify(raw)
		ev.nth = k.heard.Add(1)
		return ev
	})
	const newKeyboard, mapChanged, typesAndSyms = 1, 2, 3
	var body []byte
	for _, v := range []uint16{xkbCoreKeyboard, newKeyboard | mapChanged, 0, newKeyboard, typesAndSyms, typesAndSyms} {
		body = binary.LittleEndian.AppendUint16(body, v)
	}
	k.send(xkbSelectEvents, body, k.conn.NewCookie(false, false))
}

// mapNotify says that some keys have got other keysyms.
type mapNotify struct {
	first, count int
	seq          uint16 // of our last request that the server had carried out before
	nth          uint64 // event since the connection was made
}

func (mapNotify) Bytes() []byte  { return nil }
func (mapNotify) String() string { return "XkbMapNotify" }

// newMapNotify reads an event of the extension; a new keyboard means all keys.
func newMapNotify(raw []byte) mapNotify {
	const mapChanged, syms = 1, 2
	ev := mapNotify{count: 256, seq: binary.LittleEndian.Uint16(raw[2:])}
	if raw[1] == mapChanged && binary.LittleEndian.Uint16(raw[10:])&syms != 0 {
		ev.first, ev.count = int(raw[16]), int(raw[17])
	}
	return ev
}

// device is the start of most requests: the core keyboard, and padding.
func device() []byte {
	return binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, xkbCoreKeyboard), 0)
}

// ask sends a request and waits for its reply.
func (k *xkb) ask(minor byte, body []byte) ([]byte, error) {
	cookie := k.conn.NewCookie(true, true)
	k.send(minor, body, cookie)
	return cookie.Reply()
}

func (k *xkb) send(minor byte, body []byte, cookie *xgb.Cookie) {
	size := 4 + len(body)
	k.conn.NewRequest(append([]byte{k.major, minor, byte(size / 4), byte(size / 4 >> 8)}, body...), cookie)
}

// keymap reads the present map.
func (k *xkb) keymap() (*keymap, error) {
	const typesAndSyms = 1 | 2
	body := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, xkbCoreKeyboard), typesAndSyms)
	reply, err := k.ask(xkbGetMap, append(body, make([]byte, 20)...))
	if err != nil {
		return nil, fmt.Errorf("XKEYBOARD: map: %w", err)
	}
	m, err := parseKeymap(reply)
	if err == nil {
		m.heard = k.heard.Load()
	}
	return m, err
}

// keymap says what each key makes.
type keymap struct {
	seq   uint16 // of the request for it
	heard uint64 // events that had come soon after the reply
	types []keyType
	keys  [256]keySyms
}

// keyType turns modifiers into a level. The modifiers outside mask do not matter.
type keyType struct {
	mask   byte
	levels []levelOf
}

// levelOf: with exactly these modifiers, this level.
type levelOf struct{ mods, level byte }

// keySyms holds a key's keysyms, group after group, width of each.
type keySyms struct {
	types [4]byte // by group
	info  byte    // number of groups, and what to do with a group beyond it
	width int
	syms  []uint32
}

// cursor reads a reply; after its end it gives zeros and says so in short.
type cursor struct {
	rest  []byte
	short bool
}

func (c *cursor) take(n int) []byte {
	if n > len(c.rest) {
		c.short = true
		c.rest = nil
		return make([]byte, n)
	}
	p := c.rest[:n]
	c.rest = c.rest[n:]
	return p
}

// parseKeymap reads the reply to GetMap with its key types and keysyms.
func parseKeymap(reply []byte) (*keymap, error) {
	if len(reply) < 40 {
		return nil, fmt.Errorf("XKEYBOARD: map of %d bytes", len(reply))
	}
	types, first, keys := int(reply[15]), int(reply[17]), int(reply[20])
	c := &cursor{rest: reply[40:]}
	m := &keymap{seq: binary.LittleEndian.Uint16(reply[2:])}
	for range types {
		m.types = append(m.types, c.keyType())
	}
	for code := first; code < first+keys && code < len(m.keys); code++ {
		m.keys[code] = c.keySyms()
	}
	if c.short {
		return nil, errors.New("XKEYBOARD: map ends early")
	}
	return m, nil
}

func (c *cursor) keyType() (t keyType) {
	head := c.take(8)
	t.mask = head[0]
	entries, preserve := int(head[5]), head[6] != 0
	for range entries {
		e := c.take(8)
		if active := e[0] != 0; active {
			t.levels = append(t.levels, levelOf{mods: e[1], level: e[2]})
		}
	}
	if preserve {
		c.take(4 * entries)
	}
	return t
}

func (c *cursor) keySyms() (k keySyms) {
	head := c.take(8)
	k.types, k.info, k.width = [4]byte(head[:4]), head[4], int(head[5])
	n := int(binary.LittleEndian.Uint16(head[6:]))
	if 4*n > len(c.rest) {
		c.short = true
		return k
	}
	for range n {
		k.syms = append(k.syms, binary.LittleEndian.Uint32(c.take(4)))
	}
	return k
}

// knows tells whether the map was read after ev. A change comes as several
// events; to ask for the map at each would take so long that a program which
// binds a key for one stroke (xdotool) has taken it back by then. The numbers of
// requests begin again after 65,535: they are compared only where ev came about
// when the map did.
func (m *keymap) knows(ev mapNotify) bool {
	return ev.nth <= m.heard && int16(ev.seq-m.seq) < 0
}

// sym is the keysym of a key under the state of an event: bits 0 to 7 are the
// modifiers, 13 and 14 the group. It is 0 where the layout has nothing.
func (m *keymap) sym(code byte, state uint16) uint32 {
	k := &m.keys[code]
	group, ok := k.group(int(state >> 13 & 3))
	if !ok {
		return 0
	}
	level := 0
	if t := int(k.types[group]); t < len(m.types) {
		level = m.types[t].level(byte(state))
	}
	if i := group*k.width + level; level < k.width && i < len(k.syms) {
		return k.syms[i]
	}
	return 0
}

func (t *keyType) level(state byte) int {
	for _, l := range t.levels {
		if l.mods == state&t.mask {
			return int(l.level)
		}
	}
	return 0
}

// group brings the keyboard's group into the range that the key has.
func (k *keySyms) group(g int) (int, bool) {
	const redirect, clamp = 0x80, 0x40
	n := int(k.info & 0x0f)
	switch {
	case n == 0 || n > len(k.types):
		return 0, false
	case g < n:
		return g, true
	case k.info&0xc0 == redirect:
		if to := int(k.info >> 4 & 3); to < n {
			return to, true
		}
		return 0, true
	case k.info&0xc0 == clamp:
		return n - 1, true
	}
	return g % n, true
}

// empty tells whether a key makes nothing at all.
func (k *keySyms) empty() bool {
	for _, s := range k.syms {
		if s != 0 {
			return false
		}
	}
	return true
}
