package console

import (
	"fmt"
	"unicode/utf8"

	"rac/input"
)

// mod is a set of modifiers as xterm counts them: 1 + mod is the parameter of a
// modified key.
type mod uint8

const (
	shift mod = 1 << iota
	alt
	control
)

// keyboard makes bytes of keys by xterm's rules (ctlseqs, "PC-Style Function
// Keys").
type keyboard struct {
	held      map[keyID]mod // the modifiers that are down
	caps, num bool
}

// keyID tells keys apart: by their place, or by what they type where that is
// not known.
type keyID struct {
	usage input.Usage
	sym   uint32
}

func idOf(k input.Key) keyID {
	if k.Usage != 0 {
		return keyID{usage: k.Usage}
	}
	return keyID{sym: k.Sym}
}

func newKeyboard() *keyboard { return &keyboard{held: map[keyID]mod{}, num: true} }

func (k *keyboard) mods() (m mod) {
	for _, h := range k.held {
		m |= h
	}
	return m
}

// modifier takes a key that types nothing by itself, and reports whether it is
// one.
func (k *keyboard) modifier(e input.Key) bool {
	if !e.Down {
		_, was := k.held[idOf(e)]
		delete(k.held, idOf(e))
		return was
	}
	sym := e.Sym
	if sym == 0 {
		sym = usName(e.Usage, k.num)
	}
	switch sym {
	case symShiftL, symShiftR:
		k.held[idOf(e)] = shift
	case symControlL, symControlR:
		k.held[idOf(e)] = control
	case symAltL, symAltR, 0xffe7, 0xffe8: // Meta is Alt to us
		k.held[idOf(e)] = alt
	default:
		// The other locks, AltGr, Super, dead keys: what they do is in the keysym
		// of the key that follows.
		return sym >= symCapsLock && sym <= symHyperR || sym == symNumLock || sym >= 0xfe00 && sym <= 0xfeff && sym != symLeftTab
	}
	return true
}

// bytes returns what a key that goes down types; nothing if it types nothing.
func (k *keyboard) bytes(e input.Key, m modes) []byte {
	name, r := k.meaning(e)
	mods := k.mods()
	if name == symLeftTab {
		name, mods = symTab, mods|shift
	}
	if name >= symKPHome && name <= symKPDelete {
		name = keypadNames[name-symKPHome]
	}
	if out := k.named(name, mods, m); out != nil {
		return out
	}
	if c := keypadRune(name); c != 0 {
		if m.keypad && !k.num {
			return []byte{0x1b, 'O', byte(c) - '*' + 'j'}
		}
		r = c
	}
	return typed(r, mods, usRune(e.Usage, false, false))
}

// meaning says what a key is: a name or a character. The viewer's layout wins
// over the place of the key.
func (k *keyboard) meaning(e input.Key) (name uint32, r rune) {
	if r := symRune(e.Sym); r != 0 {
		return 0, r
	}
	if e.Sym != 0 {
		return e.Sym, 0
	}
	if name := usName(e.Usage, k.num); name != 0 {
		return name, 0
	}
	return 0, usRune(e.Usage, k.mods()&shift != 0, k.caps)
}

func keypadRune(name uint32) rune {
	switch {
	case name >= symKPStar && name <= symKPNine:
		return rune(name - symKPStar + '*')
	case name == symKPEqual:
		return '='
	case name == symKPSpace:
		return ' '
	}
	return 0
}

// finals are the cursor keys' last bytes, from symHome on; 0: it has a number.
var finals = [...]byte{'H', 'D', 'A', 'C', 'B', 0, 0, 'F', 'E'}

// numbers are those of the keys that end in a tilde.
var numbers = map[uint32]int{
	symInsert: 2, symDelete: 3, symPageUp: 5, symPageDown: 6,
	symF1 + 4: 15, symF1 + 5: 17, symF1 + 6: 18, symF1 + 7: 19,
	symF1 + 8: 20, symF1 + 9: 21, symF1 + 10: 23, symF1 + 11: 24,
}

// named returns the bytes of a key that is no character.
func (k *keyboard) named(name uint32, mods mod, m modes) []byte {
	switch name {
	case symBackSpace:
		return backSpace(mods)
	case symTab, symKPTab:
		if mods&shift != 0 {
			return []byte("\x1b[Z")
		}
		return escaped(mods, "\t")
	case symReturn, symKPEnter:
		return enter(name, mods, m, k.num)
	case symEscape:
		return escaped(mods, "\x1b")
	}
	if name >= symF1+12 && name <= symF24 { // xterm's F13 is Shift+F1
		name, mods = name-12, mods|shift
	}
	if name >= symKPF1 && name < symKPF1+4 {
		name = name - symKPF1 + symF1
	}
	if n := numbers[name]; n != 0 {
		return tilde(n, mods)
	}
	switch {
	case name >= symHome && name <= symBegin:
		return cursorKey(finals[name-symHome], mods, m.cursorKeys)
	case name >= symF1 && name < symF1+4:
		return cursorKey(byte('P'+name-symF1), mods, true)
	}
	return nil
}

func tilde(n int, mods mod) []byte {
	if mods != 0 {
		return fmt.Appendf(nil, "\x1b[%d;%d~", n, 1+mods)
	}
	return fmt.Appendf(nil, "\x1b[%d~", n)
}

func cursorKey(final byte, mods mod, application bool) []byte {
	switch {
	case mods != 0:
		return fmt.Appendf(nil, "\x1b[1;%d%c", 1+mods, final)
	case application:
		return []byte{0x1b, 'O', final}
	}
	return []byte{0x1b, '[', final}
}

func backSpace(mods mod) []byte {
	if mods&control != 0 {
		return escaped(mods, "\b")
	}
	return escaped(mods, "\x7f")
}

func enter(name uint32, mods mod, m modes, num bool) []byte {
	switch {
	case name == symKPEnter && m.keypad && !num:
		return []byte("\x1bOM")
	case m.newLine:
		return escaped(mods, "\r\n")
	}
	return escaped(mods, "\r")
}

// escaped puts ESC before s when Alt is down.
func escaped(mods mod, s string) []byte {
	if mods&alt != 0 {
		return append([]byte{0x1b}, s...)
	}
	return []byte(s)
}

// typed returns the bytes of a character. us is what the key types on a US
// keyboard: Ctrl with a Cyrillic letter means the Latin one of its place.
func typed(r rune, mods mod, us rune) []byte {
	if r == 0 {
		return nil
	}
	if mods&control != 0 {
		if r > 0x7f && us != 0 {
			r = us
		}
		r = controlled(r)
	}
	return escaped(mods, string(utf8.AppendRune(nil, r)))
}

// controlled is what Ctrl makes of a character (xterm and VT220: the digits
// stand for what a US keyboard has no other key for).
func controlled(r rune) rune {
	switch {
	case r >= '@' && r <= '_', r >= 'a' && r <= 'z':
		return r & 0x1f
	case r == ' ', r == '2':
		return 0
	case r >= '3' && r <= '7':
		return r - '3' + 0x1b
	case r == '8', r == '?':
		return 0x7f
	case r == '/':
		return 0x1f
	}
	return r
}
