package window

// The keyboard of the window's display: which key an event means, what the
// viewer's layout makes of it, and which keys are held.

import (
	"log/slog"
	"strings"

	"github.com/jezek/xgb/xproto"

	"rac/input"
	"rac/screen/x11"
)

// keyboard is used by the window's one goroutine.
type keyboard struct {
	xkb    *x11.Keyboard // nil: without the extension keys have a usage and no keysym
	log    *slog.Logger
	usages [256]input.Usage
	spare  [256]bool // bound since, by a program that needed a free key
	keymap *x11.Keymap

	held map[byte]input.Key // what was sent for the keys that are down; the zero Key: nothing
}

// newKeyboard reads the display's keyboard.
func newKeyboard(c *x11.Conn, log *slog.Logger) *keyboard {
	k := &keyboard{log: log, keymap: &x11.Keymap{}, held: map[byte]input.Key{}}
	if rules := rulesOf(c); rules == "evdev" || rules == "" {
		k.usages = usageTable()
	} else {
		log.Warn("keys have no known place on this keyboard and travel by their symbol", "rules", rules)
	}
	var err error
	if k.xkb, err = x11.WatchKeyboard(c); err != nil {
		log.Warn("layout of the keyboard not known", "err", err)
		return k
	}
	k.reload()
	return k
}

// rulesOf names the numbering of keys: "evdev" is the kernel's; "" is not said.
func rulesOf(c *x11.Conn) string {
	a, err := c.Atom("_XKB_RULES_NAMES")
	if err != nil {
		return ""
	}
	r, err := xproto.GetProperty(c.Conn, false, c.Root, a, xproto.AtomString, 0, 64).Reply()
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(string(r.Value), "\x00")
	return name
}

func (k *keyboard) reload() {
	if k.xkb == nil {
		return
	}
	m, err := k.xkb.Keymap()
	if err != nil {
		k.log.Warn("layout of the keyboard not known", "err", err)
		return
	}
	k.keymap = m
}

// aFewKeys is the most keys that a program binds for itself at a time; a change
// of layout changes all of them.
const aFewKeys = 64

// changed follows a change of the keyboard's map. A key that was empty and has
// been bound alone is a spare one: its place on the keyboard means nothing.
func (k *keyboard) changed(ev x11.KeymapEvent) {
	if k.keymap.Knows(ev) {
		return
	}
	before := k.keymap
	k.reload()
	if ev.Count > aFewKeys {
		k.spare = [256]bool{}
		return
	}
	for code := ev.First; code < min(ev.First+ev.Count, 256); code++ {
		k.spare[code] = (before.Empty(byte(code)) || k.spare[code]) && !k.keymap.Empty(byte(code))
	}
}

// key describes a key as it is now: bits 0 to 7 of an event's state are the
// modifiers, 13 and 14 the group.
func (k *keyboard) key(code byte, state uint16) input.Key {
	sym, _ := k.keymap.Sym(code, byte(state), int(state>>13&3))
	key := input.Key{Usage: k.usages[code], Sym: sym}
	if k.spare[code] || printable(key.Sym) && !typing(key.Usage) {
		key.Usage = 0
	}
	return key
}

// press returns the key that went down, or that is down and repeats: as it was
// when it went down. ok is false for a key that was withheld, and for one of which
// nothing is known.
func (k *keyboard) press(code byte, state uint16) (key input.Key, ok bool) {
	if key, held := k.held[code]; held {
		key.Again = true
		return key, key.Down
	}
	key = k.key(code, state)
	if key.Usage == 0 && key.Sym == 0 {
		return key, false
	}
	key.Down = true
	k.held[code] = key
	return key, true
}

// release returns the key that went up as it went down, whatever Shift is now;
// ok is false for one whose press was not sent.
func (k *keyboard) release(code byte) (key input.Key, ok bool) {
	key = k.held[code]
	delete(k.held, code)
	ok = key.Down
	key.Down = false
	return key, ok
}

// withhold says that the host does not know of a key that is down. Its repeats
// and its release are not sent.
func (k *keyboard) withhold(code byte) { k.held[code] = input.Key{} }

// withholdAll returns the releases of all that the host knows of.
func (k *keyboard) withholdAll() (keys []input.Key) {
	for code := range k.held {
		if key, ok := k.release(code); ok {
			keys = append(keys, key)
		}
		k.withhold(code)
	}
	return keys
}

// releaseAll does the same and forgets the keys, whose releases will not come.
func (k *keyboard) releaseAll() []input.Key {
	defer clear(k.held)
	return k.withholdAll()
}

// printable tells whether a keysym is a character (X11 protocol, appendix A):
// Latin-1, the other old sets below 0xfd00, or a Unicode one.
func printable(sym uint32) bool {
	switch {
	case sym >= 0x20 && sym < 0xfd00:
		return true
	case sym >= 0x01000100 && sym <= 0x0110ffff:
		return true
	}
	return false
}
