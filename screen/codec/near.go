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

// ring counts squares around the point that is looked at.
func (e *Encoder) ring(i int) int {
	x, y := i%e.grid.cols-e.line.Near.X/tileSide, i/e.grid.cols-e.line.Near.Y/tileSide
	return (max(x, -x, y, -y) + ringWidth/2) / ringWidth
}
