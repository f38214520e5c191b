package x11

// The X Keyboard Extension, as far as viewing and injecting need it: the map,
// its changes, the locks, and auto-repeat that can be told from typing. xgb has
// no package for it, so the requests are written here by hand (The X Keyboard
// Extension: Protocol Specification, X11R7, chapters 16 and D).

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jezek/xgb"
)

// Minor opcodes of XKEYBOARD, and the device that stands for "the keyboard".
const (
	xkbUseExtension   = 0
	xkbSelectEvents   = 1
	xkbGetState       = 4
	xkbLatchLockState = 5
	xkbGetMap         = 8
	xkbPerClientFlags = 21
	xkbCoreKeyboard   = 0x100
)

// EvdevOffset is what X servers add to the Linux kernel's numbers of keys.
const EvdevOffset = 8

// Keyboard is a server's keyboard.
type Keyboard struct {
	conn  *Conn
	major byte
	heard atomic.Uint64 // KeymapEvents so far
}

// OpenKeyboard makes the server take our requests. From then on it does not send
// the core protocol's MappingNotify: ask for the map whenever it matters, or
// open it by WatchKeyboard.
func OpenKeyboard(c *Conn) (*Keyboard, error) {
	ext, err := c.Extension("XKEYBOARD")
	if err != nil {
		return nil, err
	}
	if ext == nil {
		return nil, errors.New("the X server has no XKEYBOARD extension")
	}
	if _, err := c.ask(ext.MajorOpcode, xkbUseExtension, 1, 0).Reply(); err != nil { // version 1.0
		return nil, fmt.Errorf("XKEYBOARD: %w", err)
	}
	return &Keyboard{conn: c, major: ext.MajorOpcode}, nil
}

// WatchKeyboard is OpenKeyboard for a window. It puts a KeymapEvent into the
// queue whenever the map changes, and makes held keys repeat as press, press,
// press, release, so that a repeat can be told from a second stroke.
func WatchKeyboard(c *Conn) (*Keyboard, error) {
	k, err := OpenKeyboard(c)
	if err != nil {
		return nil, err
	}
	const detectable = 1
	_, err = c.ask(k.major, xkbPerClientFlags, xkbCoreKeyboard, 0, detectable, 0, detectable, 0, 0, 0, 0, 0, 0, 0).Reply()
	if err != nil {
		return nil, fmt.Errorf("XKEYBOARD: detectable repeat: %w", err)
	}
	c.Parse("XKEYBOARD", 0, func(raw []byte) xgb.Event {
		ev := newKeymapEvent(raw)
		ev.nth = k.heard.Add(1)
		return ev
	})
	const newKeyboard, mapChanged, typesAndSyms = 1, 2, 3
	c.tell(k.major, xkbSelectEvents, xkbCoreKeyboard, newKeyboard|mapChanged, 0, newKeyboard, typesAndSyms, typesAndSyms)
	return k, nil
}

// KeymapEvent says that some keys have got other keysyms.
type KeymapEvent struct {
	First, Count int
	seq          uint16 // of our last request that the server had carried out before
	nth          uint64 // event since the connection was made
}

// Bytes is there for xgb.Event.
func (KeymapEvent) Bytes() []byte { return nil }

// String is there for xgb.Event.
func (KeymapEvent) String() string { return "XkbMapNotify" }

// newKeymapEvent reads an event of the extension; a new keyboard means all keys.
func newKeymapEvent(raw []byte) KeymapEvent {
	const mapChanged, syms = 1, 2
	ev := KeymapEvent{Count: 256, seq: binary.LittleEndian.Uint16(raw[2:])}
	if raw[1] == mapChanged && binary.LittleEndian.Uint16(raw[10:])&syms != 0 {
		ev.First, ev.Count = int(raw[16]), int(raw[17])
	}
	return ev
}

// KeyState is what is in effect at a moment.
type KeyState struct {
	Mods   byte // down, latched or locked
	Locked byte
	Group  int // the layout, of those that are configured
}

// Look returns what is in effect, and the map of the keys from first to last
// with all modifiers, in one round trip.
func (k *Keyboard) Look(first, last byte) (KeyState, *Keymap, error) {
	const types, symbols, modifiers = 1, 2, 4 // symbols of these keys alone, all of the others
	asked := k.conn.ask(k.major, xkbGetState, xkbCoreKeyboard, 0)
	askedMap := k.conn.ask(k.major, xkbGetMap, xkbCoreKeyboard, types|modifiers, symbols, 0,
		uint16(first)|uint16(last-first+1)<<8, 0, 0, 0, 0, 0, 0, 0)
	state, err := asked.Reply()
	if err != nil {
		return KeyState{}, nil, fmt.Errorf("XKEYBOARD: state: %w", err)
	}
	st := KeyState{Mods: state[8], Locked: state[11], Group: int(state[12])}
	reply, err := askedMap.Reply()
	if err != nil {
		return st, nil, fmt.Errorf("XKEYBOARD: map: %w", err)
	}
	m, err := ParseKeymap(reply)
	if err == nil {
		m.heard = k.heard.Load()
	}
	return st, m, err
}

// Keymap returns the whole map.
func (k *Keyboard) Keymap() (*Keymap, error) {
	_, m, err := k.Look(byte(k.conn.Setup.MinKeycode), byte(k.conn.Setup.MaxKeycode))
	return m, err
}

// Lock sets the locked modifiers in which to the values in on.
func (k *Keyboard) Lock(which, on byte) {
	k.conn.tell(k.major, xkbLatchLockState, xkbCoreKeyboard, uint16(which)|uint16(on)<<8, 0, 0, 0, 0)
}
