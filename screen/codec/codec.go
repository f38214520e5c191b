// Package codec turns pictures of a screen into bytes and back, exactly: when the
// last pending byte has been decoded, every pixel is equal. It is pure: no
// stream, no goroutine that outlives a call; the time is asked for only to tell a
// film from what stands still (cache.go).
//
// An Encoder keeps two pictures: what the viewer has, and what it should have.
// Update brings news for the second one and costs little more than a compare;
// Append (encoder.go) finds what differs (diff.go), looks for things that only
// moved (search.go), decides tile by tile how to say the rest (choose.go), and
// writes as much of it as the caller has room for (emit.go). What did not fit
// stays pending, so a slow line gets the newest pixels later and never old ones.
//
// A Decoder keeps the viewer's picture. A frame is from the network: whatever it
// says, Decode neither panics nor takes more memory than the picture's size
// calls for.
//
// format.go defines the bytes. words.go has the coder for text, bits.go and
// exact.go those for pictures.
package codec

import (
	"errors"
	"fmt"
	"image"
)

const (
	maxSide   = 16384    // of a picture, in pixels
	maxPixels = 16 << 20 // of a picture: 64 MiB of memory

	tileSide = 64 // pixels; the grid on which changes are kept and sent
	bandRows = 8  // pixels; the height of a word
)

// ErrFrame is wrapped by all errors of Decode.
var ErrFrame = errors.New("codec: bad frame")

func badFrame(format string, a ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrFrame}, a...)...)
}

func checkSize(w, h int) error {
	if w < 1 || h < 1 || w > maxSide || h > maxSide || w*h > maxPixels {
		return fmt.Errorf("codec: a picture of %d x %d pixels is outside the limits (%d a side, %d in all)", w, h, maxSide, maxPixels)
	}
	return nil
}

// grid is the division of a picture of w x h pixels into tiles, numbered from
// left to right and top to bottom. Tiles at the right and lower edges are cut.
type grid struct {
	w, h       int
	cols, rows int
}

func newGrid(w, h int) grid {
	return grid{w, h, (w + tileSide - 1) / tileSide, (h + tileSide - 1) / tileSide}
}

// run returns the pixels of n tiles from tile first on, all in one row.
func (g grid) run(first, n int) image.Rectangle {
	x, y := first%g.cols*tileSide, first/g.cols*tileSide
	return image.Rect(x, y, min(x+n*tileSide, g.w), min(y+tileSide, g.h))
}

// tall returns the pixels of n tiles from tile first on and of those below.
func (g grid) tall(first, n int) image.Rectangle {
	return g.run(first, n).Union(g.run(first+g.cols, n))
}

// align grows r, which lies within a row of tiles, up and down to whole bands.
func (g grid) align(r image.Rectangle) image.Rectangle {
	r.Min.Y &^= bandRows - 1
	r.Max.Y = min((r.Max.Y+bandRows-1)&^(bandRows-1), g.h)
	return r
}

func area(r image.Rectangle) int { return r.Dx() * r.Dy() }
