package codec

import (
	"image"
	"time"
)

// tile is what the encoder knows about one tile of the grid.
type tile struct {
	fresh   bool          // since the last count
	pending bool          // the viewer may not have what is wanted
	located bool          // box is up to date
	known   bool          // the rest is, too
	missed  bool          // the cache does not have what is wanted
	kept    bool          // what the viewer has is in the cache, or not worth it
	shown   time.Duration // Encoder.now when what the viewer has last changed
	many    bool          // a picture has so many colours that it may be coarse
	wave    bool          // it will be in this frame
	from    image.Point   // where its pixels were, the last time they were predicted
	kind    kind
	slot    int             // CACHE
	past    [2]int16        // 1 + the slots into which this tile was kept last; they may have been taken again
	n       int             // PACK: colours
	cols    [4]uint32       // FILL, PACK
	box     image.Rectangle // what the viewer lacks; in whole bands for WORDS and PACK
	rough   image.Rectangle // where the viewer has it coarsely; have has it as it was then
}

// Update takes over the pixels of pic inside dirty; those outside must be as
// before. pic has the size that Reset was told; the upper bytes of its pixels
// may be anything. It returns soon: the rest of the work is Append's.
func (e *Encoder) Update(pic *Picture, dirty []image.Rectangle) {
	for _, r := range dirty {
		r = r.Intersect(e.want.Bounds()).Intersect(pic.Bounds())
		if area(r) < worthSharing {
			e.take(pic, r)
			continue
		}
		e.source, e.dirty = pic, r
		e.crew.each(len(e.workers), (r.Max.Y-1)/tileSide-r.Min.Y/tileSide+1, (*Encoder).takeTiles)
	}
	e.source = nil
	e.count()
}

// takeTiles takes over the i'th row of tiles of e.dirty.
func (e *Encoder) takeTiles(_, i int) {
	row := e.dirty.Min.Y/tileSide + i
	e.take(e.source, e.dirty.Intersect(e.grid.run(row*e.grid.cols, e.grid.cols)))
}

// take takes over the pixels inside r. Rows of tiles may be taken at once.
func (e *Encoder) take(pic *Picture, r image.Rectangle) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		src, dst := pic.Row(y)[r.Min.X:r.Max.X], e.want.Row(y)[r.Min.X:r.Max.X]
		if !equalRow(src, dst) { // most rows of most damage are as they were
			e.takeRow(src, dst, r.Min.X, y)
		}
	}
}

// count counts the tiles that have become pending.
func (e *Encoder) count() {
	for i := range e.tiles {
		if t := &e.tiles[i]; t.fresh {
			t.fresh = false
			e.fresh = true
			if !t.pending {
				t.pending = true
				e.pending++
			}
		}
	}
}

// takeRow copies src, the pixels from x, y on, to dst and marks their tiles.
func (e *Encoder) takeRow(src, dst []uint32, x, y int) {
	first := y / tileSide * e.grid.cols
	for len(src) > 0 {
		n := min(len(src), tileSide-x%tileSide)
		if !equalRow(src[:n], dst[:n]) && copyMasked(dst[:n], src[:n]) {
			e.mark(first + x/tileSide)
		}
		src, dst, x = src[n:], dst[n:], x+n
	}
}

// copyMasked copies src without the upper bytes and says whether that changed dst.
func copyMasked(dst, src []uint32) bool {
	diff := uint32(0)
	dst = dst[:len(src)]
	for len(src) >= 4 && len(dst) >= 4 {
		a, b, c, d := src[0]&0xffffff, src[1]&0xffffff, src[2]&0xffffff, src[3]&0xffffff
		diff |= (a ^ dst[0]) | (b ^ dst[1]) | (c ^ dst[2]) | (d ^ dst[3])
		dst[0], dst[1], dst[2], dst[3] = a, b, c, d
		src, dst = src[4:], dst[4:]
	}
	for i, c := range src {
		c &= 0xffffff
		diff |= c ^ dst[i]
		dst[i] = c
	}
	return diff != 0
}

func (e *Encoder) mark(i int) {
	t := &e.tiles[i]
	t.located, t.known, t.missed, t.fresh = false, false, false, true
}

// differing returns the smallest rectangle around the pixels inside r in which a
// and b differ. Where that is as wide as r, as in most of what moves, the rows between
// the first and the last one are not looked at.
func differing(a, b *Picture, r image.Rectangle) image.Rectangle {
	box := image.Rectangle{Min: r.Max, Max: r.Min}
	for y := r.Min.Y; y < r.Max.Y && (box.Min.X > r.Min.X || box.Max.X < r.Max.X); y++ {
		p, q := a.Row(y)[r.Min.X:r.Max.X], b.Row(y)[r.Min.X:r.Max.X]
		if equalRow(p, q) {
			continue
		}
		box.Min.Y, box.Max.Y = min(box.Min.Y, y), y+1
		for x := 0; x < box.Min.X-r.Min.X; x++ {
			if p[x] != q[x] {
				box.Min.X = r.Min.X + x
			}
		}
		for x := len(p) - 1; x >= box.Max.X-r.Min.X; x-- {
			if p[x] != q[x] {
				box.Max.X = r.Min.X + x + 1
			}
		}
	}
	if box.Min.Y >= box.Max.Y {
		return image.Rectangle{}
	}
	for y := r.Max.Y - 1; y >= box.Max.Y; y-- {
		if !equalRow(a.Row(y)[r.Min.X:r.Max.X], b.Row(y)[r.Min.X:r.Max.X]) {
			box.Max.Y = y + 1
		}
	}
	return box
}

// copyPixels sets the pixels of dst inside r to those of src.
func copyPixels(dst, src *Picture, r image.Rectangle) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		copy(dst.Row(y)[r.Min.X:r.Max.X], src.Row(y)[r.Min.X:r.Max.X])
	}
}
