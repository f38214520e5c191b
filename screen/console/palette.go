package console

import "fmt"

// The terminal's own colours. A dark screen, as consoles have; not pure black
// and white, which glare.
const (
	foreground = 0xd6d6d2
	background = 0x14161a
)

// palette is xterm's 256 colours, with a first sixteen that can be read on the
// dark ground.
var palette = makePalette()

func makePalette() (p [256]uint32) {
	copy(p[:], []uint32{
		0x2a2d33, 0xe0605c, 0x7fb35a, 0xd8a657, 0x5f9ee0, 0xb884d0, 0x56b0b0, 0xc4c4c0,
		0x6a6e76, 0xff7f79, 0xa0d676, 0xf4c878, 0x86bcf8, 0xd4a4ec, 0x7cd2d0, 0xf6f6f4,
	})
	level := [6]uint32{0, 95, 135, 175, 215, 255}
	for i := range 216 {
		p[16+i] = level[i/36]<<16 | level[i/6%6]<<8 | level[i%6]
	}
	for i := range 24 {
		p[232+i] = uint32(8+10*i) * 0x010101
	}
	return p
}

// ground resolves c as a background. Some are darker there:
// programs put white and yellow upon them, while as text on our dark screen they
// must be light.
func (c color) ground() uint32 {
	switch c {
	case colorPalette | 1:
		return 0xb0403c
	case colorPalette | 4:
		return 0x3465a4
	case colorPalette | 5:
		return 0x8a58a4
	case colorPalette | 6:
		return 0x3f9496
	}
	return c.rgb(background)
}

// rgb resolves c; def is what the default stands for.
func (c color) rgb(def uint32) uint32 {
	switch c >> 24 {
	case colorPalette >> 24:
		return palette[c&0xff]
	case colorRGB >> 24:
		return uint32(c & 0xffffff)
	}
	return def
}

// colors are the two colours that the cell is drawn in. Bold makes the eight
// dark colours bright, as on every PC console.
func (c *cell) colors() (fg, bg uint32) {
	front := c.fg
	if c.attr&bold != 0 && front >= colorPalette && front < colorPalette+8 {
		front += 8
	}
	fg, bg = front.rgb(foreground), c.bg.ground()
	if c.attr&inverse != 0 {
		fg, bg = bg, fg
	}
	if c.attr&dim != 0 {
		fg = mix(fg, bg, 1, 2)
	}
	if c.attr&hidden != 0 {
		fg = bg
	}
	return fg, bg
}

// mix returns a + (b-a)*n/of, channel by channel.
func mix(a, b uint32, n, of int) uint32 {
	var out uint32
	for shift := 0; shift < 24; shift += 8 {
		x, y := int(a>>shift&0xff), int(b>>shift&0xff)
		out |= uint32(x+(y-x)*n/of) << shift
	}
	return out
}

// xColor writes c as XParseColor reads it.
func xColor(c uint32) string {
	r, g, b := c>>16&0xff, c>>8&0xff, c&0xff
	return fmt.Sprintf("rgb:%02x%02x/%02x%02x/%02x%02x", r, r, g, g, b, b)
}
