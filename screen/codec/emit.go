package codec

import (
	"encoding/binary"
	"image"
	"slices"

	"github.com/pierrec/lz4/v4"
)

const (
	worstText = 22 << 10  // bytes that no tile exceeds in WORDS: 512 times an id, 8 colour ids, 8 colours
	worstPic  = 14 << 10  // nor as a picture: see slice
	longRun   = 32        // tiles in one op: what a slice's worker and the band order of WORDS gain from
	fullChunk = 256 << 10 // raw bytes, of which the next block may refer to 64 KiB: ids and new words
	fastChunk = 768 << 10 // where blocks stand alone, the larger, the better they pack …
	thinLine  = 5e6       // bytes a second, 40 Mbit/s

	// mostShrunk bounds how much smaller than it is a chunk is expected to become.
	mostShrunk = 4
)

// chunk is a part of a frame while it is made.
type chunk struct {
	ops, pack []byte
	at        int    // the first tile after the last op
	raw, lz   []byte // scratch
	runs      []run
	said      []run  // by appendTextOp
	slices    []byte // EXACT, BITS
}

// run is some tiles in a row that are said by one op.
type run struct {
	first, n int
	kind     kind
	box      image.Rectangle
	slice    []byte // EXACT, BITS
	anew     bool   // RECOLOUR: the viewer is to forget the shades that it has
	colours  int    // PACK
	cols     [4]uint32
}

// appendText appends chunks with the tiles in e.text until limit.
func (e *Encoder) appendText(dst []byte, limit int) []byte {
	room := limit - len(dst)
	e.order(room)
	for todo := e.text; len(todo) > 0 && e.more(dst, limit, room); {
		todo = e.compose(todo, limit-len(dst))
		if len(todo) > 0 {
			e.turn = todo[0]
		}
		before := len(dst)
		dst = e.endChunk(dst)
		e.shrinks += (min(float64(len(e.chunk.raw))/float64(len(dst)-before), mostShrunk) - e.shrinks) / 4
		for _, r := range e.chunk.said {
			e.sent(r.first, r.n, r.box)
		}
	}
	return dst
}

// full returns how many raw bytes a chunk may have where there is room for so many
// packed ones.
func (e *Encoder) full(room int) int {
	if e.line.Rate < thinLine {
		return fullChunk
	}
	return min(max(room, fullChunk), fastChunk) // … but it may not pack at all
}

// compose makes a chunk with the tiles at the start of todo that have room, and returns
// the others.
func (e *Encoder) compose(todo []int, room int) []int {
	e.startChunk()
	for len(todo) > 0 && todo[0] >= e.chunk.at {
		left := min(int(float64(room)*e.shrinks), e.full(room)) - e.rawSize()
		if left <= 0 && len(e.chunk.ops) > 0 {
			break
		}
		r := e.join(todo, min(max(left/worst(e.tiles[todo[0]].kind), 1), longRun))
		e.appendTextOp(r)
		todo = todo[r.n:]
	}
	return todo
}

// worst is how many bytes of a chunk no tile of kind k exceeds.
func worst(k kind) int {
	if k == kindWords {
		return worstText
	}
	return 2*tileSide*tileSide/bandRows + 16 // PACK; the others take less
}

// appendCopies appends a chunk with moves, if there are any.
func (e *Encoder) appendCopies(dst []byte, copies []op) []byte {
	if len(copies) == 0 {
		return dst
	}
	e.startChunk()
	for _, o := range copies {
		e.chunk.ops = appendCopy(e.chunk.ops, o)
	}
	return e.endChunk(dst)
}

// more says whether another chunk is worth its while: always the first one of a
// frame, else if an eighth of the room is left.
func (e *Encoder) more(dst []byte, limit, room int) bool {
	left := limit - len(dst)
	return left == room || left > max(room/8, 64)
}

func (e *Encoder) startChunk() {
	c := &e.chunk
	c.ops, c.pack, c.said, c.slices, c.at = c.ops[:0], c.pack[:0], c.said[:0], c.slices[:0], 0
	e.words.clear()
}

func (e *Encoder) rawSize() int { return len(e.chunk.ops) + len(e.chunk.pack) + e.words.size() }

// join returns the longest run of tiles at the start of todo, at most n of them,
// that one op can say.
func (e *Encoder) join(todo []int, n int) run {
	t := &e.tiles[todo[0]]
	r := run{first: todo[0], n: 1, kind: t.kind, box: t.box, colours: t.n, cols: t.cols}
	sum := area(t.box)
	if r.kind == kindRecolour {
		e.begin(&r)
	}
	for r.n < min(n, len(todo)) && todo[r.n] == r.first+r.n && todo[r.n]%e.grid.cols != 0 {
		next := &e.tiles[todo[r.n]]
		both := r.box.Union(next.box)
		if next.kind != r.kind || !e.joins(t, next, &r, both, sum+area(next.box)) {
			break
		}
		sum += area(next.box)
		r.box = both
		r.n++
	}
	return r
}

// joins says whether next may be added to the run r that starts with t.
func (e *Encoder) joins(t, next *tile, r *run, both image.Rectangle, sum int) bool {
	if 4*area(both) > 5*sum {
		return false // much of it would be sent for nothing
	}
	switch r.kind {
	case kindFill:
		return area(both) == sum && next.cols[0] == t.cols[0]
	case kindCache:
		return next.slot == t.slot+r.n && area(both) == sum
	case kindPack:
		return area(both) == sum && r.mergeColours(next)
	case kindRecolour:
		return area(both) == sum && e.other.learn(e.have, e.want, next.box)
	}
	return true
}

// mergeColours adds those of t to r's if that needs no more bits for either.
func (r *run) mergeColours(t *tile) bool {
	n, cols := r.colours, r.cols
	for _, c := range t.cols[:t.n] {
		if contains(&cols, n, c) {
			continue
		}
		if n == len(cols) {
			return false
		}
		cols[n] = c
		n++
	}
	if packBytes(n) != packBytes(r.colours) || packBytes(n) != packBytes(t.n) {
		return false
	}
	r.colours, r.cols = n, cols
	return true
}

// appendTextOp appends one op to the chunk.
func (e *Encoder) appendTextOp(r run) {
	c, t := &e.chunk, &e.tiles[r.first]
	c.ops = e.grid.appendPlace(c.ops, r.kind, r.first-c.at, r.first, r.n, r.box)
	c.at = r.first + r.n
	switch r.kind {
	case kindFill:
		c.ops = appendColour(c.ops, t.cols[0])
	case kindPack:
		c.ops = append(c.ops, byte(r.colours))
		for _, v := range r.cols[:r.colours] {
			c.ops = appendColour(c.ops, v)
		}
		c.pack = appendPack(c.pack, e.want, r.box, r.colours, &r.cols)
	case kindCache:
		c.ops = append(c.ops, byte(t.slot), byte(t.slot>>8))
	case kindRecolour:
		c.ops = e.appendRecolour(c.ops, &r)
	case kindWords:
		e.words.encode(e.want, r.box)
	case kindExact, kindBits:
		before := len(c.slices)
		c.slices = e.workers[0].append(c.slices, r.kind, e.want, r.box)
		c.ops = binary.AppendUvarint(c.ops, uint64(len(c.slices)-before))
	}
	c.said = append(c.said, r)
}

// endChunk appends the chunk without its slices.
func (e *Encoder) endChunk(dst []byte) []byte {
	c := &e.chunk
	c.raw = binary.AppendUvarint(c.raw[:0], uint64(len(c.ops)))
	for _, part := range [...][]byte{c.ops, c.pack, e.words.ids, e.words.fresh, e.words.pal} {
		c.raw = append(c.raw, part...)
	}
	dst = binary.AppendUvarint(dst, uint64(len(c.raw)))
	c.lz = e.compress(c.lz[:0], c.raw)
	if n := len(c.lz); n > 0 && n < len(c.raw) {
		dst = append(binary.AppendUvarint(dst, uint64(n)), c.lz...)
	} else {
		dst = append(append(dst, 0), c.raw...)
	}
	return append(dst, c.slices...)
}

// compress appends raw, packed, to dst; nothing where that is known not to pay. On a
// thin line a better search is worth its time.
func (e *Encoder) compress(dst, raw []byte) []byte {
	if e.line.Rate < thinLine {
		return e.packer.pack(dst, raw)
	}
	e.packer.add(raw)
	if len(raw) <= 32 { // nothing shorter has shrunk
		return dst
	}
	dst = slices.Grow(dst, lz4.CompressBlockBound(len(raw)))
	n, _ := e.lz.CompressBlock(raw, dst[:cap(dst)])
	return dst[:n]
}

// appendExact appends chunks with the tiles in todo, which are pictures, until limit.
func (e *Encoder) appendExact(dst []byte, todo []int, limit int) []byte {
	room := limit - len(dst)
	first := len(e.text) == 0
	for ; len(todo) > 0 && (first || limit-len(dst) > max(room/8, 64)); first = false {
		n := min(max((limit-len(dst))/worstPic, 1), len(todo))
		if len(e.ripe) > 0 {
			n = len(todo) // as many as were estimated to fit
		}
		dst = e.appendSlices(dst, todo[:n])
		todo = todo[n:]
	}
	return dst
}

// appendSlices appends a chunk with the given tiles.
func (e *Encoder) appendSlices(dst []byte, todo []int) []byte {
	c := &e.chunk
	n := 0
	for len(todo) > 0 {
		if n == len(c.runs) {
			c.runs = append(c.runs, run{})
		}
		r := e.join(todo, longRun)
		r.slice = c.runs[n].slice[:0]
		c.runs[n] = r
		n++
		todo = todo[r.n:]
	}
	runs := c.runs[:n]
	e.crew.each(len(e.workers), n, (*Encoder).slice)
	e.startChunk()
	for _, r := range runs {
		c.ops = e.grid.appendPlace(c.ops, r.kind, r.first-c.at, r.first, r.n, r.box)
		c.ops = binary.AppendUvarint(c.ops, uint64(len(r.slice)))
		c.at = r.first + r.n
		e.sent(r.first, r.n, r.box)
	}
	dst = e.endChunk(dst)
	for _, r := range runs {
		dst = append(dst, r.slice...)
	}
	return dst
}

// worthFit says whether FIT may say r sooner than EXACT, which takes r.slice. While a
// picture becomes exact, one message is made as the line carries the one before, so it
// is enough not to be slower than the line; what is new waits for both.
func (e *Encoder) worthFit(r *run) bool {
	onLine := float64(len(r.slice)) / e.line.Rate
	if len(e.ripe) == 0 {
		onLine *= fitSaves
	}
	return e.picture == kindFit && onLine > fitTime*float64(area(r.box))
}

// fitted makes an EXACT a FIT if that takes fewer bytes. Small or drawn pictures take more.
func (c *coder) fitted(r *run, p *Picture) {
	if c.fit.spare = c.append(c.fit.spare[:0], kindFit, p, r.box); len(c.fit.spare) < len(r.slice) {
		r.kind = kindFit
		r.slice, c.fit.spare = c.fit.spare, r.slice
	}
}

// slice codes the pixels of the chunk's i'th run. Where EXACT takes more than the
// pixels as they are, for noise or where jumps come when its contexts expect none,
// BITS bounds the bytes.
func (e *Encoder) slice(worker, i int) {
	c, r := &e.workers[worker], &e.chunk.runs[i]
	if r.kind = e.picture; r.kind == kindFit {
		r.kind = kindExact
	}
	r.slice = c.append(r.slice[:0], r.kind, e.want, r.box)
	if e.worthFit(r) {
		c.fitted(r, e.want)
	}
	if len(r.slice) > 3*area(r.box) && r.kind == kindExact && r.box.Dx() >= groupLen {
		r.kind = kindBits
		r.slice = c.append(r.slice[:0], r.kind, e.want, r.box)
	}
}
