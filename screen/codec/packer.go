package codec

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// packer makes LZ4 blocks (as lz4_Block_format.md of the LZ4 project has them) that
// refer to the blocks before, too. On a thin line text comes in small blocks, line
// after line, which repeat little in themselves; but the words of a page come again
// and again: a page that scrolls takes two fifths of the bytes.
//
// Matches are found by chains of positions with equal hashes, from the newest on. One
// at the next byte is preferred if it is longer.
type packer struct {
	past
	head  []uint32 // by hash: the last position, plus 1. Positions count from the first byte ever
	chain []uint16 // by position mod 64 KiB: how far back the one before is; 0: there is none
	next  int      // the first position that is in no chain
	trial *trial
}

// past is what a block may refer to: the unpacked blocks so far, of which the last
// window bytes at least are kept. Both ends have the same.
type past struct {
	b    []byte
	gone int // bytes that are no longer in b
}

const (
	window    = 64<<10 - 1 // how far back LZ4 can say that a match is
	pastRoom  = 256 << 10  // above that, b is cut down to window
	leastFit  = 4          // bytes, of a match
	lastFit   = 12         // no match begins in the last bytes of a block …
	lastPlain = 5          // … or has one of these
	hashBits  = 15
	maxTries  = 48 // links of a chain that are followed
)

func (p *past) reset() { p.b, p.gone = p.b[:0], 0 }

// grow adds n bytes and returns where they begin in b.
func (p *past) grow(n int) (at int) {
	if drop := len(p.b) - window; len(p.b) > pastRoom {
		p.gone += drop
		p.b = p.b[:copy(p.b, p.b[drop:])]
	}
	at = len(p.b)
	p.b = slices.Grow(p.b, n)[:at+n]
	return at
}

// before returns what a block that begins at b[at] may refer to.
func (p *past) before(at int) []byte { return p.b[max(at-window, 0):at] }

func (p *packer) reset() {
	p.past.reset()
	p.next = 0
	if p.head == nil {
		p.head, p.chain = make([]uint32, 1<<hashBits), make([]uint16, 1<<16)
	}
	clear(p.head)
}

// add notes a block that goes out in another way.
func (p *packer) add(block []byte) (at int) {
	at = p.grow(len(block))
	copy(p.b[at:], block)
	if p.gone > 1<<30 && p.trial == nil { // positions do not fit any more
		p.gone, p.next = 0, 0
		clear(p.head)
	}
	p.next = max(p.next, p.gone+at-window)
	return at
}

// pack appends block to dst as LZ4. It may become longer.
func (p *packer) pack(dst, block []byte) []byte {
	at := p.add(block)
	plain, end := at, len(p.b)-lastPlain
	for i := at; i < len(p.b)-lastFit; {
		m := p.find(i, end, leastFit-1)
		for m.n > 0 && i+1 < len(p.b)-lastFit {
			better := p.find(i+1, end, m.n)
			if better.n == 0 {
				break
			}
			i, m = i+1, better
		}
		if m.n == 0 {
			i++
			continue
		}
		dst = appendSequence(dst, p.b[plain:i], m)
		i += m.n
		plain = i
	}
	p.index(len(p.b))
	return appendSequence(dst, p.b[plain:], match{})
}

// match is n bytes that are equal to those that stand back bytes earlier.
type match struct{ n, back int }

// find returns the longest match at b[i:end] that is longer than least, if any.
func (p *packer) find(i, end, least int) (m match) {
	p.index(i + 1)
	longest, back := least, int(p.chain[(p.gone+i)&0xffff])
	for tries := 0; back > 0 && back <= min(window, i) && tries < maxTries; tries++ {
		if i+longest >= end {
			break // there is no longer one
		}
		if p.b[i-back+longest] == p.b[i+longest] {
			if n := same(p.b[i-back:], p.b[i:end]); n > longest {
				longest, m = n, match{n, back}
			}
		}
		step := int(p.chain[(p.gone+i-back)&0xffff])
		if step == 0 {
			break
		}
		back += step
	}
	return m
}

// index puts the positions of b before i into the chains.
func (p *packer) index(i int) {
	for last := p.gone + min(i, len(p.b)-leastFit+1); p.next < last; p.next++ {
		h := binary.LittleEndian.Uint32(p.b[p.next-p.gone:]) * 0x9e3779b1 >> (32 - hashBits)
		back := p.next + 1 - int(p.head[h])
		if p.head[h] == 0 || back > window {
			back = 0
		}
		if p.trial != nil {
			p.trial.heads = append(p.trial.heads, headBefore{h, p.head[h], p.chain[p.next&0xffff]})
		}
		p.chain[p.next&0xffff], p.head[h] = uint16(back), uint32(p.next+1)
	}
}

// same counts the equal bytes at the start of a and b, which is not the longer one.
func same(a, b []byte) (n int) {
	for ; len(b)-n >= 8; n += 8 {
		if x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
	}
	for n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// appendSequence appends plain bytes and, but at a block's end, a match.
func appendSequence(dst, plain []byte, m match) []byte {
	fit := max(m.n-leastFit, 0)
	dst = append(dst, byte(min(len(plain), 15)<<4|min(fit, 15)))
	dst = append(appendRest(dst, len(plain)-15), plain...)
	if m.n == 0 {
		return dst
	}
	dst = append(dst, byte(m.back), byte(m.back>>8))
	return appendRest(dst, fit-15)
}

// appendRest appends what of a length is above the token's 15.
func appendRest(dst []byte, n int) []byte {
	if n < 0 {
		return dst
	}
	for ; n >= 255; n -= 255 {
		dst = append(dst, 255)
	}
	return append(dst, byte(n))
}
