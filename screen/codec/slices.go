package codec

import "image"

// coder has the room that one worker needs to code slices of any kind.
type coder struct {
	planes
	bitRows
	wave  wave
	fit   fitRows
	stats colourCount
	other recolouring

	choices []byte // scratch of RECOLOUR
}

// append appends p's pixels inside box as a slice of kind k, which is exact.
func (c *coder) append(dst []byte, k kind, pic *Picture, box image.Rectangle) []byte {
	switch k {
	case kindBits:
		return c.appendBits(dst, pic, box)
	case kindFit:
		return c.fit.append(dst, pic, box)
	}
	return c.appendExact(dst, pic, box)
}

// read sets pic's pixels inside box from the slice b of kind k; of a WAVE, next's.
func (c *coder) read(b []byte, k kind, pic, next *Picture, box image.Rectangle) error {
	switch k {
	case kindBits:
		return c.readBits(b, pic, box)
	case kindFit:
		return c.fit.read(b, pic, box)
	case kindWave:
		return c.wave.read(b, pic, next, box)
	}
	return c.readExact(b, pic, box)
}
