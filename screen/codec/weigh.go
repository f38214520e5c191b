package codec

import "slices"

// On a slow line small updates are said in several ways and go out in the one that
// takes least. What a tile takes depends on what both ends know by then, so each is
// encoded really, tile after tile, and taken back (undo.go). A letter typed into an
// editor, with all that follows from it, takes a seventh less.

const (
	slowLine  = 1e6 // bytes a second; on faster ones the time is worth more
	fewTiles  = 32
	fewPixels = 3 * tileSide * tileSide
)

// weigh chooses how the pending tiles are said where they are few.
func (e *Encoder) weigh(limit int) {
	if e.line.Rate >= slowLine || limit < worstText+4*fewPixels || !e.gather() {
		return
	}
	e.plain = e.plain[:0]
	for _, i := range e.few {
		e.plain = append(e.plain, e.tiles[i])
	}
	most := e.cost(e.few)
	m := e.try()
	for k := range e.few {
		e.weighTile(e.few[k : k+1])
	}
	e.back(m)
	if e.cost(e.few) >= most {
		for k, i := range e.few {
			e.tiles[i] = e.plain[k]
		}
		return
	}
	e.text = append(e.text[:0], e.few...)
	e.pics = slices.DeleteFunc(e.pics, func(i int) bool { return slices.Contains(e.few, i) })
}

// gather puts the pending tiles that are to be exact into e.few, unless they are many.
func (e *Encoder) gather() bool {
	if len(e.ripe) > 0 || e.pending > fewTiles {
		return false
	}
	e.few = append(e.few[:0], e.text...)
	for _, i := range e.pics {
		if t := &e.tiles[i]; e.line.Budget == 0 || !t.many || area(t.box) < leastWave {
			e.few = append(e.few, i)
		}
	}
	slices.Sort(e.few)
	sum := 0
	for _, i := range e.few {
		sum += area(e.tiles[i].box)
	}
	return len(e.few) > 0 && sum <= fewPixels
}

// weighTile chooses how the tile, the only one in one, is said after those before it.
func (e *Encoder) weighTile(one []int) {
	t := &e.tiles[one[0]]
	ways := [...]kind{t.kind, kindWords, kindRecolour, kindExact}
	best, least := *t, 0
	for n, k := range ways {
		if n > 0 && (k == ways[0] || ways[0] == kindFill || ways[0] == kindCache || !e.say(one[0], k)) {
			continue
		}
		if cost := e.cost(one); n == 0 || cost < least {
			best, least = *t, cost
		}
	}
	*t = best
	e.encode(one)
}

// say makes a tile be said by k, if it can.
func (e *Encoder) say(i int, k kind) bool {
	t := &e.tiles[i]
	box := differing(e.have, e.want, e.grid.run(i, 1))
	switch k {
	case kindWords:
		box = e.grid.align(box)
	case kindRecolour:
		m := &e.workers[0].other
		m.cut(0)
		if t.rough.Overlaps(box) || !m.learn(e.have, e.want, box) {
			return false
		}
	}
	t.kind, t.box = k, box
	return true
}

// cost returns how many bytes a chunk with the given tiles takes, and takes it back.
func (e *Encoder) cost(tiles []int) int {
	m := e.try()
	n := e.encode(tiles)
	e.back(m)
	return n
}

func (e *Encoder) encode(tiles []int) int {
	e.compose(tiles, maxFrame)
	e.scratch = e.endChunk(e.scratch[:0])
	return len(e.scratch)
}
