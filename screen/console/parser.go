package console

import "unicode/utf8"

// This file cuts the bytes of a program into what they ask for: characters,
// controls and sequences. The states are those of Paul Williams' "A parser for
// DEC's ANSI-compatible video terminals" (vt100.net/emu/dec_ansi_parser), with
// UTF-8 in place of the 8-bit controls, and colons for sub-parameters (ECMA-48,
// 5.4.2; ITU T.416).

// The longest of everything; what is longer is cut, the sequence still ends
// where it ends.
const (
	maxParams  = 32
	maxParam   = 65535
	maxString  = 4096 // of OSC; DCS, SOS, PM and APC are not kept at all
	maxCollect = 4    // intermediates: one in practice
)

// actions is what a sequence asks of the screen.
type actions interface {
	print(r rune)
	ascii(run []byte) // printable, 0x20-0x7e: the same as print of each
	execute(c byte)   // C0
	esc(inter string, final byte)
	csi(q *sequence)
	osc(text string)
}

// sequence is a control sequence as it stood.
type sequence struct {
	private byte // one of <=>?, or 0
	inter   string
	final   byte
	params  []param
}

// param is one number, 0 where none was given.
type param struct {
	value int
	sub   bool // a colon stood before it, not a semicolon
}

// at returns parameter i, or def where it is missing or 0.
func (q *sequence) at(i, def int) int {
	if i >= len(q.params) || q.params[i].value == 0 {
		return def
	}
	return q.params[i].value
}

type state uint8

const (
	ground state = iota
	escape
	escapeInter
	csiEntry
	csiParam
	csiInter
	csiIgnore
	oscString
	skipString // DCS, SOS, PM, APC: up to ST
)

type parser struct {
	state   state
	inter   []byte
	seq     sequence
	text    []byte
	partial [utf8.UTFMax]byte // the beginning of a character
	have    int               // bytes in partial
}

// feed acts on data; a sequence may go on in the next call.
func (p *parser) feed(data []byte, to actions) {
	for len(data) > 0 {
		if p.state == ground && p.have == 0 {
			if n := printable(data); n > 0 {
				to.ascii(data[:n])
				data = data[n:]
				continue
			}
		}
		p.step(data[0], to)
		data = data[1:]
	}
}

// printable returns how many bytes of plain ASCII data begins with.
func printable(data []byte) int {
	for i, c := range data {
		if c < 0x20 || c > 0x7e {
			return i
		}
	}
	return len(data)
}

func (p *parser) step(c byte, to actions) {
	if p.state == ground && (p.have > 0 || c >= 0x80) {
		if p.character(c, to) {
			return
		}
	}
	if p.anywhere(c, to) {
		return
	}
	switch p.state {
	case ground:
		if c < 0x20 {
			to.execute(c)
		} else if c != 0x7f {
			to.print(rune(c))
		}
	case escape, escapeInter:
		p.inEscape(c, to)
	case csiEntry, csiParam, csiInter, csiIgnore:
		p.inCSI(c, to)
	case oscString:
		if c == 0x07 { // xterm's own end
			to.osc(string(p.text))
			p.state = ground
		} else if c >= 0x20 && len(p.text) < maxString {
			p.text = append(p.text, c)
		}
	case skipString:
	}
}

// anywhere handles the bytes that mean the same in every state.
func (p *parser) anywhere(c byte, to actions) bool {
	switch c {
	case 0x18, 0x1a: // CAN, SUB
		p.state = ground
	case 0x1b:
		if p.state == oscString {
			to.osc(string(p.text)) // ESC \ ends it, and so does any other sequence
		}
		p.state, p.inter = escape, p.inter[:0]
	default:
		return false
	}
	return true
}

// character collects UTF-8 and reports whether c was used up by it. Broken
// sequences print U+FFFD once, as the Unicode standard recommends (3.9).
func (p *parser) character(c byte, to actions) bool {
	if p.have > 0 && c&0xc0 != 0x80 { // cut off: c begins something new
		p.have = 0
		to.print(utf8.RuneError)
		if c < 0x80 {
			return false
		}
	}
	p.partial[p.have] = c
	p.have++
	if !utf8.FullRune(p.partial[:p.have]) {
		return true
	}
	r, size := utf8.DecodeRune(p.partial[:p.have])
	again := size < p.have // the last byte does not belong to what is broken
	p.have = 0
	if r >= 0xa0 { // C1 controls in UTF-8 are not obeyed: programs do not send them
		to.print(r)
	}
	if again {
		return p.character(c, to)
	}
	return true
}

func (p *parser) inEscape(c byte, to actions) {
	switch {
	case c < 0x20:
		to.execute(c)
	case c < 0x30:
		p.state = escapeInter
		p.collect(c)
	case c == 0x7f:
	case p.state == escape && c == '[':
		p.state = csiEntry
		p.seq = sequence{params: p.seq.params[:0]}
	case p.state == escape && c == ']':
		p.state, p.text = oscString, p.text[:0]
	case p.state == escape && (c == 'P' || c == 'X' || c == '^' || c == '_'):
		p.state = skipString
	default:
		p.state = ground
		if c < 0x80 {
			to.esc(string(p.inter), c)
		}
	}
}

func (p *parser) collect(c byte) {
	if len(p.inter) < maxCollect {
		p.inter = append(p.inter, c)
	}
}

func (p *parser) inCSI(c byte, to actions) {
	switch {
	case c < 0x20:
		to.execute(c)
	case c == 0x7f || c >= 0x80:
	case c >= 0x40:
		p.finish(c, to)
	case p.state == csiIgnore:
	case c < 0x30:
		p.state = csiInter
		p.collect(c)
	case p.state == csiInter:
		p.state = csiIgnore
	case c >= 0x3c:
		if p.state != csiEntry {
			p.state = csiIgnore
			return
		}
		p.seq.private, p.state = c, csiParam
	default:
		p.state = csiParam
		p.parameter(c)
	}
}

// parameter takes a digit, a colon or a semicolon.
func (p *parser) parameter(c byte) {
	if len(p.seq.params) == 0 {
		p.seq.params = append(p.seq.params, param{})
	}
	last := &p.seq.params[len(p.seq.params)-1]
	if c <= '9' {
		last.value = min(last.value*10+int(c-'0'), maxParam)
		return
	}
	if len(p.seq.params) == maxParams {
		p.state = csiIgnore
		return
	}
	p.seq.params = append(p.seq.params, param{sub: c == ':'})
}

func (p *parser) finish(c byte, to actions) {
	ignored := p.state == csiIgnore
	p.state = ground
	if ignored {
		return
	}
	p.seq.inter, p.seq.final = string(p.inter), c
	to.csi(&p.seq)
}
