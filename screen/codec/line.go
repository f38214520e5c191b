package codec

import "image"

// Line is what an Encoder is told of the way to the viewer, before each Append.
type Line struct {
	Rate   float64     // bytes a second; 0: not known, taken as slow
	Budget int         // bytes that what is pending may take; pictures that need more go out coarse and become exact later. 0: all exact at once
	Most   int         // bytes that pictures may take where they would be poor in Budget
	Near   image.Point // what is near this point goes first within its class; negative: no such point
}

// fitLine is the speed below which the time that FIT takes is less than the line's for the
// bytes that it saves: 150 ns a pixel at either end, beside each other, for 0.2 bytes.
const (
	fitLine  = 3e6
	fitTime  = 1e-7 // seconds a pixel, at the end that is slower, on one to two cores
	fitSaves = 0.2  // of EXACT's bytes
)

// SetLine tells what the line is like, so that Append chooses how to say pictures.
// Without it the line is taken to be slow and everything is sent exactly.
func (e *Encoder) SetLine(l Line) {
	e.line = l
	e.picture = kindExact
	switch {
	case l.Rate >= fastLine:
		e.picture = kindBits
	case l.Rate > 0 && l.Rate < fitLine:
		e.picture = kindFit
	}
}
