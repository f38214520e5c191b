package codec

import (
	"hash/maphash"
	"image"
	"time"
)

// Both sides keep tiles that were on the screen for a while and then went away: a
// menu closes, a page or a program comes back, and takes 5 bytes a tile or fewer.
// So does what a dragged window uncovers, piece by piece: each piece is found in
// what the same tile was before.

const (
	restTime  = 300 * time.Millisecond // that a tile must have stood still: a film is not worth a slot
	minChange = 256                    // pixels of a tile that must have changed: nor is typing, unless at its edge, where a dragged window enters
)

// cache is the ring of kept tiles, row by row.
type cache struct {
	slots [][]uint32 // as many as have been filled
	next  int
}

func (c *cache) reset() { c.slots, c.next = nil, 0 }

// keep puts p's pixels inside r, a whole tile, into the next slot. Beyond a tile that
// is cut the slot is black.
func (c *cache) keep(p *Picture, r image.Rectangle) (slot int) {
	slot = c.next
	if slot == len(c.slots) {
		c.slots = append(c.slots, make([]uint32, tileSide*tileSide))
	}
	if area(r) < tileSide*tileSide {
		clear(c.slots[slot])
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		copy(c.row(slot, r, y), p.Row(y)[r.Min.X:])
	}
	c.next = (c.next + 1) % cacheLen
	return slot
}

// draw sets p's pixels inside r, which lies in one tile, to those in a slot.
func (c *cache) draw(p *Picture, r image.Rectangle, slot int) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		copy(p.Row(y)[r.Min.X:r.Max.X], c.row(slot, r, y))
	}
}

// holds says whether a slot has p's pixels inside r, which lies in one tile.
func (c *cache) holds(p *Picture, r image.Rectangle, slot int) bool {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		if !equalRow(p.Row(y)[r.Min.X:r.Max.X], c.row(slot, r, y)) {
			return false
		}
	}
	return true
}

// row returns what a slot has for row y of r.
func (c *cache) row(slot int, r image.Rectangle, y int) []uint32 {
	return c.slots[slot][y%tileSide*tileSide+r.Min.X%tileSide:][:r.Dx()]
}

// cacheIndex finds tiles in the encoder's cache by their hash.
type cacheIndex struct {
	cache
	seed maphash.Seed
	slot map[uint64]int
	hash [cacheLen]uint64 // by slot
}

func (x *cacheIndex) reset() {
	x.cache.reset()
	x.seed, x.slot = maphash.MakeSeed(), make(map[uint64]int, cacheLen)
}

func (x *cacheIndex) sum(p *Picture, r image.Rectangle) (h uint64) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		h = (h ^ maphash.String(x.seed, bytesOf(p.Row(y)[r.Min.X:r.Max.X]))) * 0x9e3779b97f4a7c15
	}
	return h
}

// find returns the slot that has p's pixels inside r, a whole tile.
func (x *cacheIndex) find(p *Picture, r image.Rectangle) (slot int, ok bool) {
	if len(x.slots) == 0 {
		return 0, false
	}
	slot, ok = x.slot[x.sum(p, r)]
	return slot, ok && x.holds(p, r, slot)
}

// add keeps p's pixels inside r unless they are there already and will be for a while:
// a desktop that is covered time and again must not be the oldest. It returns their
// slot.
func (x *cacheIndex) add(p *Picture, r image.Rectangle) (slot int, new bool) {
	h := x.sum(p, r)
	if slot, ok := x.slot[h]; ok && (x.next-slot+cacheLen)%cacheLen <= cacheLen/2 {
		return slot, false
	}
	full := len(x.slots) == cacheLen
	slot = x.keep(p, r)
	if gone := x.hash[slot]; full && x.slot[gone] == slot {
		delete(x.slot, gone)
	}
	x.hash[slot], x.slot[h] = h, slot
	return slot, true
}

// appendKeeps appends a chunk that keeps those of the tiles about to be drawn over
// that are worth it. It is called before anything else of the frame.
func (e *Encoder) appendKeeps(dst []byte) []byte {
	e.startChunk()
	c := &e.chunk
	first, n := 0, 0
	flush := func() {
		if n > 0 {
			c.ops = e.grid.appendPlace(c.ops, kindKeep, first-c.at, first, n, e.grid.run(first, n))
			c.at, n = first+n, 0
		}
	}
	for i := range e.tiles {
		if !e.tiles[i].pending || !e.worthKeeping(i) {
			continue
		}
		if n == 0 || i != first+n || i%e.grid.cols == 0 {
			flush()
			first = i
		}
		n++
	}
	flush()
	if len(c.ops) == 0 {
		return dst
	}
	return e.endChunk(dst)
}

// worthKeeping puts what the viewer has of tile i into the cache, or returns false.
func (e *Encoder) worthKeeping(i int) bool {
	t, r := &e.tiles[i], e.grid.run(i, 1)
	if e.now-t.shown < restTime || t.kept || !t.rough.Empty() {
		return false
	}
	if entered := t.box.Inset(-1).Intersect(r) != t.box.Inset(-1); area(t.box) < minChange && !entered {
		return false
	}
	t.kept = true
	var cols [4]uint32
	if fewColours(e.have, r, &cols) == 1 {
		return false
	}
	slot, new := e.cache.add(e.have, r)
	if t.past[0] != int16(slot+1) {
		t.past[0], t.past[1] = int16(slot+1), t.past[0]
	}
	return new
}

// recall looks for the wanted pixels of a located tile in the cache: those that
// are missing in what the tile once was, or all in any slot. What it finds is good
// for this frame.
func (e *Encoder) recall(i int) bool {
	t, r := &e.tiles[i], e.grid.run(i, 1)
	if t.missed {
		return false
	}
	for _, p := range t.past {
		if p > 0 && e.cache.holds(e.want, t.box, int(p-1)) {
			t.kind, t.slot, t.known = kindCache, int(p-1), true
			if area(t.box) >= minChange && e.cache.holds(e.want, r, t.slot) {
				t.box = r // whole tiles join in one op
			}
			return true
		}
	}
	if area(t.box) >= minChange {
		if slot, ok := e.cache.find(e.want, r); ok {
			t.kind, t.slot, t.box, t.known = kindCache, slot, r, true
			return true
		}
	}
	if t.missed = true; t.kind == kindCache {
		t.known = false
	}
	return false
}
