package screen

// The rectangles that have been drawn on since the last frame.

import (
	"image"
	"sync"
	"time"
)

const (
	// maxDamage bounds the rectangles of a frame: from here on a request for one
	// more costs the server about what the pixels between two cost.
	maxDamage = 32
	// cheapWaste is how many pixels are grabbed for nothing rather than with a
	// request of their own.
	cheapWaste = 4096
)

// damageSet collects rectangles. It holds at most twice maxDamage, and never the
// hull of two that are far apart while others are closer.
type damageSet struct {
	mu    sync.Mutex
	rects []image.Rectangle
	since time.Time // when the first of rects came
	area  int       // of all rectangles that came since take, in pixels
}

// add adds r; first tells that the set was empty.
func (d *damageSet) add(r image.Rectangle) (first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := len(d.rects) - 1; i >= 0; i-- { // programs draw on the same place again
		if r.In(d.rects[i]) {
			return false
		}
	}
	if r.Empty() {
		return false
	}
	if first = len(d.rects) == 0; first {
		d.since = time.Now()
	}
	d.rects = append(d.rects, r)
	d.area += area(r)
	if len(d.rects) == 2*maxDamage {
		d.rects = mergeRects(d.rects, maxDamage, cheapWaste)
	}
	return first
}

// pixels returns how many pixels have been reported since take; it grows with each
// rectangle that brings news.
func (d *damageSet) pixels() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.area
}

// take empties the set. since is zero if it was empty.
func (d *damageSet) take() (rects []image.Rectangle, since time.Time) {
	d.mu.Lock()
	rects, since = d.rects, d.since
	d.rects, d.since, d.area = nil, time.Time{}, 0
	d.mu.Unlock()
	return mergeRects(rects, maxDamage, cheapWaste), since
}

// mergeRects replaces the two rectangles whose hull covers the fewest pixels
// besides them by that hull, as long as there are more than most, or those
// pixels are no more than cheap. It works in place.
func mergeRects(list []image.Rectangle, most, cheap int) []image.Rectangle {
	var near [2 * maxDamage]neighbour // each one's nearest of those before it
	if len(list) > len(near) {
		most = min(most, len(near))
		for len(list) > len(near) { // not by damageSet; then the order decides
			last := len(list) - 1
			list[last-1] = list[last-1].Union(list[last])
			list = list[:last]
		}
	}
	for i := range list {
		near[i] = nearest(list, i)
	}
	for len(list) > 1 {
		best := 1
		for i := 2; i < len(list); i++ {
			if near[i].waste < near[best].waste {
				best = i
			}
		}
		if len(list) <= most && near[best].waste > cheap {
			break
		}
		list = join(list, near[:], near[best].index, best)
	}
	return list
}

// neighbour is a rectangle's index and the waste of a hull with it.
type neighbour struct{ index, waste int }

// nearest finds the best partner of list[i] among list[:i].
func nearest(list []image.Rectangle, i int) neighbour {
	n := neighbour{-1, int(^uint(0) >> 1)}
	for j := range i {
		if w := waste(list[i], list[j]); w < n.waste {
			n = neighbour{j, w}
		}
	}
	return n
}

// join puts the hull of list[a] and list[b], a < b, in a's place and the last
// one in b's, and finds the partners again that this has changed.
func join(list []image.Rectangle, near []neighbour, a, b int) []image.Rectangle {
	last := len(list) - 1
	list[a] = list[a].Union(list[b])
	list[b] = list[last]
	list = list[:last]
	for i := a; i < last; i++ {
		switch {
		case i == a, i == b, near[i].index == a, near[i].index == b:
			near[i] = nearest(list, i)
		case i > a:
			if w := waste(list[i], list[a]); w < near[i].waste {
				near[i] = neighbour{a, w}
			}
			if i > b {
				if w := waste(list[i], list[b]); w < near[i].waste {
					near[i] = neighbour{b, w}
				}
			}
		}
	}
	return list
}

// waste is how many pixels the hull of a and b has besides theirs; negative if
// they overlap.
func waste(a, b image.Rectangle) int {
	return area(a.Union(b)) - area(a) - area(b)
}

func area(r image.Rectangle) int { return r.Dx() * r.Dy() }
