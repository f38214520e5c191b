package codec

import "image"

// Picture is a rectangle of pixels. Pix[y*Stride+x] is 0x00RRGGBB; the upper
// byte is always zero, so that equal pixels are equal words.
type Picture struct {
	W, H   int
	Stride int // pixels from one row to the next, at least W
	Pix    []uint32
}

// NewPicture returns a black picture.
func NewPicture(w, h int) *Picture {
	return &Picture{W: w, H: h, Stride: w, Pix: make([]uint32, w*h)}
}

// Bounds returns the rectangle (0, 0)-(W, H).
func (p *Picture) Bounds() image.Rectangle { return image.Rect(0, 0, p.W, p.H) }

// Row returns the pixels of row y.
func (p *Picture) Row(y int) []uint32 { return p.Pix[y*p.Stride:][:p.W] }

// Sub returns the part of p inside r, which must lie within its bounds. The two
// share their pixels.
func (p *Picture) Sub(r image.Rectangle) *Picture {
	if r.Empty() {
		return &Picture{Stride: p.Stride}
	}
	return &Picture{W: r.Dx(), H: r.Dy(), Stride: p.Stride, Pix: p.Pix[r.Min.Y*p.Stride+r.Min.X:]}
}
