package codec

import (
	"cmp"
	"slices"
)

const ringWidth = 4 // tiles

// nearest returns those of tiles, which are in raster order, that come first since
// room has not space for all: the ones nearest to the point that is looked at. At
// least one remains, and they stay in raster order.
func (e *Encoder) nearest(tiles []int, room int, cost func(i int) int) []int {
	if len(tiles) == 0 {
		return tiles
	}
	if near := e.line.Near; near.X >= 0 && near.Y >= 0 {
		slices.SortStableFunc(tiles, func(a, b int) int { return cmp.Compare(e.ring(a), e.ring(b)) })
	}
	n := 0
	for sum := 0; n < len(tiles) && (n == 0 || sum < room); n++ {
		sum += cost(tiles[n])
	}
	slices.Sort(tiles[:n])
	return tiles[:n]
}

// order puts e.text in the order in which it is to go if not all of it may fit into
// room: first what costs little, then what is near the point that is looked at, then
// the rest from where the last frame was cut, so that nothing waits for long while
// all of it moves.
func (e *Encoder) order(room int) {
	raw := 0
	for _, i := range e.text {
		raw += area(e.tiles[i].box) / 4 // an id is 2 bytes and stands for 8 pixels
	}
	if float64(raw) > float64(room)*e.shrinks {
		slices.SortStableFunc(e.text, func(a, b int) int { return cmp.Compare(e.class(a), e.class(b)) })
	}
}

func (e *Encoder) class(i int) int {
	near := e.line.Near
	switch {
	case e.tiles[i].kind != kindWords:
		return 0
	case near.X >= 0 && near.Y >= 0 && e.ring(i) == 0:
		return 1
	case i >= e.turn:
		return 2
	}
	return 3
}

// ring counts squares around the point that is looked at.
func (e *Encoder) ring(i int) int {
	x, y := i%e.grid.cols-e.line.Near.X/tileSide, i/e.grid.cols-e.line.Near.Y/tileSide
	return (max(x, -x, y, -y) + ringWidth/2) / ringWidth
}
