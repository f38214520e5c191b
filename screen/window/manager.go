//go:build linux || freebsd || netbsd || openbsd || dragonfly

package window

// What a window tells the window manager (ICCCM 2.0 and the Extended Window
// Manager Hints 1.5), and how it asks for things.

import (
	"encoding/binary"
	"image"
	"os"
	"strings"

	"github.com/jezek/xgb/xproto"

	"rac/screen/x11"
)

// hints sets properties of one window.
type hints struct {
	conn *x11.Conn
	win  xproto.Window
}

func (h hints) set(name, kind string, format byte, data []byte) {
	prop, err := h.conn.Atom(name)
	if err != nil {
		return // the connection is gone, as the next request will say
	}
	typ, err := h.conn.Atom(kind)
	if err != nil {
		return
	}
	units := uint32(len(data)) / uint32(format/8)
	xproto.ChangeProperty(h.conn.Conn, xproto.PropModeReplace, h.win, prop, typ, format, units, data)
}

func (h hints) words(name, kind string, words ...uint32) {
	var data []byte
	for _, w := range words {
		data = binary.LittleEndian.AppendUint32(data, w)
	}
	h.set(name, kind, 32, data)
}

func (h hints) atoms(name string, values ...string) {
	var words []uint32
	for _, v := range values {
		a, err := h.conn.Atom(v)
		if err != nil {
			return
		}
		words = append(words, uint32(a))
	}
	h.words(name, "ATOM", words...)
}

// title names the window; the second property is for those that know UTF-8.
func (h hints) title(s string) {
	s = plain(s, 200)
	h.set("WM_NAME", "STRING", 8, []byte(latin1(s)))
	h.set("_NET_WM_NAME", "UTF8_STRING", 8, []byte(s))
}

// latin1 is s in the encoding of the type STRING.
func latin1(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r > 0xff {
			r = '?'
		}
		b.WriteByte(byte(r))
	}
	return b.String()
}

// introduce tells who we are, and that the window is to be asked before it is
// closed. kind is a _NET_WM_WINDOW_TYPE; keys says whether it wants the focus.
func (h hints) introduce(kind string, keys bool) {
	h.set("WM_CLASS", "STRING", 8, []byte("rac\x00rac\x00"))
	h.atoms("_NET_WM_WINDOW_TYPE", kind)
	h.atoms("WM_PROTOCOLS", "WM_DELETE_WINDOW", "_NET_WM_PING")
	const inputHint, stateHint, normal = 1, 2, 1
	input := uint32(0)
	if keys {
		input = 1
	} else {
		h.words("_NET_WM_USER_TIME", "CARDINAL", 0) // not even when it appears
	}
	h.words("WM_HINTS", "WM_HINTS", inputHint|stateHint, input, normal, 0, 0, 0, 0, 0, 0)
	h.words("_NET_WM_PID", "CARDINAL", uint32(os.Getpid()))
	if name, err := os.Hostname(); err == nil {
		h.set("WM_CLIENT_MACHINE", "STRING", 8, []byte(name))
	}
	h.words("_NET_WM_ICON", "CARDINAL", icon()...)
}

// sizes tells how small and how large the window may be; zero: any size.
func (h hints) sizes(least, most image.Point) {
	const pMinSize, pMaxSize = 1 << 4, 1 << 5
	words := make([]uint32, 18)
	if least != (image.Point{}) {
		words[0] |= pMinSize
		words[5], words[6] = uint32(least.X), uint32(least.Y)
	}
	if most != (image.Point{}) {
		words[0] |= pMaxSize
		words[7], words[8] = uint32(most.X), uint32(most.Y)
	}
	h.words("WM_NORMAL_HINTS", "WM_SIZE_HINTS", words...)
}

// supports tells whether the window manager knows a hint.
func (h hints) supports(name string) bool {
	want, err := h.conn.Atom(name)
	if err != nil {
		return false
	}
	list, err := h.conn.Atom("_NET_SUPPORTED")
	if err != nil {
		return false
	}
	return hasAtom(h.conn, h.conn.Root, list, want)
}

// hasAtom tells whether a property, a list of atoms, has a certain one.
func hasAtom(c *x11.Conn, win xproto.Window, list, want xproto.Atom) bool {
	r, err := xproto.GetProperty(c.Conn, false, win, list, xproto.AtomAtom, 0, 1024).Reply()
	if err != nil {
		return false
	}
	for i := 0; i+4 <= len(r.Value); i += 4 {
		if xproto.Atom(binary.LittleEndian.Uint32(r.Value[i:])) == want {
			return true
		}
	}
	return false
}

// ask sends the window manager a message about this window.
func (h hints) ask(name string, data ...uint32) {
	typ, err := h.conn.Atom(name)
	if err != nil {
		return
	}
	five := xproto.ClientMessageDataUnionData32New(append(data, make([]uint32, 5-len(data))...))
	h.toRoot(xproto.ClientMessageEvent{Format: 32, Window: h.win, Type: typ, Data: five})
}

func (h hints) toRoot(ev xproto.ClientMessageEvent) {
	const mask = xproto.EventMaskSubstructureRedirect | xproto.EventMaskSubstructureNotify
	xproto.SendEvent(h.conn.Conn, false, h.conn.Root, mask, string(ev.Bytes()))
}

// protocol looks at a message from the window manager. It answers a ping; close
// is true when the person wants the window closed.
func (h hints) protocol(ev xproto.ClientMessageEvent) (close bool) {
	protocols, _ := h.conn.Atom("WM_PROTOCOLS")
	if ev.Type != protocols || ev.Format != 32 {
		return false
	}
	ping, _ := h.conn.Atom("_NET_WM_PING")
	del, _ := h.conn.Atom("WM_DELETE_WINDOW")
	switch xproto.Atom(ev.Data.Data32[0]) {
	case ping:
		ev.Window = h.conn.Root
		h.toRoot(ev)
	case del:
		return true
	}
	return false
}

// icon is a monitor with an arrow into it, as _NET_WM_ICON wants it: width,
// height, pixels 0xAARRGGBB.
func icon() []uint32 {
	const side = 32
	out := append(make([]uint32, 0, 2+side*side), side, side)
	for y := range side {
		for x := range side {
			out = append(out, iconPixel(image.Pt(x, y)))
		}
	}
	return out
}

func iconPixel(p image.Point) uint32 {
	const frame, glass, arrow, nothing = 0xff24405c, 0xffe8f1f8, 0xff2f7dc0, 0
	tip := 19 - p.Y // half the width of the arrow's head
	switch {
	case p.In(image.Rect(14, 7, 18, 13)), p.Y >= 13 && p.X >= 16-tip && p.X < 16+tip:
		return arrow
	case p.In(image.Rect(4, 5, 28, 21)):
		return glass
	case p.In(image.Rect(2, 3, 30, 23)), p.In(image.Rect(13, 23, 19, 27)), p.In(image.Rect(8, 27, 24, 29)):
		return frame
	}
	return nothing
}
