package codec

import "image"

// WAVE: a picture coarsely, by the 5/3 wavelet of JPEG 2000, quantised by shifts. What
// moves is said as how it differs from what the viewer shows.
//
// The pixels that WAVEs set appear when the frame has ended; until then all of them see
// the picture as it is without them.
//
// The box is cut into blocks of 128 x 128 pixels from its upper left corner, from
// left to right and top to bottom; the last ones may be smaller. A block of h rows is
// split L times: 5 times if h > 64, 4 if h > 32, else 3. Its height is made 4 << L and
// its width a multiple of 1 << L by pixels that are of no account. It has three
// planes: brightness Y and the colours Co and Cg, these of half the width and height
// and split L - 1 times.
//
// Split number l of a plane, at first 0, works on the coefficients at multiples of
// 1 << l in both directions, rows first, then columns. For a line a0 a1 a2 … of them,
// all divisions rounding down and the line mirrored at its ends (a[-1] is a1, a[n] is
// a[n-2], n being even), first all odd ones, then the even ones:
//
//	rows:     a1 -= (a0 + a2) / 2        a2 += (a1 + a3 + 1) / 4
//	columns:  a1 -= (a0 + a2 + 1) / 2    a2 += (a1 + a3 + 2) / 4
//
// The slice names a quality (uint8, 0 … 27; see qualities), then come bits as in bins.go
// with the chances of coefs.go and predict.go, all new in each slice. Of each block: its
// hint (predict.go), then Y, Co, Cg; of each plane the band that is left, then from the
// last split to the first those that were odd in rows, in columns, in both. A coefficient
// v is sent as q = |v| >> shift and its sign, or as less than that, and read as
// (q << shift) + (3 << shift) / 8 with that sign, or 0 if q is 0. The shift is the
// logarithm of step / norm, rounded, at least 0: norms has the second; the first is that of the
// quality, half of it for the band that is left; for colours 4 times that and the norm of
// the split after, as their planes are half as large.
//
// A pixel is t = Y - Cg / 2, green = t + Cg, blue = t - (Co + 1) / 2, red = blue + Co; to
// each 128 is added, or what was predicted, and then it is limited to 0 … 255. If
// all of a block's q are 0, it is what was predicted. The colours of four pixels are a mean in
// their middle: first between rows, (3 a + b + 1) / 4 of the nearer a and the other b,
// then between columns, (3 a + b + 2) / 4; at the edges of the padded block b is a.

// wave has the room to code one WAVE slice.
type wave struct {
	block block
	bands [3][2]bandRoom // by in which directions they were split; of this split and the one before
	none  bandRoom       // what is before the first split
	model model
	hints hints
	edge  [3][blockMax]int16 // the last column of the lowest band of the block before
	rows  [2][partSide + 1]uint32
}

func (w *wave) start() {
	w.model.reset()
	w.hints.reset()
	clear(w.edge[:])
	if w.none.at == nil {
		w.none.shape(blockMax/8, blockMax/8)
		w.none.rows = 0
	}
}

// room returns where band i of a plane goes, and where the one of the split before is.
func (w *wave) room(i int) (r, older *bandRoom) {
	switch level, split := (i-1)/3, (i-1)%3; {
	case i == 0:
		return &w.bands[0][0], &w.none
	case level == 0:
		return &w.bands[split][0], &w.none
	default:
		return &w.bands[split][level%2], &w.bands[split][1-level%2]
	}
}

func (b *block) planes() [3]*strips { return [3]*strips{&b.y, &b.co, &b.cg} }

// transform fills coefs, of paddedWords(box), with the coefficients of p's pixels. Of
// those blocks that hints says are predicted, it puts the prediction into next and
// takes what p differs from that.
func (w *wave) transform(coefs []uint64, p, old, next *Picture, box image.Rectangle, hints []hint) {
	blocksOf(box, func(r image.Rectangle) {
		coefs = w.block.shape(r.Dx(), r.Dy(), coefs)
		var from *Picture
		if h := &hints[0]; h.predicted {
			w.predict(next, old, r, h)
			from = next
		}
		w.block.load(p, from, r)
		hints = hints[1:]
		for _, s := range w.block.planes() {
			s.forward()
		}
	})
}

// predict sets next's pixels in the block r to what h says of old's.
func (w *wave) predict(next, old *Picture, r image.Rectangle, h *hint) {
	partsOf(r, func(i int, part image.Rectangle) { next.shift(old, part, h.from[i], &w.rows) })
}

// append appends a slice. coefs and hints become what rebuild needs.
func (w *wave) append(dst []byte, coefs []uint64, box image.Rectangle, hints []hint, q int) []byte {
	w.start()
	var out binWriter
	out.start(append(dst, byte(q)))
	blocksOf(box, func(r image.Rectangle) {
		coefs = w.block.shape(r.Dx(), r.Dy(), coefs)
		h := &hints[0]
		hints = hints[1:]
		w.turn(h.predicted)
		w.hints.write(&out, h, r)
		for i, s := range w.block.planes() {
			h.some[i] = w.appendPlane(&out, s, i, q, h.predicted)
		}
	})
	return out.finish()
}

// rebuild makes p's pixels inside box what the viewer shows after a slice that append has
// made. next has what was predicted.
func (w *wave) rebuild(p, next *Picture, coefs []uint64, box image.Rectangle, hints []hint) {
	blocksOf(box, func(r image.Rectangle) {
		coefs = w.block.shape(r.Dx(), r.Dy(), coefs)
		h := &hints[0]
		hints = hints[1:]
		w.store(p, next, r, h)
	})
}

// turn forgets the edge of the block before if that was not predicted and this one is, or
// the other way round.
func (w *wave) turn(predicted bool) {
	if w.hints.last.predicted != predicted {
		clear(w.edge[:])
	}
}

// appendPlane appends a plane and makes of its coefficients what they will be read as.
// some: the bands that are not all zero.
func (w *wave) appendPlane(out *binWriter, s *strips, plane, q int, predicted bool) (some bandSet) {
	for i := range 1 + 3*s.levels {
		b := bandAt(s.levels, i)
		shift := b.shift(q, plane > 0)
		r, older := w.room(i)
		if r.quantise(s, b, shift, predicted) {
			some |= 1 << i
		}
		if i == 0 {
			r.flatten(w.edge[plane][:])
		}
		w.model.write(out, r, older)
	}
	return some
}

// store sets p's pixels in the block r from the coefficients and from next, which has what
// was predicted.
func (w *wave) store(p, next *Picture, r image.Rectangle, h *hint) {
	for i, s := range w.block.planes() {
		if h.some[i] != 0 {
			s.inverse(h.some[i])
		}
	}
	switch {
	case !h.predicted:
		w.block.store(p, nil, r, &h.some)
	case h.some != [3]bandSet{}:
		w.block.store(p, next, r, &h.some)
	case p != next:
		copyPixels(p, next, r)
	}
}

// read sets next's pixels inside box from the slice b and old, which is what the viewer
// sees.
func (w *wave) read(b []byte, old, next *Picture, box image.Rectangle) error {
	if len(b) == 0 || int(b[0]) >= len(qualities) {
		return badFrame("wave slice without a quality")
	}
	q, b := int(b[0]), b[1:]
	w.start()
	var in binReader
	in.start(b)
	ok := true
	blocksOf(box, func(r image.Rectangle) { ok = ok && w.readBlock(&in, q, old, next, r) })
	if !ok || !in.whole() {
		return badFrame("wave slice of %d bytes does not end with its last block", len(b))
	}
	return nil
}

func (w *wave) readBlock(in *binReader, q int, old, next *Picture, r image.Rectangle) bool {
	was := w.hints.last.predicted
	h := w.hints.read(in, r)
	if h.predicted != was {
		clear(w.edge[:])
	}
	if h.predicted {
		w.predict(next, old, r, &h)
	}
	w.block.shape(r.Dx(), r.Dy(), w.block.room[:])
	for i, s := range w.block.planes() {
		var ok bool
		if h.some[i], ok = w.readPlane(in, s, i, q); !ok {
			return false
		}
	}
	w.store(next, next, r, &h)
	return true
}

// readPlane reads a plane. some: the bands that are not all zero.
func (w *wave) readPlane(in *binReader, s *strips, plane, q int) (some bandSet, ok bool) {
	for i := range 1 + 3*s.levels {
		b := bandAt(s.levels, i)
		rows, cols := b.size(s)
		r, older := w.room(i)
		r.shape(4*rows, cols)
		if !w.model.read(in, r, older) {
			return 0, false
		}
		if i == 0 {
			r.raise(w.edge[plane][:])
		}
		if r.restore(s, b, b.shift(q, plane > 0)) {
			some |= 1 << i
		}
	}
	return some, true
}
