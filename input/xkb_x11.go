//go:build unix && !darwin

package input

// The X Keyboard Extension, as far as injecting needs it. xgb has no package for
// it, so the requests are written here (The X Keyboard Extension: Protocol
// Specification, chapter D).

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jezek/xgb/xproto"

	"rac/screen/x11"
)

// Minor opcodes, and the device that stands for "the keyboard".
const (
	xkbUseExtension   = 0
	xkbGetState       = 4
	xkbLatchLockState = 5
	xkbGetMap         = 8
	xkbCoreKeyboard   = 0x100
)

// patience is how long an X server may take to answer; one that takes longer (it
// was stopped, its machine sleeps) is taken for gone, so that a session can end.
const patience = 5 * time.Second

// xserver is a connection with the extensions that injecting needs.
type xserver struct {
	*x11.Conn
	xkb byte // opcode
}

// openXKB makes the server take our XKB requests. From then on it does not send
// us MappingNotify: the map is asked for whenever it matters.
func openXKB(c *x11.Conn) (*xserver, error) {
	ext, err := c.Extension("XKEYBOARD")
	if err != nil {
		return nil, err
	}
	if ext == nil {
		return nil, errors.New("the X server has no XKEYBOARD extension")
	}
	s := &xserver{c, ext.MajorOpcode}
	version := []byte{1, 0, 0, 0}
	if _, err := s.wait(s.ask(s.xkb, xkbUseExtension, version)); err != nil {
		return nil, fmt.Errorf("XKEYBOARD: %w", err)
	}
	return s, nil
}

// pending is a request that has been sent.
type pending interface{ Reply() ([]byte, error) }

// ask sends a request of an extension that has a reply.
func (s *xserver) ask(major, minor byte, body []byte) pending {
	cookie := s.NewCookie(true, true)
	s.NewRequest(request(major, minor, body), cookie)
	return cookie
}

// tell sends a request that has none.
func (s *xserver) tell(major, minor byte, body []byte) {
	s.NewRequest(request(major, minor, body), s.NewCookie(false, false))
}

func request(major, minor byte, body []byte) []byte {
	n := (4 + len(body)) / 4
	return append([]byte{major, minor, byte(n), byte(n >> 8)}, body...)
}

// wait returns the reply to a request.
func (s *xserver) wait(p pending) ([]byte, error) {
	defer s.bound()()
	return p.Reply()
}

// sync waits until the server has done all that was sent to it.
func (s *xserver) sync() error {
	defer s.bound()()
	_, err := xproto.GetInputFocus(s.Conn.Conn).Reply()
	return err
}

// bound closes the connection if the returned function is not called in time.
func (s *xserver) bound() (done func() bool) {
	return time.AfterFunc(patience, func() { s.Close() }).Stop
}

// askState asks what is in effect.
func (s *xserver) askState() pending {
	return s.ask(s.xkb, xkbGetState, []byte{xkbCoreKeyboard & 0xff, xkbCoreKeyboard >> 8, 0, 0})
}

func (s *xserver) state(p pending) (kbState, error) {
	b, err := s.wait(p)
	if err != nil {
		return kbState{}, fmt.Errorf("XKEYBOARD: state: %w", err)
	}
	return kbState{mods: b[8], locked: b[11], group: int(b[12])}, nil
}

// askMap asks for the map of n keys from first on, with all types and modifiers.
func (s *xserver) askMap(first byte, n int) pending {
	const types, symbols, modifiers = 1, 2, 4
	body := make([]byte, 24)
	le := binary.LittleEndian
	le.PutUint16(body, xkbCoreKeyboard)
	le.PutUint16(body[2:], types|modifiers) // all of them
	le.PutUint16(body[4:], symbols)         // of these keys
	body[8], body[9] = first, byte(n)
	return s.ask(s.xkb, xkbGetMap, body)
}

func (s *xserver) keymap(p pending) (*keymap, error) {
	b, err := s.wait(p)
	if err != nil {
		return nil, fmt.Errorf("XKEYBOARD: map: %w", err)
	}
	return parseKeymap(b)
}

// now returns what is in effect and the whole map.
func (s *xserver) now() (kbState, *keymap, error) {
	first, last := byte(s.Setup.MinKeycode), int(s.Setup.MaxKeycode)
	asked, askedMap := s.askState(), s.askMap(first, last-int(first)+1)
	st, err := s.state(asked)
	if err != nil {
		return st, nil, err
	}
	m, err := s.keymap(askedMap)
	return st, m, err
}

// lock sets the locked modifiers in which to the values in on.
func (s *xserver) lock(which, on byte) {
	s.tell(s.xkb, xkbLatchLockState, []byte{xkbCoreKeyboard & 0xff, xkbCoreKeyboard >> 8, which, on, 0, 0, 0, 0, 0, 0, 0, 0})
}
