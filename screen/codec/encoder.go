package codec

import (
	"image"
	"runtime"
	"time"

	"github.com/pierrec/lz4/v4"
)

// Encoder makes the frames for one viewer. It is used by one goroutine at a time.
type Encoder struct {
	grid     grid
	have     *Picture // what the viewer shows once it has decoded all frames so far
	want     *Picture // what it should show
	shown    *Picture // what it does show, if mirrored; else that is have
	next     *Picture // what it will show of the frame that is made
	mirrored bool
	late     int // WAVEs that are not in shown yet, the first of waves
	tiles    []tile
	pending  int  // tiles that are pending
	reset    bool // the next frame tells the viewer to forget everything
	forget   bool // … or all but the picture
	fresh    bool // Update has brought something since the last search for moves
	picture  kind // how pictures are said
	line     Line

	clock func() time.Time
	start time.Time
	now   time.Duration // of this frame, since start

	words   wordCoder
	cache   cacheIndex
	other   recolouring // of the viewer, and of the run that is joined
	choices []byte      // scratch
	rough   int         // tiles that are coarse at the viewer
	text    []int       // pending tiles by what they are, in raster order
	pics    []int
	exact   []int // of pics, what is to be exact
	coarse  []int // … and what is not
	ripe    []int // pending only to become exact
	moved   []image.Rectangle
	waves   waveRuns
	sum     lengths
	workers []coder
	crew    *crew[Encoder]
	visit   func(e *Encoder, c *coder, i int)
	source  *Picture // of Update
	dirty   image.Rectangle
	mover   mover
	chunk   chunk
	shrinks float64 // how many times smaller the last chunks of text have become
	turn    int     // the tile with which text goes on where not all fits
	lz      lz4.Compressor
	packer  packer // for thin lines
	trial   trial
	few     []int // of weigh, and how they would be said without it
	plain   []tile
	scratch []byte
}

// NewEncoder returns an Encoder that must be Reset before it is used.
func NewEncoder() *Encoder {
	workers := min(runtime.GOMAXPROCS(0), maxWorkers)
	e := &Encoder{workers: make([]coder, workers), picture: kindExact, shrinks: 1, clock: time.Now, start: time.Now()}
	e.crew, e.mover.crew = newCrew(e, workers), newCrew(&e.mover, workers)
	return e
}

// maxWorkers bounds how many slices are coded at once: capture and the viewer's
// own decoder want the other cores.
const maxWorkers = 4

// Reset starts anew with a picture of w x h pixels, which must be within
// Decoder.Reset's bounds: both sides forget everything and the viewer's picture
// becomes black. The next frame carries the news.
func (e *Encoder) Reset(w, h int) {
	e.grid = newGrid(w, h)
	e.have, e.want = e.have.blank(w, h), e.want.blank(w, h)
	e.tiles = make([]tile, e.grid.cols*e.grid.rows)
	e.pending, e.rough, e.late, e.reset, e.forget, e.fresh, e.mirrored = 0, 0, 0, true, false, false, false
	e.words.reset()
	e.cache.reset()
	e.other.cut(0)
	e.packer.reset()
	e.mover.forget()
}

// fastLine is the speed in bytes a second from which on BITS is quicker than
// EXACT. A photograph's pixel takes 0.3 bytes more in BITS and 32 ns less of
// processor time, both ends together, measured on one core of an EPYC at 2.6 GHz
// nominal. The pixels as they are (3 bytes) would win above 250 MB/s only, which
// is what an encrypted stream reaches at best.
const fastLine = 9e6

// Pending says whether there is something that the viewer does not have yet.
func (e *Encoder) Pending() bool { return e.reset || e.pending > 0 }

// maxFrame is what Append aims to stay below, whatever the limit; with the last
// chunk's worst case it is below the stream's 8 MiB.
const maxFrame = 7 << 20

// Append appends one frame with the newest pixels to dst and returns it. Once
// about limit bytes are reached, give or take a tile (12 KiB), the rest stays
// pending; at least one tile is sent. exact says that the viewer's picture is
// equal: nothing is pending any more and nothing coarse. Cheap tiles, which are
// text and plain areas, go before pictures. If nothing is pending, what is coarse
// and has been at rest becomes exact.
func (e *Encoder) Append(dst []byte, limit int) (frame []byte, exact bool) {
	limit = len(dst) + min(max(limit, 0), maxFrame)
	flags := byte(0)
	switch {
	case e.reset:
		flags = frameReset
	case e.forget:
		flags = frameForget
	}
	e.reset, e.forget = false, false
	dst = append(dst, flags)
	e.now = e.clock().Sub(e.start)
	start := len(dst)
	e.refine(limit - start)
	e.locate()
	dst = e.appendKeeps(dst)
	copies := e.search()
	e.sort()
	dst = e.appendCopies(dst, copies)
	e.weigh(limit - len(dst))
	dst = e.appendText(dst, limit)
	dst = e.appendPictures(dst, limit, len(dst)-start)
	e.unrefine()
	if e.rough == 0 {
		e.mirrored, e.late = false, 0
	}
	return dst, e.pending == 0 && e.rough == 0
}

// sort finds out how each pending tile is to be said.
func (e *Encoder) sort() {
	e.text, e.pics = e.text[:0], e.pics[:0]
	if e.pending == 0 {
		return
	}
	e.eachPending(fewChosen, (*Encoder).choose)
	for i := range e.tiles {
		switch t := &e.tiles[i]; {
		case !t.pending:
		case t.kind.planar():
			e.pics = append(e.pics, i)
		default:
			e.text = append(e.text, i)
		}
	}
}

const (
	// fewChosen is how many tiles are chosen sooner than another core is awake,
	// fewCompared how many are compared.
	fewChosen   = 24
	fewCompared = worthSharing / (tileSide * tileSide)
)

// eachPending calls f for all pending tiles, for several at the same time where
// there are at least many.
func (e *Encoder) eachPending(many int, visit func(e *Encoder, c *coder, i int)) {
	workers := len(e.workers)
	if e.pending < many {
		workers = 1
	}
	e.visit = visit
	e.crew.each(workers, e.grid.rows, (*Encoder).visitRow)
}

func (e *Encoder) visitRow(worker, row int) {
	for i := row * e.grid.cols; i < (row+1)*e.grid.cols; i++ {
		if e.tiles[i].pending {
			e.visit(e, &e.workers[worker], i)
		}
	}
}

func (e *Encoder) done(i int) {
	e.tiles[i].pending = false
	e.pending--
}

// sent records that the viewer has the pixels inside box, which are those of n
// tiles from first on.
func (e *Encoder) sent(first, n int, box image.Rectangle) {
	if e.settle(); e.mirrored {
		copyPixels(e.shown, e.want, box)
	}
	e.has(first, n, box)
}

// has is sent but for what the viewer shows.
func (e *Encoder) has(first, n int, box image.Rectangle) {
	copyPixels(e.have, e.want, box)
	for i := range n {
		e.tiles[first+i].shown, e.tiles[first+i].kept = e.now, false
		e.smooth(first+i, box)
		e.done(first + i)
	}
}

// blank returns a black picture: p itself if it has the size.
func (p *Picture) blank(w, h int) *Picture {
	if p == nil || p.W != w || p.H != h {
		return NewPicture(w, h)
	}
	clear(p.Pix)
	return p
}
