package x11

// Reading the replies of extensions that xgb has no package of.

import (
	"encoding/binary"
	"errors"
	"slices"
)

// reply is what is left of a server's message; past its end it gives zeros and
// sets short.
type reply struct {
	rest  []byte
	short bool
}

func (r *reply) take(n int) []byte {
	if n > len(r.rest) {
		r.rest, r.short = nil, true
		return make([]byte, n)
	}
	p := r.rest[:n]
	r.rest = r.rest[n:]
	return p
}

// ParseKeymap reads the reply to XkbGetMap for types, symbols and modifiers.
func ParseKeymap(b []byte) (*Keymap, error) {
	if len(b) < 40 {
		return nil, errors.New("XKEYBOARD: map is cut short")
	}
	types, first, keys, mods := int(b[15]), int(b[17]), int(b[20]), int(b[33])
	m := &Keymap{seq: binary.LittleEndian.Uint16(b[2:])}
	r := &reply{rest: b[40:]}
	for range types {
		m.types = append(m.types, r.keyType())
	}
	for code := first; code < first+keys && code < len(m.keys); code++ {
		m.keys[code] = r.keySyms()
	}
	for range mods {
		p := r.take(2)
		m.Mods[p[0]] = p[1]
	}
	if r.short {
		return nil, errors.New("XKEYBOARD: map is cut short")
	}
	return m, nil
}

func (r *reply) keyType() (t keyType) {
	head := r.take(8)
	t.mask = head[0]
	entries, preserve := r.take(8*int(head[5])), head[6] != 0
	for e := range slices.Chunk(entries, 8) {
		l := levelOf{mods: e[1], level: e[2]}
		if preserve {
			l.preserve = r.take(4)[0]
		}
		if active := e[0] != 0; active { // else its virtual modifiers are not bound
			t.levels = append(t.levels, l)
		}
	}
	return t
}

func (r *reply) keySyms() (k keySyms) {
	head := r.take(8)
	k.types, k.info, k.width = [4]byte(head[:4]), head[4], int(head[5])
	n := int(binary.LittleEndian.Uint16(head[6:]))
	if 4*n > len(r.rest) {
		r.short = true
		return k
	}
	for range n {
		k.syms = append(k.syms, binary.LittleEndian.Uint32(r.take(4)))
	}
	return k
}
