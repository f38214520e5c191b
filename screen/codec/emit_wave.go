package codec

import (
	"encoding/binary"
	"image"
	"math"
)

// waveRun is a rectangle of tiles that one WAVE says: n tiles from first on and,
// if it is tall, those below.
type waveRun struct {
	first, n int
	tall     bool
	box      image.Rectangle
	hints    []hint // by block
	coefs    []uint64
	lengths  lengths
	slice    []byte
}

const (
	fair     = 12   // the quality that pictures should not be below
	wideRun  = 16   // tiles side by side in a WAVE
	waveFill = 0.9  // of the budget that the prediction may take: it errs by some percent
	guess    = 0.25 // bytes a pixel that no photograph is below in EXACT
)

// appendPictures appends the pictures in e.pics: exactly if that fits the budget,
// of which spent bytes are gone, else those that may be coarse coarsely.
func (e *Encoder) appendPictures(dst []byte, limit, spent int) []byte {
	first := len(dst)
	exact, coarse := e.pics, []int(nil)
	if e.line.Budget > 0 {
		budget := max(e.line.Budget-spent, e.line.Budget/4)
		if exact, coarse = e.divide(budget); len(coarse) > 0 {
			dst = e.appendExact(dst, exact, limit)
			return e.appendWaves(dst, coarse, limit, max(budget-(len(dst)-first), e.line.Budget/4))
		}
	}
	return e.appendExact(dst, exact, limit)
}

// divide returns the pictures that are to be exact and those that are to be coarse
// so that all take about budget bytes.
func (e *Encoder) divide(budget int) (exact, coarse []int) {
	if len(e.ripe) > 0 || e.grid.w < tileSide || e.grid.h < tileSide { // in a sliver, blocks are nearly all padding
		return e.pics, nil
	}
	e.exact, e.coarse = e.exact[:0], e.coarse[:0]
	pixels := 0
	for _, i := range e.pics {
		t := &e.tiles[i]
		if t.many && area(t.box) >= leastWave {
			e.coarse = append(e.coarse, i)
			pixels += area(t.box)
		} else {
			e.exact = append(e.exact, i)
		}
	}
	if int(guess*float64(pixels)) > budget {
		return e.exact, e.coarse
	}
	bytes := 0
	for _, i := range e.coarse {
		bytes += e.estimate(e.want, e.tiles[i].box)
	}
	if bytes <= budget {
		return e.pics, nil
	}
	return e.exact, e.coarse
}

// estimate predicts about how many bytes p's pixels inside box take by EXACT, from
// one row in eight.
func (e *Encoder) estimate(p *Picture, box image.Rectangle) (n int) {
	work := &e.workers[0].planes
	work.start(box.Dx())
	for y := box.Min.Y + bandRows/2; y < box.Max.Y; y += bandRows {
		work.predict(p.Row(y - 1)[box.Min.X:box.Max.X])
		work.predict(p.Row(y)[box.Min.X:box.Max.X])
		n += work.weigh()
	}
	return n
}

// plan fills e.waves with rectangles of the given tiles, first the tall ones.
func (e *Encoder) plan(tiles []int) {
	e.waves.n = 0
	for _, i := range tiles {
		e.tiles[i].wave = true
	}
	for _, i := range tiles {
		if below := i + e.grid.cols; i/e.grid.cols%2 == 0 && below < len(e.tiles) && e.tiles[i].wave && e.tiles[below].wave {
			both := e.tiles[i].box.Union(e.tiles[below].box)
			if area(both) == area(e.tiles[i].box)+area(e.tiles[below].box) {
				e.tiles[i].wave, e.tiles[below].wave = false, false
				e.waves.add(i, true, both)
			}
		}
	}
	e.waves.tall = e.waves.n
	for _, i := range tiles {
		if e.tiles[i].wave {
			e.tiles[i].wave = false
			e.waves.add(i, false, e.tiles[i].box)
		}
	}
}

// waveRuns is a list of runs that keeps its room.
type waveRuns struct {
	at      []waveRun
	n, tall int     // runs; those of them that are tall come first
	q       int     // their quality
	err     float64 // logarithm of how much more than expected predicted blocks take
}

// bytes is what is expected of runs at quality index q.
func (w *waveRuns) bytes(l *lengths, q int) float64 {
	alone, predicted := l.bytes(q)
	return alone + predicted*math.Exp(w.err)
}

// learn compares what runs take with what was expected. How much of a prediction's error
// is grain, which lies just below the steps, differs from film to film.
func (w *waveRuns) learn(runs []waveRun) {
	alone, predicted, n := 0.0, 0.0, 0.0
	for i := range runs {
		a, p := runs[i].lengths.bytes(w.q)
		alone, predicted, n = alone+a, predicted+p, n+float64(len(runs[i].slice))
	}
	if predicted < alone || predicted < 100 {
		return
	}
	w.err += (math.Log(max(n-alone, predicted/8)/predicted) - w.err) / 2
	w.err = max(-1.5, min(w.err, 0.5))
}

// add adds a tile, or two of them, to the last run or to a new one.
func (w *waveRuns) add(i int, tall bool, box image.Rectangle) {
	if w.n > 0 {
		last := &w.at[w.n-1]
		both := last.box.Union(box)
		if last.tall == tall && last.n < wideRun && i == last.first+last.n && box.Min.X == last.box.Max.X && area(both) == area(last.box)+area(box) {
			last.n++
			last.box = both
			return
		}
	}
	if w.n == len(w.at) {
		w.at = append(w.at, waveRun{})
	}
	r := &w.at[w.n]
	r.first, r.n, r.tall, r.box = i, 1, tall, box
	w.n++
}

// appendWaves appends chunks with the given tiles, coarse enough to take about
// budget bytes in all, until limit.
func (e *Encoder) appendWaves(dst []byte, tiles []int, limit, budget int) []byte {
	if len(dst) >= limit && len(e.text)+len(e.exact) > 0 {
		return dst
	}
	e.mirror()
	e.plan(tiles)
	runs := e.within(e.waves.at[:e.waves.n])
	e.crew.each(len(e.workers), len(runs), (*Encoder).transform)
	q := e.fit(runs, float64(budget)*waveFill)
	if q > fair {
		q = max(min(q, e.fit(runs, float64(e.line.Most)*waveFill)), fair)
	}
	n, left := 0, float64(max(limit-len(dst), e.line.Most))
	for n < len(runs) && (n == 0 || left > 0) {
		left -= e.waves.bytes(&runs[n].lengths, q)
		n++
	}
	runs = runs[:n]
	e.waves.q = q
	e.crew.each(len(e.workers), n, (*Encoder).code)
	e.late = n
	e.waves.learn(runs)
	tall := min(n, e.waves.tall)
	return e.appendWaveChunk(e.appendWaveChunk(dst, runs[:tall]), runs[tall:])
}

// within returns the runs at the start that may be in one frame: where they are many
// slivers, their blocks have more pixels than the decoder allows.
func (e *Encoder) within(runs []waveRun) []waveRun {
	left := 2 * e.grid.w * e.grid.h
	for i := range runs {
		if left -= paddedArea(runs[i].box); left < 0 && i > 0 {
			return runs[:i]
		}
	}
	return runs
}

func (e *Encoder) transform(worker, i int) {
	r, w := &e.waves.at[i], &e.workers[worker].wave
	e.seek(r)
	r.transform(w, e.want, e.shown, e.next)
}

func (e *Encoder) code(worker, i int) {
	e.waves.at[i].code(&e.workers[worker].wave, e.waves.q)
}

// settle makes e.shown what the viewer shows of the last WAVEs: that is not needed for a
// picture that nothing follows, and later than the picture itself.
func (e *Encoder) settle() {
	if e.late > 0 {
		e.crew.each(len(e.workers), e.late, (*Encoder).rebuild)
		e.late = 0
	}
}

func (e *Encoder) rebuild(worker, i int) {
	r := &e.waves.at[i]
	e.workers[worker].wave.rebuild(e.shown, e.next, r.coefs, r.box, r.hints)
}

func (r *waveRun) transform(w *wave, pic, shown, next *Picture) {
	n := paddedWords(r.box)
	if cap(r.coefs) < n {
		r.coefs = make([]uint64, n)
	}
	r.coefs = r.coefs[:n]
	w.transform(r.coefs, pic, shown, next, r.box, r.hints)
	r.lengths = lengths{}
	w.measure(&r.lengths, r.coefs, r.box, r.hints)
}

func (r *waveRun) code(w *wave, q int) {
	r.slice = w.append(r.slice[:0], r.coefs, r.box, r.hints, q)
}

// mirror makes e.shown what the viewer shows.
func (e *Encoder) mirror() {
	if e.settle(); e.mirrored {
		return
	}
	e.mirrored = true
	if e.shown == nil || e.shown.W != e.want.W || e.shown.H != e.want.H {
		e.shown, e.next = NewPicture(e.want.W, e.want.H), NewPicture(e.want.W, e.want.H)
	}
	copyPixels(e.shown, e.have, e.have.Bounds())
}

// fit returns the finest quality at which the runs are predicted to take at most
// budget bytes; the coarsest if there is none.
func (e *Encoder) fit(runs []waveRun, budget float64) (q int) {
	e.sum = lengths{}
	for i := range runs {
		e.sum.add(&runs[i].lengths)
	}
	for q = 0; q < len(qualities)-1 && e.waves.bytes(&e.sum, q) > budget; q++ {
	}
	return q
}

// appendWaveChunk appends a chunk with the runs, if there are any.
func (e *Encoder) appendWaveChunk(dst []byte, runs []waveRun) []byte {
	if len(runs) == 0 {
		return dst
	}
	e.startChunk()
	c := &e.chunk
	for i := range runs {
		r := &runs[i]
		head, full := byte(kindWave), e.grid.run(r.first, r.n)
		if r.tall {
			head, full = head|opTall, e.grid.tall(r.first, r.n)
		}
		c.ops = appendRun(c.ops, head, r.first-c.at, r.n, full, r.box)
		c.ops = binary.AppendUvarint(c.ops, uint64(len(r.slice)))
		c.at = r.first + r.n
		e.sentCoarse(r.first, r.n, r.box)
		if r.tall {
			e.sentCoarse(r.first+e.grid.cols, r.n, r.box)
		}
	}
	dst = e.endChunk(dst)
	for i := range runs {
		dst = append(dst, runs[i].slice...)
	}
	return dst
}

// sentCoarse records that the viewer has the pixels of n tiles inside box coarsely.
func (e *Encoder) sentCoarse(first, n int, box image.Rectangle) {
	e.has(first, n, box.Intersect(e.grid.run(first, n)))
	for i := range n {
		e.roughen(first+i, box)
	}
}
