package screen

import (
	"image"
	"math/bits"
	"slices"
)

// regionTile is the side of a region's squares in pixels: the codec's own grid.
const regionTile = 64

// region is a set of squares of a picture, those that a viewer has yet to get.
// Its size depends on the picture alone, so a viewer with a slow line, whose
// region grows and grows, costs no more than a fast one.
type region struct {
	bounds image.Rectangle
	across int // squares in a row
	set    []uint64
}

func newRegion(w, h int) region {
	across, down := (w+regionTile-1)/regionTile, (h+regionTile-1)/regionTile
	return region{bounds: image.Rect(0, 0, w, h), across: across, set: make([]uint64, (across*down+63)/64)}
}

// add marks every square that r touches.
func (g *region) add(r image.Rectangle) {
	r = r.Intersect(g.bounds)
	if r.Empty() {
		return
	}
	for y := r.Min.Y / regionTile; y <= (r.Max.Y-1)/regionTile; y++ {
		for x := r.Min.X / regionTile; x <= (r.Max.X-1)/regionTile; x++ {
			i := y*g.across + x
			g.set[i/64] |= 1 << (i % 64)
		}
	}
}

// empty says whether no square is marked.
func (g *region) empty() bool {
	return !slices.ContainsFunc(g.set, func(word uint64) bool { return word != 0 })
}

// clone returns a copy that shares nothing.
func (g *region) clone() region {
	c := *g
	c.set = slices.Clone(g.set)
	return c
}

// take appends the marked squares to dst, neighbours joined into one rectangle, and
// empties the region.
func (g *region) take(dst []image.Rectangle) []image.Rectangle {
	first := len(dst)
	var run image.Rectangle
	for n, word := range g.set {
		for ; word != 0; word &= word - 1 {
			i := n*64 + bits.TrailingZeros64(word)
			x, y := i%g.across*regionTile, i/g.across*regionTile
			if x == run.Max.X && y == run.Min.Y && !run.Empty() {
				run.Max.X = x + regionTile
				continue
			}
			dst = stack(dst, first, run.Intersect(g.bounds))
			run = image.Rect(x, y, x+regionTile, y+regionTile)
		}
		g.set[n] = 0
	}
	return stack(dst, first, run.Intersect(g.bounds))
}

// stack appends r to list, or to its last rectangle, if that has index first or more
// and r continues it downwards: the cores share a large rectangle, not many low ones.
func stack(list []image.Rectangle, first int, r image.Rectangle) []image.Rectangle {
	last := len(list) - 1
	switch {
	case r.Empty():
	case last >= first && list[last].Min.X == r.Min.X && list[last].Max.X == r.Max.X && list[last].Max.Y == r.Min.Y:
		list[last].Max.Y = r.Max.Y
	default:
		list = append(list, r)
	}
	return list
}

// spot returns where a change was that is as small as a letter or a text cursor
// with what follows it in the line; ok is false for a larger one.
func spot(dirty []image.Rectangle) (at image.Point, ok bool) {
	var all image.Rectangle
	for _, r := range dirty {
		all = all.Union(r)
	}
	return all.Min.Add(all.Size().Div(2)), !all.Empty() && all.Dx()*all.Dy() <= spotArea
}

const spotArea = 128 * 64 // pixels
